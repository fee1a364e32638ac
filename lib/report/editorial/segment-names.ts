/** What the parts of an answer are called where people read them. Stored results and CSVs keep the source's own names. */
export interface SegmentNames {
  /** The heading of their column: `Country`. */
  readonly heading: string
  /** One of them within a sentence: `country`, and `segment` where the heading is no ordinary word. */
  readonly noun: string
  /** `Germany` for `DE` where the property is a country; else the name itself. */
  readonly show: (name: string) => string
  /** So many of them: `31 more countries`, and `segments` where the heading is no ordinary word. */
  readonly more: (count: number, print: (value: number) => string) => string
}

/** For a split by `on` (a property, or an expression that reads one); without it the parts are `otherwise`. */
export function segmentNames(on: string | readonly string[] | undefined, otherwise = 'Event'): SegmentNames {
  if (on === undefined) return named(otherwise)
  const properties = [on].flat().map(propertyIn)
  const heading = properties.map((property) => (property === undefined ? 'Segment' : headingOf(property))).join(', ')
  const [property] = properties
  if (properties.length !== 1 || property === undefined || !isCountry(property)) return named(heading)
  // In English, like the sentences that they stand in.
  const regions = new Intl.DisplayNames('en-GB', { type: 'region', fallback: 'none' })
  return named('Country', (name) => (/^[A-Z]{2}$/.test(name) ? (regions.of(name) ?? name) : readable(name)))
}

function named(heading: string, show: SegmentNames['show'] = readable): SegmentNames {
  const last = heading.split(' ').at(-1)?.toLowerCase() ?? ''
  const noun = nouns.has(last) ? heading.charAt(0).toLowerCase() + heading.slice(1) : 'segment'
  const plural = /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return { heading, noun, show, more: (count, print) => `${print(count)} more ${count === 1 ? noun : plural}` }
}

/** What properties are often called, where the plural is plain. */
const nouns = new Set(
  `account app article author brand browser campaign carrier category channel city client company cohort country course
  currency customer department device domain event experiment game genre group host industry item keyword language level
  locale manufacturer market medium method model network organisation organization page partner path plan platform product
  project provider reason referrer region resolution role room screen segment size source state store tag team tier title
  topic type user variant vendor version workspace`.split(/\s+/),
)

/** The property that `country` or `properties["country"]` reads; undefined for anything less plain. */
function propertyIn(on: string): string | undefined {
  if (!on.includes('[')) return on
  return /^\s*(?:properties|user)\[\s*(["'])([^"'\]]+)\1\s*\]\s*$/.exec(on)?.[2]
}

/** `country`, `$country_code`, `mp_country_code`, `countryCode`: ISO 3166 codes of two letters. */
function isCountry(property: string): boolean {
  return /^\$?(?:mp_)?country(?:[ _-]?(?:code|iso))?$/i.test(property)
}

/** A property's name as a column's title: `Last seen` for `$last_seen`. */
export function headingOf(property: string): string {
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
