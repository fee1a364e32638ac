import type { Asked, AskedEvent, Habit, Step } from './asked.ts'
import type { Chance } from './chance.ts'
import { hash, unit } from './chance.ts'
import type { Settled } from './conditions.ts'
import type { Calendar, Day } from './days.ts'
import { expectedVisits, visits } from './habits.ts'
import { launched } from './values.ts'

/** One event of one user. */
export interface Happening {
  /** Milliseconds since 1970, whole seconds. */
  readonly at: number
  readonly event: AskedEvent
  readonly user: number
  /** Properties that a condition settles. */
  readonly settled: Settled
}

// Of those who reached the step before. What newer users do more of than last year's is at the first steps.
const conversions = [0.62, 0.435, 0.27, 0.6, 0.75, 0.85]
const laterConversion = 0.9
const conversionLostPerYear = 0.09
/** How often an event comes that misses its step's condition, for one that meets it. */
const missing = 0.2

// Events of an ordinary day, in parts of those of one beginning.
const busyRate = 2.1
const plainRate = 0.8
const fallingRate = 0.13
const failuresPerYearBack = 0.8
const failuresAtLaunch = 0.7

/** Cumulated share of a day's events by hour. */
const hours = (() => {
  const shares = [6, 4, 3, 2, 3, 6, 14, 30, 52, 68, 74, 70, 58, 66, 72, 70, 64, 54, 44, 38, 34, 28, 18, 10]
  const total = shares.reduce((sum, share) => sum + share, 0)
  let sum = 0
  return shares.map((share) => (sum += share / total))
})()

/** Day after day what users do, about `events` in all; within a day in the order of time. */
export function* happenings(
  asked: Asked,
  { days, end }: Calendar,
  events: number,
  chance: Chance,
): Generator<{ readonly date: string; readonly happenings: readonly Happening[] }> {
  const routines = [...asked.events.values()].filter((event) => isRoutine(event, asked.roots))
  const scale = events / expectedEvents(asked, routines, { days, end })
  // Everybody who has been here for long; newcomers are numbered after them in the order they come.
  const regulars = Math.max(30, Math.round(scale * 8 * Math.max(1, routines.length)))
  const arrivalsPerWeek = 5 * scale
  const pending = new Map<number, Happening[]>()
  const newcomersBegin = unrooted(asked)
  const habitsOf = Map.groupBy(asked.habits, ({ entry }) => entry)
  const begun = new Map<Habit, Set<number>>(asked.habits.map((habit) => [habit, new Set()]))
  let arrivals = 0
  let campaigners = 0

  const put = (day: number, at: number, event: AskedEvent, user: number, where?: { condition: Step['where']; met: boolean }) => {
    if (at >= end) return
    let index = day
    while (at >= (days[index]?.end ?? Number.POSITIVE_INFINITY)) index++
    if (index >= days.length || at < (days[index]?.start ?? 0)) return
    const settled: Settled = new Map()
    if (where?.condition !== undefined) where.condition(settled, where.met, chance)
    for (const [text, condition] of event.conditions) condition(settled, unit(user, hash(text)) < 0.55, chance)
    const happening = { at: Math.floor(at / 1000) * 1000, event, user, settled }
    const others = pending.get(index)
    if (others === undefined) pending.set(index, [happening])
    else others.push(happening)
  }
  const timeOn = (day: Day): number => {
    const luck = chance.next()
    const hour = hours.findIndex((limit) => luck < limit)
    return day.start + ((day.end - day.start) * (Math.max(0, hour) + chance.next())) / 24
  }
  const go = (day: number, at: number, user: number, step: Step, depth: number, age: number): void => {
    if (step.where !== undefined && chance.next() < missing) {
      put(day, at - 60_000 * chance.next(), step.event, user, { condition: step.where, met: false })
    }
    put(day, at, step.event, user, { condition: step.where, met: true })
    if (user >= regulars) comeBack(day, at, user, step.event)
    for (const next of step.next.values()) {
      if (turn(depth) >= conversion(depth, age)) continue
      // Half go on within 2 % of the window, one in twenty takes more than a quarter of it.
      const delay = Math.max(1000, next.within * 0.02 * Math.exp(1.55 * chance.normal()))
      go(day, at + delay, user, next, depth + 1, age)
    }
  }
  const comeBack = (day: number, at: number, user: number, entry: AskedEvent): void => {
    for (const habit of habitsOf.get(entry) ?? []) {
      if (begun.get(habit)?.has(user) !== false) continue
      begun.get(habit)?.add(user)
      for (const after of visits(chance)) put(day, at + after, habit.back, user)
    }
  }
  // Spread evenly, and only somewhat by chance: a rate that did not change is not to look as if it had. The step is not
  // that of any property, or all users of some country would go on.
  const turns: number[] = []
  const turn = (depth: number): number => {
    const count = (turns[depth] ?? 0) + 1
    turns[depth] = count
    return (count * Math.sqrt(3) + 0.15 * chance.next()) % 1
  }
  const regular = (): number => Math.floor(regulars * chance.next() ** 2.6)
  const newcomer = (day: Day): number => {
    if (campaigners > 0 && day.launch > 0 && chance.next() < 0.06) return launched + Math.floor(campaigners * chance.next())
    const back = Math.floor(-Math.log(1 - chance.next()) * 0.9 * arrivalsPerWeek)
    return back < arrivals ? regulars + arrivals - 1 - back : regular()
  }

  for (const [index, day] of days.entries()) {
    const known = arrivals
    for (const root of asked.roots) {
      const rate = scale * rootRate(root) * day.weight * wobble(root.event, day)
      const fresh = isFresh(root)
      for (let count = chance.round(rate); count > 0; count--) {
        go(index, timeOn(day), fresh ? regulars + arrivals++ : regular(), root, 0, day.age)
      }
      for (let count = chance.round(rate * day.launch); count > 0; count--) {
        go(index, timeOn(day), fresh || campaigners < 40 ? launched + campaigners++ : campaigner(), root, 0, day.age)
      }
    }
    for (const entry of newcomersBegin) {
      for (let count = chance.round(scale * day.weight * wobble(entry, day)); count > 0; count--) {
        const [at, user] = [timeOn(day), regulars + arrivals++]
        put(index, at, entry, user)
        comeBack(index, at, user, entry)
      }
    }
    for (const event of routines) {
      const rate = scale * routineRate(event, day) * day.weight * wobble(event, day)
      for (let count = chance.round(rate); count > 0; count--) {
        put(index, timeOn(day), event, known > 0 && chance.next() < 0.42 ? newcomer(day) : regular())
      }
      if (asked.roots.length > 0 || event.falling) continue
      for (let count = chance.round(rate * day.launch); count > 0; count--) {
        put(index, timeOn(day), event, campaigners < 40 ? launched + campaigners++ : campaigner())
      }
    }
    const happened = pending.get(index) ?? []
    pending.delete(index)
    if (day.covered) yield { date: day.date, happenings: happened.sort((one, other) => one.at - other.at) }
  }

  function campaigner(): number {
    return launched + Math.floor(campaigners * chance.next() ** 1.5)
  }
}

