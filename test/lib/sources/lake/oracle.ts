import type { Expression } from '../../../../lib/expression.ts'
import { parseExpression, propertyOf } from '../../../../lib/expression.ts'
import type { Ask } from '../../../../lib/sources/source.ts'
import type { Window } from '../../../../lib/timeframe.ts'
import { parseDuration } from '../../../../lib/timeframe.ts'
import { evaluate } from './evaluate.ts'
import type { Line } from './folder.ts'

/** What a lake should answer, worked out event by event from the rules; nothing here knows of SQL. */
export interface Happening {
  readonly event: string
  readonly person: string | undefined
  /** Milliseconds since 1970; the tests' times are whole. */
  readonly at: number
  readonly properties: Readonly<Record<string, unknown>>
}

/** Each event once: the first of those with the same event, distinct_id, time and $insert_id. */
export function happeningsOf(lines: readonly Line[]): Happening[] {
  const seen = new Set<string>()
  const happenings: Happening[] = []
  for (const { event, properties } of lines) {
    const time = properties['time'] as number
    const at = Math.round(time > 1e11 ? time : time * 1000)
    const person = idOf(properties['distinct_id'])
    const insertId = idOf(properties['$insert_id'])
    const key = JSON.stringify([event, person ?? null, at, insertId])
    if (insertId !== undefined && seen.has(key)) continue
    seen.add(key)
    happenings.push({ event, person, at, properties })
  }
  return happenings
}

function idOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function read(expression: ReturnType<typeof parseExpression>): Expression {
  if ('problem' in expression) throw new Error(expression.problem)
  return expression
}

export function holds(where: string | undefined, { properties }: Happening): boolean {
  return where === undefined || evaluate(read(parseExpression(where)), properties) === true
}

export function segmentOf(on: string, { properties }: Pick<Happening, 'properties'>): string {
  const value = evaluate(read(propertyOf(on)), properties)
  if (value === undefined || value === null) return 'undefined'
  return typeof value === 'string' ? value : JSON.stringify(value === 0 ? 0 : value)
}

export function isIn({ at }: Happening, window: Pick<Window, 'start' | 'end'>): boolean {
  return window.start.epochMilliseconds <= at && at < window.end.epochMilliseconds
}

export interface ExpectedSeries {
  readonly series: Record<string, { values: Record<string, number | null>; total: number | null; compared: (number | null)[] }>
  readonly totals: (number | null)[]
}

/** Every segment, unarranged; `values` hold the buckets that something happened in, by their labels. */
export function expectSegmentation(lines: readonly Line[], ask: Ask<'segmentation'>): ExpectedSeries {
  const { question, windows, calendar } = ask
  const { event } = question
  const named = event === 'any' ? () => true : (one: Happening) => [event].flat().includes(one.event)
  const events = happeningsOf(lines).filter((one) => named(one) && holds(question.where, one))
  const on = question.on === undefined ? undefined : [question.on].flat()[0]
  const nameOf = (one: Happening) =>
    on !== undefined ? segmentOf(on, one) : Array.isArray(event) ? one.event : event === 'any' ? ask.title : event
  const figures = [windows.timeframe, ...windows.comparisons.map(({ timeframe }) => timeframe)]
  const trend = windows.trend ?? windows.timeframe
  const measured = (some: readonly Happening[]) => measure(question, some)

  const seen = events.filter((one) => [trend, ...figures].some((window) => isIn(one, window)))
  const names = on !== undefined ? new Set(seen.map(nameOf)) : new Set(event === 'any' ? [ask.title] : [event].flat())
  const series = [...names].map((name) => {
    const own = seen.filter((one) => nameOf(one) === name)
    const inFigures = figures.map((window) => own.filter((one) => isIn(one, window)))
    const [total = null, ...compared] = inFigures.map((some, at) =>
      at > 0 && on !== undefined && some.length === 0 ? null : measured(some),
    )
    const buckets = Map.groupBy(
      own.filter((one) => isIn(one, trend)),
      ({ at }) => labelOf(at, question.unit, calendar.timezone, calendar.weekStart),
    )
    const values = Object.fromEntries([...buckets].map(([label, some]) => [label, measured(some)]))
    return [name, { values, total, compared }] as const
  })
  return {
    series: Object.fromEntries(series),
    totals: figures.map((window) => measured(events.filter((one) => isIn(one, window)))),
  }
}

