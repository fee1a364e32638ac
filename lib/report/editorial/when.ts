import type { Language } from './headline.ts'
import type { Period } from './periods.ts'
import { isSame } from './periods.ts'
import type { Reading } from './reading.ts'

/** `last week`, `in October`, and of no such period its dates, where it is not the page's. */
export function lately({ period }: Pick<Reading, 'period'>, language: Language): string {
  const { dates, at, usual } = language
  const plain = dates.lately(period, at)
  return isSame(period, usual) || plain !== 'in this period' ? plain : dates.during(period, isOtherYear(period, language))
}

/** Whether a date needs its year: it is not that of the line under the title. */
export function isOtherYear({ start }: Period, { at, usual }: Language): boolean {
  return start.year !== (usual?.start ?? at.toZonedDateTimeISO(start.timeZoneId)).year
}

/**
 * When the answer is about, if that is not what the line under the title says: `in September`. Profiles are as they are now,
 * whatever the period.
 */
export function otherPeriod(reading: Pick<Reading, 'period' | 'query' | 'result'>, language: Language): string | undefined {
  return isSame(reading.period, language.usual) || isTimeless(reading) ? undefined : lately(reading, language)
}

/** The same beside a figure, which no small print explains: that a page's dates are not those of an answer that tells none. */
export function otherDates(reading: Pick<Reading, 'period' | 'query' | 'result'>, language: Language): string | undefined {
  if (isUndated(reading)) return language.usual === undefined ? undefined : 'its own dates'
  return otherPeriod(reading, language)
}

/** Profiles have no dates, and of some saved questions nobody knows them. The answer's `timeframe` then says nothing. */
export function isTimeless(reading: Pick<Reading, 'query' | 'result'>): boolean {
  return isOfProfiles(reading) || isUndated(reading)
}

/** Whether it has dates, which nobody but its vendor knows. */
export function isUndated({ result }: Pick<Reading, 'result'>): boolean {
  return result.notes.some(({ kind }) => kind === 'undated')
}

/** Where a vendor keeps no profiles, events are listed instead, which have dates. */
function isOfProfiles({ query, result }: Pick<Reading, 'query' | 'result'>): boolean {
  return query.question.kind === 'people' && !(result.shape === 'table' && result.each === 'event')
}