/** What people do again and again, unlike the steps that they take once. */
function isRoutine(event: AskedEvent, roots: readonly Step[]): boolean {
  const rooted = roots.some((root) => root.event === event)
  return !rooted && (event.busy || !event.later)
}

/** What newcomers begin with though it is no beginning: people who are here for long do it too. */
function unrooted({ habits, roots }: Asked): AskedEvent[] {
  const entries = new Set(habits.map(({ entry }) => entry))
  return [...entries].filter((entry) => !entry.later && !roots.some((root) => root.event === entry && isFresh(root)))
}

/** Whether the first step makes a new user. */
function isFresh(root: Step): boolean {
  return !root.event.busy && !root.event.later
}

/** No two events are alike. */
function pace(event: AskedEvent): number {
  return 0.85 + 0.3 * unit(hash(event.name), 7)
}

/** No two days are alike. */
function wobble(event: AskedEvent, day: Day): number {
  return 0.97 + 0.06 * unit(hash(event.name), hash(day.date))
}

function rootRate(root: Step): number {
  return (root.event.busy ? busyRate : 1) * pace(root.event)
}

function routineRate(event: AskedEvent, day: Day): number {
  if (event.falling) {
    return pace(event) * fallingRate * (1 + failuresPerYearBack * Math.min(day.age, 3)) * (day.launch > 0 ? failuresAtLaunch : 1)
  }
  return pace(event) * (event.busy ? busyRate : plainRate)
}

function conversion(depth: number, age: number): number {
  return (conversions[depth] ?? laterConversion) * (1 - conversionLostPerYear * Math.min(age, 3))
}

function expectedEvents(asked: Asked, routines: readonly AskedEvent[], { days, end }: Calendar): number {
  const begin = unrooted(asked)
  const habits = Map.groupBy(asked.habits, ({ entry }) => entry)
  const visitsWithin = asked.habits.length === 0 ? () => 0 : expectedVisits()
  const visitsOf = (entry: AskedEvent, left: number) => (habits.get(entry)?.length ?? 0) * visitsWithin(left)
  const perRoot = (step: Step, depth: number, age: number, left: number): number =>
    1 +
    visitsOf(step.event, left) +
    (step.where === undefined ? 0 : missing) +
    [...step.next.values()].reduce((sum, next) => sum + conversion(depth, age) * perRoot(next, depth + 1, age, left), 0)
  let expected = 0
  for (const [index, day] of days.entries()) {
    if (!day.covered) continue
    const left = asked.habits.length === 0 ? 0 : daysOn(days, index)
    const shareOver = end >= day.end ? 1 : (hours[Math.floor((24 * (end - day.start)) / (day.end - day.start))] ?? 1)
    const rooted = asked.roots.reduce((sum, root) => sum + rootRate(root) * (1 + day.launch) * perRoot(root, 0, day.age, left), 0)
    const routine = routines.reduce((sum, event) => sum + routineRate(event, day), 0)
    const own = begin.reduce((sum, entry) => sum + 1 + visitsOf(entry, left), 0)
    expected += day.weight * shareOver * (rooted + routine + own)
  }
  return expected
}

/** How many days follow one another from a day on. */
function daysOn(days: readonly Day[], from: number): number {
  let count = 1
  while (days[from + count]?.start === days[from + count - 1]?.end) count++
  return count
}
