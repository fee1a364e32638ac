import { DataError } from '../../../errors.ts'
import type { Frequency } from '../../../query.ts'
import type { CohortsBody } from '../../../result.ts'
import type { Ask } from '../../source.ts'
import type { ParametersOf } from '../client.ts'
import type { Place } from './asking.ts'
import { fromUnit, placed, unitNotes, unitsOf } from './cohorts.ts'
import { daysOf } from './days.ts'
import { askWithin, historyNote } from './history.ts'
import { printedWhere } from './printed.ts'

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refuseFrequency({ on, unit, of }: Frequency): string | undefined {
  if (on !== undefined) return 'Mixpanel does not document how it answers a split frequency; leave out `on`'
  if (unit === 'day' && of === 'day') return 'a day is divided into hours; write `of: hour`'
  return undefined
}

export function frequencyRequest(ask: Ask<'frequency'>, zone: string): ParametersOf<'frequency'> {
  const { event, unit, of, where } = ask.question
  const { from_date, to_date } = daysOf(ask.windows.timeframe, zone)
  // What cannot be answered is not asked.
  unitsOf(ask)
  return { from_date, to_date, unit, addiction_unit: of, ...(event === 'any' ? {} : { event }), ...printedWhere(where) }
}

/** Throws RefusedError where the vendor's units do not begin when the question's do. */
export async function answerFrequency(ask: Ask<'frequency'>, place: Place): Promise<CohortsBody> {
  const { unit, of } = ask.question
  const units = unitsOf(ask)
  const request = frequencyRequest(ask, place.zone)
  const asking = (asked: typeof request) => place.client.frequency(asked, ask.signal)
  const { answer, history } = await askWithin(place, request, asking, fromUnit(units))
  const cohorts = placed(answer, units).flatMap(({ date, counts }) => {
    if (counts.some((count, at) => count > (counts[at - 1] ?? count))) {
      throw new DataError(`Mixpanel's frequency of ${date} grows, so it does not count "at least so often"`)
    }
    // Active in at least one is everybody.
    const [size] = counts
    return size === undefined ? [] : [{ date, size, counts: [...counts] }]
  })
  return {
    measure: 'frequency',
    unit,
    interval: of,
    cohorts,
    notes: [...unitNotes(units, cohorts, history?.since), ...historyNote(history)],
  }
}
