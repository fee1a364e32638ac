import type { Language } from './headline.ts'
import { isSame } from './periods.ts'
import type { Reading } from './reading.ts'

/** `last week`, `in October`, and of no such period its dates, where it is not the page's. */
export function lately({ period }: Pick<Reading, 'period'>, { dates, at, usual }: Language): string {
  const plain = dates.lately(period, at)
  return isSame(period, usual) || plain !== 'in this period'
    ? plain
    : dates.during(period, period.start.year !== usual.start.year)
}

/**
 * When the answer is about, if that is not what the line under the title says: `in September`. People are as they are now,
 * whatever the period.
 */
export function otherPeriod(reading: Pick<Reading, 'period' | 'query' | 'result'>, language: Language): string | undefined {
  return isSame(reading.period, language.usual) || isTimeless(reading) ? undefined : lately(reading, language)
}

/** Profiles have no dates, and of some saved questions nobody knows them. */
export function isTimeless({ query, result }: Pick<Reading, 'query' | 'result'>): boolean {
  return query.question.kind === 'people' || result.notes.some(({ kind }) => kind === 'undated')
}
