import { closest } from '../closest.ts'

/** Time zones and locales, as this Node knows them. */

/** What is wrong with a time zone. Offsets such as +01:00 are none: they know no summer time, and EventBridge refuses them. */
export function zoneProblem(zone: string): string | undefined {
  const wrong = `"${zone}" is not a time zone; write one of the IANA names such as Europe/Berlin`
  if (!/^[A-Za-z]/.test(zone)) return wrong
  try {
    // Intl reads any case; EventBridge does not.
    const known = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
    return known.toLowerCase() === zone.toLowerCase() && known !== zone ? wrong : undefined
  } catch (error) {
    if (error instanceof RangeError) return wrong
    throw error
  }
}

/** `Europe/Berlin` for Europe/Berlln, europe/berlin, Berlin. */
export function closestZone(zone: string): string | undefined {
  const zones = [...Intl.supportedValuesOf('timeZone'), 'UTC']
  const city = zone.replaceAll(' ', '_').toLowerCase()
  return zones.find((candidate) => candidate.toLowerCase().endsWith(`/${city}`)) ?? closest(zone, zones)
}

export function localeProblem(locale: string): string | undefined {
  const right = locale.replaceAll('_', '-')
  if (right !== locale && supported(right)) return `"${locale}" is not a locale; write ${right}`
  return supported(locale) ? undefined : `"${locale}" is not a locale; write one such as en-GB or de-DE`
}

function supported(locale: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(locale).length > 0
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
