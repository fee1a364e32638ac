import { Temporal } from 'temporal-polyfill'

/** When something can be done again, by the clock of whoever reads it: `10:24:47 (Europe/Berlin)`, with its day where that is another one. */
export function untilWords(until: Date, now: Date, zone = Temporal.Now.timeZoneId()): string {
  const then = local(until, zone)
  const day = then.toPlainDate().equals(local(now, zone).toPlainDate()) ? '' : `${then.toPlainDate()} `
  return `${day}${then.toPlainTime()} (${zone})`
}

/** Up to the whole second, so that it is not too early. */
function local(date: Date, zone: string): Temporal.ZonedDateTime {
  const instant = Temporal.Instant.fromEpochMilliseconds(date.getTime())
  return instant.round({ smallestUnit: 'second', roundingMode: 'ceil' }).toZonedDateTimeISO(zone)
}