export function measure(
  { type, of, percentile = 0 }: Ask<'segmentation'>['question'],
  events: readonly Happening[],
): number | null {
  const persons = events.flatMap(({ person }) => (person === undefined ? [] : [person]))
  if (type === 'general') return events.length
  if (type === 'unique') return new Set(persons).size
  if (of === undefined) return persons.length === 0 ? null : persons.length / new Set(persons).size
  const expression = read(propertyOf(of))
  const numbers = events.map(({ properties }) => evaluate(expression, properties)).filter((value) => typeof value === 'number')
  const sum = numbers.reduce((all, value) => all + value, 0)
  if (type === 'sum') return sum
  if (numbers.length === 0) return null
  numbers.sort((a, b) => a - b)
  switch (type) {
    case 'average':
      return sum / numbers.length
    case 'min':
      return numbers[0] as number
    case 'max':
      return numbers.at(-1) as number
    case 'median':
      return between(numbers, 0.5)
    case 'percentile':
      return between(numbers, percentile / 100)
  }
}

/** Between the two nearest, as far as the fraction says. */
function between(sorted: readonly number[], fraction: number): number {
  const place = (sorted.length - 1) * fraction
  const low = sorted[Math.floor(place)] as number
  const high = sorted[Math.ceil(place)] as number
  return low + (high - low) * (place - Math.floor(place))
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** The clock on the wall, by Intl and nothing of ours. */
export function clockAt(at: number, timeZone: string): (part: Intl.DateTimeFormatPartTypes) => string {
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('en-CA', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'longOffset',
    })
  clocks.set(timeZone, clock)
  const parts = clock.formatToParts(at)
  return (part) => parts.find(({ type }) => type === part)?.value ?? ''
}

/** The bucket's name from the clock on the wall. */
export function labelOf(at: number, unit: string, timeZone: string, weekStart: 'monday' | 'sunday'): string {
  const part = clockAt(at, timeZone)
  const date = `${part('year')}-${part('month')}-${part('day')}`
  if (unit === 'hour') return `${date}T${part('hour')}:00:00${part('timeZoneName').replace('GMT', '') || '+00:00'}`
  if (unit === 'month') return `${date.slice(0, 8)}01`
  if (unit === 'day') return date
  const noon = new Date(`${date}T12:00:00Z`)
  noon.setUTCDate(noon.getUTCDate() - ((noon.getUTCDay() + (weekStart === 'monday' ? 6 : 0)) % 7))
  return noon.toISOString().slice(0, 10)
}

export interface ExpectedSteps {
  readonly counts: number[]
  /** Seconds since the step before; null for the first and where nobody came. */
  readonly medians: (number | null)[]
}

interface Chain {
  readonly times: readonly number[]
  readonly segment: string
}

/** Tries every chain that a user's events allow, and takes the best. */
export function expectFunnel(
  lines: readonly Line[],
  { question }: Ask<'funnel'>,
  window: Window,
): { whole: ExpectedSteps; segments: Map<string, ExpectedSteps> } {
  const { steps, where, on } = question
  const within = (parseDuration(question.within) ?? 0) * 1000
  const users = Map.groupBy(
    happeningsOf(lines).filter(({ person }) => person !== undefined),
    ({ person }) => person,
  )
  const matches = (one: Happening, step: number) =>
    one.event === steps[step]?.event && holds(where, one) && holds(steps[step]?.where, one)

  const chains = [...users.values()].flatMap((events): Chain[] => {
    let best: Chain | undefined
    const goOn = (taken: readonly Happening[]) => {
      const [first] = taken
      if (first !== undefined) {
        const chain = { times: taken.map(({ at }) => at), segment: on === undefined ? '' : segmentOf(on, first) }
        if (best === undefined || isBetter(chain, best)) best = chain
      }
      if (taken.length === steps.length) return
      for (const next of events) {
        if (taken.includes(next) || !matches(next, taken.length)) continue
        const inTime =
          first === undefined ? isIn(next, window) : next.at <= first.at + within && next.at >= (taken.at(-1)?.at ?? 0)
        if (inTime) goOn([...taken, next])
      }
    }
    goOn([])
    return best === undefined ? [] : [best]
  })
  return {
    whole: stepsIn(chains, steps.length),
    segments: new Map(
      [...Map.groupBy(chains, ({ segment }) => segment)].map(([name, own]) => [name, stepsIn(own, steps.length)]),
    ),
  }
}

function isBetter(a: Chain, b: Chain): boolean {
  if (a.times.length !== b.times.length) return a.times.length > b.times.length
  const at = a.times.findIndex((time, step) => time !== b.times[step])
  if (at >= 0) return (a.times[at] as number) < (b.times[at] as number)
  return Buffer.compare(Buffer.from(a.segment), Buffer.from(b.segment)) < 0
}

function stepsIn(chains: readonly Chain[], count: number): ExpectedSteps {
  const steps = Array.from({ length: count }, (_, step) => chains.filter(({ times }) => times.length > step))
  return {
    counts: steps.map((some) => some.length),
    medians: steps.map((some, step) => {
      if (step === 0 || some.length === 0) return null
      const seconds = some.map(({ times }) => ((times[step] as number) - (times[step - 1] as number)) / 1000)
      return between(
        seconds.sort((a, b) => a - b),
        0.5,
      )
    }),
  }
}
