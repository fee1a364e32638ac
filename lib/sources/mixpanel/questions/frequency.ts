import { DataError } from '../../../errors.ts'
import type { Frequency } from '../../../query.ts'
import type { CohortsBody } from '../../../result.ts'
import type { Ask } from '../../source.ts'
import type { ParametersOf } from '../client.ts'
import type { Place } from './asking.ts'
import { daysOf } from './days.ts'
import { askWithin, historyNote } from './history.ts'
import { printedWhere } from './printed.ts'
import { cohortStarts, otherStart, runningNote } from './retention.ts'

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refuseFrequency({ on, unit, of }: Frequency): string | undefined {
  if (on !== undefined) return 'Mixpanel does not document how it answers a split frequency; leave out `on`'
  if (unit === 'day' && of === 'day') return 'a day is divided into hours; write `of: hour`'
  return undefined
}

export function frequencyRequest({ question, windows }: Ask<'frequency'>, zone: string): ParametersOf<'frequency'> {
  const { event, unit, of, where } = question
  const { from_date, to_date } = daysOf(windows.timeframe, zone)
  return { from_date, to_date, unit, addiction_unit: of, ...(event === 'any' ? {} : { event }), ...printedWhere(where) }
}

/** Throws RefusedError where the vendor's units do not begin when the question's do. */
export async function answerFrequency(ask: Ask<'frequency'>, place: Place): Promise<CohortsBody> {
  const { question, windows, calendar, scheduledAt } = ask
  const request = frequencyRequest(ask, place.zone)
  const { answer, history } = await askWithin(place, request, (asked) => place.client.frequency(asked, ask.signal))
  const { known, running } = cohortStarts(windows.timeframe, question.unit, calendar, scheduledAt)
  const cohorts = answer
    .filter(({ date }) => !running.has(date))
    .map(({ date, counts }) => {
      if (!known.has(date)) throw otherStart(date, question.unit)
      if (counts.some((count, at) => count > (counts[at - 1] ?? count))) {
        throw new DataError(`Mixpanel's frequency of ${date} grows, so it does not count "at least so often"`)
      }
      // Active in at least one is everybody.
      return { date, size: counts[0] ?? 0, counts }
    })
  return {
    measure: 'frequency',
    unit: question.unit,
    interval: question.of,
    cohorts,
    notes: [...runningNote(running, question.unit), ...historyNote(history)],
  }
}
