import { Temporal } from 'temporal-polyfill'
import type { Ask } from '../../../../lib/sources/source.ts'
import type { Line } from './folder.ts'
import type { Happening } from './oracle.ts'
import { clockAt, happeningsOf, holds, isIn, labelOf, segmentOf } from './oracle.ts'

/** Cohorts worked out person by person from the readme's rules; nothing here knows of SQL. */
export interface ExpectedCohort {
  readonly date: string
  readonly size: number
  readonly counts: number[]
}

export interface ExpectedCohorts {
  readonly whole: ExpectedCohort[]
  readonly segments: Map<string, ExpectedCohort[]>
}

type Asked = Ask<'retention'> | Ask<'frequency'>

/** Everybody who is somebody, and what they did that the condition holds for. */
function peopleIn(lines: readonly Line[], where: string | undefined): Happening[][] {
  const known = happeningsOf(lines).filter((one) => one.person !== undefined && holds(where, one))
  return [...Map.groupBy(known, ({ person }) => person).values()]
}

const is = (one: Happening, event: string) => event === 'any' || one.event === event

/** The units that the timeframe touches, by their first day, and when they end: within the timeframe, and by themselves. */
function unitsIn({ question, windows: { timeframe }, calendar, scheduledAt }: Asked) {
  const units: { date: string; end: number; wholeEnd: number; wholeStart: number }[] = []
  const name = (at: number) => labelOf(at, question.unit, calendar.timezone, calendar.weekStart)
  const startOf = (date: Temporal.PlainDate) => date.toZonedDateTime(calendar.timezone).epochMilliseconds
  let first = Temporal.PlainDate.from(name(timeframe.start.epochMilliseconds))
  while (startOf(first) < timeframe.end.epochMilliseconds) {
    const next = first.add({ [`${question.unit}s`]: 1 })
    units.push({
      date: first.toString(),
      end: Math.min(startOf(next), timeframe.end.epochMilliseconds),
      wholeStart: startOf(first),
      wholeEnd: startOf(next),
    })
    first = next
  }
  // The running one is left out.
  return timeframe.partial ? units.filter(({ wholeEnd }) => wholeEnd <= scheduledAt.epochMilliseconds) : units
}

/** What the clock on the wall shows, as if it were UTC's. */
function wallClock(at: number, timeZone: string): number {
  const shown = clockAt(at, timeZone)
  const [year = 0, month = 1, day, hour, minute, second] = (['year', 'month', 'day', 'hour', 'minute', 'second'] as const).map(
    (part) => Number(shown(part)),
  )
  return Date.UTC(year, month - 1, day, hour, minute, second) + (at % 1000)
}

interface Entry {
  readonly unit: string
  readonly segment: string
  readonly intervals: ReadonlySet<number>
}

export function expectRetention(lines: readonly Line[], ask: Ask<'retention'>): ExpectedCohorts {
  const { question, windows, calendar, scheduledAt } = ask
  const { first, then, on, unit, counting } = question
  const length = { day: 1, week: 7, month: 30 }[unit] * 86_400_000
  const wall = (at: number) => wallClock(at, calendar.timezone)
  const label = ({ at }: Happening) => labelOf(at, unit, calendar.timezone, calendar.weekStart)

  const now = wall(scheduledAt.epochMilliseconds)
  const units = unitsIn(ask).map(({ date, end }) => {
    const all = Array.from({ length: question.intervals + 1 }, (_, nth) => nth)
    return { date, over: all.filter((nth) => now - wall(end) >= (nth + 1) * length) }
  })
  const entries = peopleIn(lines, question.where).flatMap((own): Entry[] => {
    const entering = own.filter(
      (one) => is(one, first) && isIn(one, windows.timeframe) && units.some(({ date }) => date === label(one)),
    )
    const stays = counting === 'birth' ? [entering] : [...Map.groupBy(entering, label).values()]
    return stays.flatMap((stay): Entry[] => {
      const earliest = Math.min(...stay.map(({ at }) => at))
      const candidates = stay.filter(({ at }) => at === earliest)
      const [one] = candidates
      if (one === undefined) return []
      // Any of those of one time may be the entering event, so any of them may be the one that is another.
      const later = candidates.flatMap((entry) =>
        own.filter((other) => other !== entry && other.at >= entry.at && is(other, then)),
      )
      const names = on === undefined ? [''] : candidates.map((each) => segmentOf(on, each))
      const intervals = new Set(later.map(({ at }) => Math.max(0, Math.floor((wall(at) - wall(earliest)) / length))))
      return [{ unit: label(one), segment: names.sort(byBytes)[0] ?? '', intervals }]
    })
  })

  const cohorts = (some: readonly Entry[]) =>
    units.map(({ date, over }): ExpectedCohort => {
      const own = some.filter((entry) => entry.unit === date)
      const came = (nth: number) =>
        own.filter(({ intervals }) =>
          over.some((other) => (question.unbounded ? other >= nth : other === nth) && intervals.has(other)),
        )
      return { date, size: own.length, counts: over.map((nth) => came(nth).length) }
    })
  return { whole: cohorts(entries), segments: bySegment(entries, ({ segment }) => segment, cohorts) }
}

interface Active {
  readonly unit: string
  readonly segment: string | undefined
  readonly parts: number
}

export function expectFrequency(lines: readonly Line[], ask: Ask<'frequency'>): ExpectedCohorts {
  const { question, windows, calendar } = ask
  const { event, unit, of, on } = question
  const usual = { day: { hour: 24, day: 1 }, week: { hour: 168, day: 7 }, month: { hour: 744, day: 31 } }[unit][of]
  const label = (one: Happening, by: string) => labelOf(one.at, by, calendar.timezone, calendar.weekStart)
  const activeIn = (own: readonly Happening[], segment: string | undefined): Active[] =>
    [...Map.groupBy(own, (one) => label(one, unit))].map(([date, some]) => {
      return { unit: date, segment, parts: new Set(some.map((one) => label(one, of))).size }
    })

  const people = peopleIn(lines, question.where).map((own) => own.filter((one) => is(one, event) && isIn(one, windows.timeframe)))
  const whole = people.flatMap((own) => activeIn(own, undefined))
  const split = people.flatMap((own) =>
    on === undefined ? [] : [...Map.groupBy(own, (one) => segmentOf(on, one))].flatMap(([name, some]) => activeIn(some, name)),
  )
  const units = unitsIn(ask)
  const cohorts = (some: readonly Active[]) =>
    units.map(({ date, wholeStart, end }): ExpectedCohort => {
      const own = some.filter((one) => one.unit === date)
      const hours = (end - Math.max(wholeStart, windows.timeframe.start.epochMilliseconds)) / 3_600_000
      const length = of === 'day' ? usual : Math.max(usual, hours)
      const counts = Array.from({ length }, (_, at) => own.filter(({ parts }) => parts > at).length)
      return { date, size: own.length, counts }
    })
  const told = split.filter(({ unit: date }) => units.some((one) => one.date === date))
  return { whole: cohorts(whole), segments: bySegment(told, ({ segment }) => segment ?? '', cohorts) }
}

function bySegment<One>(
  all: readonly One[],
  nameOf: (one: One) => string,
  cohorts: (some: readonly One[]) => ExpectedCohort[],
): Map<string, ExpectedCohort[]> {
  return new Map([...Map.groupBy(all, nameOf)].map(([name, some]) => [name, cohorts(some)]))
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
