import { Temporal } from 'temporal-polyfill'
import { sixFields } from './classic.ts'
import type { CronSchedule, Days, Schedule } from './schedule.ts'
import { datesIn } from './schedule.ts'

interface Problem {
  readonly problem: string
}

/** A field of a cron expression: its name, its range, and the names its numbers go by. */
interface Field {
  readonly name: string
  readonly least: number
  readonly most: number
  readonly names?: readonly string[]
}

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const weekdayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

const fields = {
  minutes: { name: 'minute', least: 0, most: 59 },
  hours: { name: 'hour', least: 0, most: 23 },
  dates: { name: 'day of the month', least: 1, most: 31 },
  months: { name: 'month', least: 1, most: 12, names: monthNames },
  weekdays: { name: 'day of the week', least: 1, most: 7, names: weekdayNames },
  years: { name: 'year', least: 1970, most: 2199 },
} satisfies Record<string, Field>

/** Broadsheet is from 2026: whatever was over by then could not have been meant. What is over since is for `check` to say. */
const firstYear = 2026

/**
 * Reads `cron(minutes hours day-of-month month day-of-week year)`, `rate(value unit)` or `at(yyyy-mm-ddThh:mm:ss)`, or
 * says what is wrong and what would be right. Only what AWS documents for EventBridge Scheduler is accepted
 * (User Guide, "Schedule types"), and nothing that could never run.
 */
export function parseSchedule(text: string): Schedule | Problem {
  const [, word, inside] = /^(cron|rate|at)\((.*)\)$/.exec(text) ?? []
  if (word === 'cron') return parseCron((inside ?? '').trim(), text)
  if (word === 'rate') return parseRate(inside ?? '', text)
  if (word === 'at') return parseAt(inside ?? '')
  const six = sixFields(text.trim())
  if (six !== undefined && !('problem' in parseSchedule(six))) return { problem: `EventBridge needs six fields: ${six}` }
  return { problem: `${shown(text)} is not a schedule; write cron(0 8 ? * MON *), rate(1 day) or at(2026-11-16T08:00:00)` }
}

function parseRate(inside: string, text: string): Schedule | Problem {
  const [, value, unit, plural] = /^(\d{1,6}) (minute|hour|day)(s?)$/.exec(inside) ?? []
  if (value === undefined || unit === undefined) {
    return { problem: `${shown(text)} is not a rate; write rate(15 minutes), rate(1 hour) or rate(7 days)` }
  }
  const count = Number(value)
  if (count === 0) return { problem: 'a rate of 0 never runs; count from 1' }
  const right = count === 1 ? unit : `${unit}s`
  if (right !== `${unit}${plural}`) return { problem: `EventBridge writes this rate(${count} ${right})` }
  return { kind: 'rate', seconds: count * { minute: 60, hour: 3600, day: 86_400 }[unit as 'minute' | 'hour' | 'day'] }
}

function parseAt(inside: string): Schedule | Problem {
  const wrong = { problem: `at(${inside}) is not a time; write at(2026-11-16T08:00:00), without a zone: the report has it` }
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(inside)) return wrong
  try {
    const time = Temporal.PlainDateTime.from(inside, { overflow: 'reject' })
    return time.year < firstYear ? { problem: `at(${inside}) was over long ago` } : { kind: 'at', time }
  } catch (error) {
    if (error instanceof RangeError) return wrong
    throw error
  }
}

function parseCron(inside: string, text: string): Schedule | Problem {
  const parts = inside.split(/\s+/)
  if (parts.length !== 6) {
    const six = sixFields(inside)
    return six === undefined || 'problem' in parseSchedule(six)
      ? {
          problem: `EventBridge needs six fields: minutes hours day-of-month month day-of-week year; ${shown(text)} has ${parts.length}`,
        }
      : { problem: `EventBridge needs six fields: ${six}` }
  }
  const [minute, hour, date, month, weekday, year] = parts as [string, string, string, string, string, string]
  const oneOfThem = (dates: string, weekdays: string) => `cron(${[minute, hour, dates, month, weekdays, year].join(' ')})`
  if (date === '?' && weekday === '?') {
    return { problem: `one of the two days must say which; every day is ${oneOfThem('*', '?')}` }
  }
  if (date !== '?' && weekday !== '?') {
    const right = weekday === '*' ? oneOfThem(date, '?') : date === '*' ? oneOfThem('?', weekday) : undefined
    const remedy = right ?? `${oneOfThem(date, '?')} or ${oneOfThem('?', weekday)}, or two reports`
    return { problem: `one of the two days must be ?: ${remedy}` }
  }
  const minutes = numbersOf(minute, fields.minutes)
  const hours = numbersOf(hour, fields.hours)
  const days = date === '?' ? weekdaysOf(weekday) : datesOf(date)
  const months = numbersOf(month, fields.months)
  const years = numbersOf(year, fields.years)
  for (const read of [minutes, hours, days, months, years]) if ('problem' in read) return read
  const cron = { kind: 'cron', minutes, hours, months, years, days } as CronSchedule
  const problem = neverProblem(cron, { date, month, year })
  return problem === undefined ? cron : { problem }
}

