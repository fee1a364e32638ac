import { Temporal } from 'temporal-polyfill'
import { DataError } from '../../../errors.ts'
import type { Place } from './asking.ts'

/**
 * A time as an answer writes it: an instant where it has an offset (`-07:00`, `-0700`, `-07` or `Z`), else a time in the
 * project's zone. Throws DataError for what is none; `what` says what has it.
 */
export function timeIn(text: string, zone: string, what: string): Temporal.ZonedDateTime {
  try {
    // PlainDateTime would read past whatever follows the time of day.
    if (/[T ][\d:.,]+[^\d:.,]/i.test(text)) return Temporal.Instant.from(text).toZonedDateTimeISO(zone)
    return Temporal.PlainDateTime.from(text).toZonedDateTime(zone)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new DataError(`${what} has a date that is none: ${JSON.stringify(text)}`, { cause })
  }
}

/** The day that it is now in the project's zone. */
export function todayIn({ zone, clock }: Pick<Place, 'zone' | 'clock'>): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(clock().getTime()).toZonedDateTimeISO(zone).toPlainDate()
}
