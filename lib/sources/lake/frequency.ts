import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../../errors.ts'
import type { CohortsBody, Note } from '../../result.ts'
import type { Bucket } from '../../timeframe.ts'
import type { Ask } from '../source.ts'
import type { Events, LakeClient } from './client.ts'
import { clockSql } from './clock.ts'
import type { Unit } from './cohorts.ts'
import { cohortsFrom, cumulated, cutNotes, groupedBy, nameOrNull, unitsOf, unitsSql } from './cohorts.ts'
import type { Reads } from './load.ts'
import { eventSql, propertiesRead, segmentSql, whereSql } from './selection.ts'
import type { Sql } from './sql.ts'
import type { Stretch } from './windows.ts'
import { duplicateNotes, within } from './windows.ts'

type Frequency = Ask<'frequency'>['question']

/** The most hours or days that a unit has; a unit in which clocks go back has an hour more. */
const usualLengths = { day: { hour: 24, day: 1 }, week: { hour: 168, day: 7 }, month: { hour: 744, day: 31 } } as const
const lengthMicros = { hour: 3_600_000_000, day: 86_400_000_000 } as const

/** Throws RefusedError for what a lake cannot evaluate, or what says nothing. */
export function checkFrequency({ unit, of, where, on }: Frequency): void {
  if (unit === of) throw new RefusedError('a day is divided into hours', { remedy: 'write of: hour' })
  whereSql(where, () => 'p')
  segmentSql(on, () => 'p')
}

export function frequencyReads({ where, on }: Frequency): Reads {
  return { properties: propertiesRead(where, on) }
}

export function frequencyStretches({ windows }: Ask<'frequency'>): Stretch[] {
  return [windows.timeframe]
}

export function frequencySql(ask: Ask<'frequency'>, events: Events): Sql[] {
  return [statement(ask, over(ask), events)]
}

/** Throws DataError through the client, and RefusedError as `checkFrequency` does. */
export async function answerFrequency(ask: Ask<'frequency'>, events: Events, client: LakeClient): Promise<CohortsBody> {
  const { question } = ask
  checkFrequency(question)
  const units = over(ask)
  const rows = units.length === 0 ? [] : await client.query(statement(ask, units, events), ask.signal)
  const { notes, ...body } = cohortsFrom(rows, units, question.on !== undefined, ([, ...places]) => {
    const counts = cumulated(places)
    return { size: counts[0] ?? 0, counts }
  })
  return {
    measure: 'frequency',
    unit: question.unit,
    interval: question.of,
    ...body,
    notes: [
      ...runningNotes(ask),
      ...cutNotes(ask, units),
      ...(await duplicateNotes([spanOf(ask, units)], eventSql(question.event), events, client, ask.signal)),
      ...notes,
    ],
  }
}

/** The units of the timeframe but for the running one, in which people still become more frequent. */
function over(ask: Ask<'frequency'>): Unit[] {
  return unitsOf(ask, (bucket) => lengthOf(ask.question, bucket)).filter((unit) => !isRunning(ask, unit))
}

function isRunning({ windows: { timeframe } }: Ask<'frequency'>, { end, whole }: Bucket): boolean {
  return timeframe.partial && !whole && Temporal.ZonedDateTime.compare(end, timeframe.end) === 0
}

function lengthOf({ unit, of }: Frequency, { start, end }: Bucket): number {
  const usual = usualLengths[unit][of]
  return of === 'day' ? usual : Math.max(usual, Math.ceil((end.epochMilliseconds - start.epochMilliseconds) / 3_600_000))
}

function runningNotes(ask: Ask<'frequency'>): Note[] {
  const running = unitsOf(ask, () => 0).find((unit) => isRunning(ask, unit))
  if (running === undefined) return []
  return [{ kind: 'partial', text: `the ${ask.question.unit} of ${running.label} is still running and left out` }]
}

/** The timeframe without its running unit. */
function spanOf({ windows: { timeframe } }: Ask<'frequency'>, units: readonly Unit[]): Stretch {
  return { start: timeframe.start, end: units.at(-1)?.end ?? timeframe.start }
}

/**
 * A row (unit, name, place, people) is how many were active in exactly `place` hours or days of a unit. An hour that comes
 * twice, when clocks go back, is two: they differ in how far the clock is ahead.
 */
function statement(ask: Ask<'frequency'>, units: readonly Unit[], events: Events): Sql {
  const { event, where, on, of } = ask.question
  const split = on !== undefined
  const span = spanOf(ask, units)
  const part = `(micros + shift) // ${lengthMicros[of]}`
  return `with picked as materialized (
  select person, micros, ${segmentSql(on, events.column)} as name
  from ${events.table}
  where person is not null and ${eventSql(event)} and ${within(span)} and ${whereSql(where, events.column)}),
${unitsSql(units)},
${clockSql(span)},
active as (
  select unit, person, name, ${of === 'hour' ? `(shift, ${part})` : part} as part
  from picked asof join units on micros >= start asof join clock on micros >= since),
counted as (
  select unit, person, ${nameOrNull(split)}, count(distinct part) as place
  from active ${groupedBy('unit, person', split)})
select unit, name, place, count(*)::double as people from counted group by unit, name, place`
}
