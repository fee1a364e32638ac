import { Temporal } from 'temporal-polyfill'
import type { Retention } from '../../query.ts'
import type { CohortsBody } from '../../result.ts'
import type { Bucket } from '../../timeframe.ts'
import type { Ask } from '../source.ts'
import type { Events, LakeClient } from './client.ts'
import { clockSql, daysLater } from './clock.ts'
import type { Unit } from './cohorts.ts'
import { cohortsFrom, cumulated, groupedBy, nameOrNull, spanOf, unitNotes, unitsOf, unitsSql } from './cohorts.ts'
import type { Reads } from './load.ts'
import { eventSql, propertiesRead, segmentSql, whereSql } from './selection.ts'
import type { Sql } from './sql.ts'
import { allOf, anyOf } from './sql.ts'
import type { Stretch } from './windows.ts'
import { duplicateNotes, within } from './windows.ts'

/** How long an interval is, in days. Mixpanel's page on its retention report: month 1 is 30 to 60 days after birth. */
const intervalDays = { day: 1, week: 7, month: 30 } as const
const dayMicros = 86_400_000_000

/** Throws RefusedError for what a lake cannot evaluate. */
export function checkRetention({ where, on }: Retention): void {
  whereSql(where, () => 'p')
  segmentSql(on, () => 'p')
}

export function retentionReads({ where, on }: Retention): Reads {
  return { properties: propertiesRead(where, on) }
}

/** From the first entry to the end of the last interval that is over: what comes later is not counted, so not waited for. */
export function retentionStretches(ask: Ask<'retention'>): Stretch[] {
  const units = entered(ask)
  return [units.length === 0 ? ask.windows.timeframe : stretchOf(ask, units)]
}

export function retentionSql(ask: Ask<'retention'>, events: Events): Sql[] {
  return [statement(ask, entered(ask), events)]
}

/** Throws DataError through the client, and RefusedError as `checkRetention` does. */
export async function answerRetention(ask: Ask<'retention'>, events: Events, client: LakeClient): Promise<CohortsBody> {
  const { question } = ask
  const units = entered(ask)
  checkRetention(question)
  const rows = units.length === 0 ? [] : await client.query(statement(ask, units, events), ask.signal)
  const countsOf = (places: readonly number[]) => (question.unbounded ? cumulated(places) : [...places])
  const { notes, ...body } = cohortsFrom(rows, units, question.on !== undefined, { sized: (place) => place === 0, countsOf })
  const named = anyOf([eventSql(question.first), eventSql(question.then)])
  return {
    measure: 'retention',
    unit: question.unit,
    interval: question.unit,
    ...body,
    notes: [
      ...unitNotes(ask, units),
      ...(await duplicateNotes([stretchOf(ask, units)], named, events, client, ask.signal)),
      ...notes,
    ],
  }
}

/** The units in which people enter, each with as many places as intervals are over for all who entered in it. */
function entered(ask: Ask<'retention'>): Unit[] {
  const { question, calendar, scheduledAt } = ask
  const now = scheduledAt.toZonedDateTimeISO(calendar.timezone)
  return unitsOf(ask, ({ end }) => {
    let over = 0
    while (over <= question.intervals && Temporal.ZonedDateTime.compare(endOf(question, end, over), now) <= 0) over++
    return over
  })
}

/** When interval `nth` is over for whoever entered last. */
function endOf({ unit }: Retention, end: Bucket['end'], nth: number): Bucket['end'] {
  return daysLater(end, intervalDays[unit] * (nth + 1))
}

function stretchOf(ask: Ask<'retention'>, units: readonly Unit[]): Stretch {
  const { start, end } = spanOf(ask, units)
  const ends = units.flatMap((unit) => (unit.length === 0 ? [] : [endOf(ask.question, unit.end, unit.length - 1)]))
  return { start, end: [end, ...ends].sort(Temporal.ZonedDateTime.compare).at(-1) ?? end }
}

/**
 * A row (unit, name, place, people) is a cohort's size (place 0), or how many came back in an interval (place 1 is
 * interval 0). Unbounded, they count in their last interval alone, to be added up from right to left.
 *
 * Coming back takes another event than the entering one. That matters only among events of one time: `together` counts
 * those of them that enter or return, and where there are two, one can be each.
 */
function statement(ask: Ask<'retention'>, units: readonly Unit[], events: Events): Sql {
  const { first, then, where, on, counting, unbounded, unit } = ask.question
  const split = on !== undefined
  const stretch = stretchOf(ask, units)
  const length = intervalDays[unit] * dayMicros
  const [enters, returns] = [allOf([eventSql(first), within(spanOf(ask, units))]), allOf([eventSql(then), within(stretch)])]
  return `with picked as materialized (
  select person, micros, ${enters} as enters, ${eventSql(then)} as returns, ${segmentSql(on, events.column)} as name
  from ${events.table}
  where person is not null and ${anyOf([enters, returns])} and ${whereSql(where, events.column)}),
${unitsSql(units)},
${clockSql(stretch)},
entries as (
  select unit, length, person, micros, micros + shift as wall, name
  from picked asof join units on micros >= start asof join clock on micros >= since
  where enters
  qualify row_number() over (partition by person${counting === 'birth' ? '' : ', unit'} order by micros, name) = 1),
moments as (
  select person, micros, micros + shift as wall, count(*) as together
  from picked asof join clock on micros >= since
  group by person, micros, shift having bool_or(returns)),
returned as (
  select unit, entries.person, name, greatest(0, (moments.wall - entries.wall) // ${length}) + 1 as place
  from entries join moments on entries.person = moments.person
    and (moments.micros > entries.micros or (moments.micros = entries.micros and together > 1))
    and moments.wall - entries.wall < length * ${length}),
came as (
  select unit, person, name, ${unbounded ? 'max(place) as place from returned group by all' : 'place from returned group by all'})
select unit, ${nameOrNull(split)}, 0 as place, count(*)::double as people from entries ${groupedBy('unit', split)}
union all
select unit, ${nameOrNull(split)}, place, count(*)::double from came ${groupedBy('unit, place', split)}`
}