/** Why a schedule that reads well would still never run. */
function neverProblem(cron: CronSchedule, written: { date: string; month: string; year: string }): string | undefined {
  const years = cron.years.filter((year) => year >= firstYear)
  if (years.length === 0) return `year ${written.year} is over; write * for every year`
  for (const year of years) {
    for (const month of cron.months) {
      if (datesIn(cron, Temporal.PlainYearMonth.from({ year, month })).length > 0) return undefined
    }
  }
  const when = written.year === '*' ? '' : ` of ${written.year}`
  return `day ${written.date} of month ${written.month}${when} never comes; L is the last day of a month`
}

function datesOf(text: string): Days | Problem {
  if (text === 'L') return { kind: 'last' }
  const [, near] = /^(\d{1,2})W$/.exec(text) ?? []
  if (near !== undefined) {
    const date = Number(near)
    return date >= 1 && date <= 31 ? { kind: 'nearest', date } : { problem: `there is no day ${near}; W follows 1 to 31` }
  }
  if (/[LW]/.test(text))
    return { problem: `"${text}" is no day of the month; L (the last) and 15W (the weekday next to the 15th) stand alone` }
  const dates = numbersOf(text, fields.dates)
  return 'problem' in dates ? dates : { kind: 'dates', dates }
}

function weekdaysOf(text: string): Days | Problem {
  // AWS counts 1 to 7 from Sunday, Temporal from Monday.
  const iso = (number: number) => (number === 1 ? 7 : number - 1)
  const one = (word: string) => numberOf(word, fields.weekdays)
  if (text === 'L') return { kind: 'weekdays', weekdays: [6] }
  if (text.includes('#')) {
    const [, word, nth] = /^([^#]+)#(\d)$/.exec(text) ?? []
    if (word === undefined || text.includes(','))
      return { problem: `"${text}" is no day of the week; 6#3 is the third Friday, and # stands alone` }
    const weekday = one(word)
    if (typeof weekday !== 'number') return weekday
    if (Number(nth) < 1 || Number(nth) > 5)
      return { problem: `#${nth} never comes: a month has a weekday four or five times; write #1 to #5` }
    return { kind: 'nth', weekday: iso(weekday), nth: Number(nth) }
  }
  const [, last] = /^(.+)L$/.exec(text) ?? []
  if (last !== undefined) {
    const weekday = one(last)
    return typeof weekday === 'number' ? { kind: 'last weekday', weekday: iso(weekday) } : weekday
  }
  if (text.includes('/')) return { problem: `EventBridge knows no steps of weekdays; list them, such as MON,WED,FRI` }
  const weekdays = numbersOf(text, fields.weekdays)
  return 'problem' in weekdays ? weekdays : { kind: 'weekdays', weekdays: weekdays.map(iso).sort((a, b) => a - b) }
}

/** `*`, `5`, `1-5`, `0/15`, `1-30/5`, and lists of these: the numbers, ascending. */
function numbersOf(text: string, field: Field): number[] | Problem {
  const found = new Set<number>()
  for (const part of text.split(',')) {
    const [, range, step] = /^([^/]*)(?:\/(\d{1,4}))?$/.exec(part) ?? []
    if (range === undefined || range === '') return { problem: `"${text}" is no ${field.name}; ${rightOf(field)}` }
    if (range === '?') return { problem: `? stands for a day only; write * for every ${field.name}` }
    if (step !== undefined && Number(step) === 0) return { problem: `"${part}" takes steps of nothing; write ${range}/1 or more` }
    const bounds = boundsOf(range, field, step !== undefined)
    if ('problem' in bounds) return bounds
    for (let number = bounds.first; number <= bounds.last; number += Number(step ?? 1)) found.add(number)
  }
  return [...found].sort((a, b) => a - b)
}

function boundsOf(range: string, field: Field, stepped: boolean): { first: number; last: number } | Problem {
  if (range === '*') return { first: field.least, last: field.most }
  const [from = '', to, more] = range.split('-')
  const first = numberOf(from, field)
  if (typeof first !== 'number') return first
  if (to === undefined) return { first, last: stepped ? field.most : first }
  const last = numberOf(to, field)
  if (typeof last !== 'number') return last
  if (more !== undefined) return { problem: `"${range}" is no ${field.name}; ${rightOf(field)}` }
  return first <= last ? { first, last } : { problem: `${range} goes backwards; write ${wrapped(first, last, field)}` }
}

/** FRI-MON as the two ranges that EventBridge takes. */
function wrapped(first: number, last: number, field: Field): string {
  const word = (number: number) => field.names?.[number - 1] ?? String(number)
  const range = (from: number, to: number) => (from === to ? word(from) : `${word(from)}-${word(to)}`)
  return `${range(field.least, last)},${range(first, field.most)}`
}

function numberOf(word: string, field: Field): number | Problem {
  const named = field.names?.indexOf(word) ?? -1
  if (named !== -1) return named + 1
  const number = /^\d{1,4}$/.test(word) ? Number(word) : Number.NaN
  if (number >= field.least && number <= field.most) return number
  const capital = word.toUpperCase().slice(0, 3)
  if (field.names?.includes(capital)) return { problem: `"${word}" is no ${field.name}; names are three capitals, ${capital}` }
  return { problem: `"${word}" is no ${field.name}; ${rightOf(field)}` }
}

function rightOf({ least, most, names }: Field): string {
  return `write ${least} to ${most}${names === undefined ? '' : ` or ${names[0]} to ${names.at(-1)}`}`
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
