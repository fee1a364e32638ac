import { Temporal } from 'temporal-polyfill'
import { DataError } from '../../../errors.ts'
import type { Retention } from '../../../query.ts'
import type { CohortsBody } from '../../../result.ts'
import type { Bucket } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { ParametersOf } from '../client.ts'
import type { Place } from './asking.ts'
import { fromUnit, placed, unitNotes, unitsOf } from './cohorts.ts'
import { daysOf } from './days.ts'
import { askWithin, historyNote } from './history.ts'
import { printedWhere } from './printed.ts'

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refuseRetention({ first, then, counting, on }: Retention): string | undefined {
  if (on !== undefined) return 'Mixpanel does not document how it answers a split retention; leave out `on`'
  if (counting === 'birth' && first === 'any') {
    return 'Mixpanel needs the event with which people enter for the first time; name it with `first`'
  }
  if (counting === 'compounded' && first !== then) {
    return 'Mixpanel’s recurring retention (`kind: compounded`) is of one event; give `first` and `then` the same'
  }
  return undefined
}

export function retentionRequest(ask: Ask<'retention'>, zone: string): ParametersOf<'retention'> {
  const { first, then, counting, unbounded, unit, intervals, where } = ask.question
  const { from_date, to_date } = daysOf(ask.windows.timeframe, zone)
  // What cannot be answered is not asked.
  unitsOf(ask)
  const condition = printedWhere(where)
  return {
    from_date,
    to_date,
    retention_type: counting,
    ...(counting === 'birth' ? { born_event: first } : {}),
    ...(then === 'any' ? {} : { event: then }),
    // One condition for both: the events that let in and those that bring back.
    ...(counting === 'birth' && condition.where !== undefined ? { born_where: condition.where } : {}),
    ...condition,
    unit,
    interval_count: intervals,
    ...(unbounded ? { unbounded_retention: true } : {}),
  }
}

/** Throws RefusedError where the vendor's cohorts do not begin when the question's do. */
export async function answerRetention(ask: Ask<'retention'>, place: Place): Promise<CohortsBody> {
  const { question, scheduledAt } = ask
  const { unit, intervals, unbounded } = question
  const units = unitsOf(ask)
  const request = retentionRequest(ask, place.zone)
  const asking = (asked: typeof request) => place.client.retention(asked, ask.signal)
  const { answer, history } = await askWithin(place, request, asking, fromUnit(units))
  const cohorts = placed(answer, units).map(({ date, size, counts, bucket }) => {
    if (size === null) throw new DataError(`Mixpanel's retention of ${date} says nothing of all people together`)
    const over = counts.filter((_, interval) => interval <= intervals && isOver(bucket, unit, interval, scheduledAt))
    return { date, size, counts: over }
  })
  const growing = unbounded && cohorts.some(({ counts }) => counts.length <= intervals)
  return {
    measure: 'retention',
    unit,
    interval: unit,
    cohorts,
    notes: [
      ...unitNotes(units, cohorts, history?.since),
      ...(growing ? [{ kind: 'immature', text: 'who comes back later is counted for the intervals before, too' } as const] : []),
      ...historyNote(history),
    ],
  }
}

const intervalHours = { day: 24, week: 168, month: 720 }

/**
 * Mixpanel counts each person's intervals from their own entry ("within 24 hours" of it is the 0th of days), so an
 * interval is over when it is for who entered last. A month of its report page has 30 days, one of the calendar 28 to
 * 31: the longer counts.
 */
function isOver({ end }: Bucket, unit: Retention['unit'], interval: number, at: Temporal.Instant): boolean {
  const ends = [
    end.add({ [`${unit}s`]: interval + 1 }).toInstant(),
    end.toInstant().add({ hours: intervalHours[unit] * (interval + 1) }),
  ]
  return ends.every((time) => Temporal.Instant.compare(time, at) <= 0)
}
