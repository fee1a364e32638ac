/** What the parts of an answer are called where people read them. Stored results and CSVs keep the source's own names. */
export interface SegmentNames {
  /** The heading of their column: `Country`. */
  readonly heading: string
  /** `Germany` for `DE` where the property is a country; else the name itself. */
  readonly show: (name: string) => string
}

/** For a split by `on` (a property, or an expression that reads one); without it the parts are events. */
export function segmentNames(on: string | readonly string[] | undefined, locale: string): SegmentNames {
  if (on === undefined) return { heading: 'Event', show: readable }
  const properties = [on].flat().map(propertyIn)
  const heading = properties.map((property) => (property === undefined ? 'Segment' : headingOf(property))).join(', ')
  const [property] = properties
  if (properties.length !== 1 || property === undefined || !isCountry(property)) return { heading, show: readable }
  const regions = new Intl.DisplayNames(locale, { type: 'region', fallback: 'none' })
  return { heading: 'Country', show: (name) => (/^[A-Z]{2}$/.test(name) ? (regions.of(name) ?? name) : readable(name)) }
}

/** The property that `country` or `properties["country"]` reads; undefined for anything less plain. */
function propertyIn(on: string): string | undefined {
  if (!on.includes('[')) return on
  return /^\s*(?:properties|user)\[\s*(["'])([^"'\]]+)\1\s*\]\s*$/.exec(on)?.[2]
}

/** `country`, `$country_code`, `mp_country_code`, `countryCode`: ISO 3166 codes of two letters. */
function isCountry(property: string): boolean {
  return /^\$?(?:mp_)?country(?:[ _-]?(?:code|iso))?$/i.test(property)
}

function headingOf(property: string): string {
  const words = property
    .replace(/^(?:\$|mp_)+/, '')
    .replaceAll('_', ' ')
    .trim()
  return words === '' ? property : words.charAt(0).toUpperCase() + words.slice(1)
}

function readable(name: string): string {
  if (name.trim() === '') return '(empty)'
  return name === 'undefined' ? '(not set)' : name
}
