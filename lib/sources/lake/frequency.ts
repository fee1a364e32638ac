import { RefusedError } from '../../errors.ts'
import type { Frequency } from '../../query.ts'
import type { CohortsBody } from '../../result.ts'
import type { Bucket } from '../../timeframe.ts'
import type { Ask } from '../source.ts'
import type { Events, LakeClient } from './client.ts'
import { clockSql } from './clock.ts'
import type { Unit } from './cohorts.ts'
import { cohortsFrom, cumulated, groupedBy, nameOrNull, spanOf, unitNotes, unitsOf, unitsSql } from './cohorts.ts'
import type { Reads } from './load.ts'
import { eventSql, propertiesRead, segmentSql, whereSql } from './selection.ts'
import type { Sql } from './sql.ts'
import type { Stretch } from './windows.ts'
import { duplicateNotes, within } from './windows.ts'

/** The most hours or days that a unit has; a unit in which clocks go back has an hour more. */
const usualLengths = { day: { hour: 24, day: 1 }, week: { hour: 168, day: 7 }, month: { hour: 744, day: 31 } } as const
const lengthMicros = { hour: 3_600_000_000, day: 86_400_000_000 } as const

/** Throws RefusedError for what a lake cannot evaluate, or what says nothing. */
export function checkFrequency({ unit, of, where, on }: Frequency): void {
  if (unit === of) throw new RefusedError('a day is divided into hours', { remedy: 'write `of: hour`' })
  whereSql(where, () => 'p')
  segmentSql(on, () => 'p')
}

export function frequencyReads({ where, on }: Frequency): Reads {
  return { properties: propertiesRead(where, on) }
}

export function frequencyStretches(ask: Ask<'frequency'>): Stretch[] {
  const units = active(ask)
  return [units.length === 0 ? ask.windows.timeframe : spanOf(ask, units)]
}

export function frequencySql(ask: Ask<'frequency'>, events: Events): Sql[] {
  return [statement(ask, active(ask), events)]
}

/** Throws DataError through the client, and RefusedError as `checkFrequency` does. */
export async function answerFrequency(ask: Ask<'frequency'>, events: Events, client: LakeClient): Promise<CohortsBody> {
  const { question } = ask
  checkFrequency(question)
  const units = active(ask)
  const rows = units.length === 0 ? [] : await client.query(statement(ask, units, events), ask.signal)
  const places = { sized: () => true, countsOf: cumulated }
  const { notes, ...body } = cohortsFrom(rows, units, question.on !== undefined, places)
  return {
    measure: 'frequency',
    unit: question.unit,
    interval: question.of,
    ...body,
    notes: [
      ...unitNotes(ask, units),
      ...(await duplicateNotes([spanOf(ask, units)], eventSql(question.event), events, client, ask.signal)),
      ...notes,
    ],
  }
}

function active(ask: Ask<'frequency'>): Unit[] {
  return unitsOf(ask, (bucket) => lengthOf(ask.question, bucket))
}

function lengthOf({ unit, of }: Frequency, { start, end }: Bucket): number {
  const usual = usualLengths[unit][of]
  return of === 'day' ? usual : Math.max(usual, Math.ceil((end.epochMilliseconds - start.epochMilliseconds) / 3_600_000))
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
