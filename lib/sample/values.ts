import type { Chance } from './chance.ts'
import { hash, unit } from './chance.ts'

/** A property's value as JSON text; empty when the event has no such property. */
export type Draw = (user: number, chance: Chance) => string

export interface Property {
  readonly name: string
  readonly draw: Draw
}

/** What the project's questions say about a property. */
export interface Wish {
  readonly name: string
  /** Series are split by it. */
  segment: boolean
  numeric: boolean
  /** What expressions compare it with. */
  readonly literals: Set<string | number | boolean>
}

type Pool = readonly (readonly [value: string, weight: number])[]

/** Users that a campaign brought are numbered from here. */
export const launched = 1_000_000_000
// Steps of the square root of one of these, modulo 1, spread users evenly however few they are, and independently of
// the others: a share that did not change is not to look as if it had. 3 and 5 are taken (happenings, markets).
const squareFree = [2, 6, 7, 10, 11, 13, 14, 15, 17, 19, 21, 22]

// Where the product is used: five big markets and a long tail. The campaign runs in the first one.
const markets: Pool = [
  ...(Object.entries({ DE: 250, US: 264, FR: 158, JP: 101, BR: 72 }) as [string, number][]),
  ...'GB ES IT NL PL IN CA AU SE CH AT MX KR TR PT BE DK NO FI CZ IE AR CL ZA ID VN UA RO GR IL NZ'
    .split(' ')
    .map((code, rank): [string, number] => [code, 17 * 0.92 ** rank + 1]),
]
const cities: Readonly<Record<string, readonly string[]>> = {
  DE: ['Berlin', 'München', 'Köln', 'Düsseldorf', 'Würzburg'],
  US: ['New York', 'San José', 'Chicago', 'Austin', 'Coeur d’Alene'],
  FR: ['Paris', 'Lyon', 'Orléans', 'Saint-Étienne'],
  JP: ['東京', '大阪', '札幌'],
  BR: ['São Paulo', 'Rio de Janeiro', 'Florianópolis'],
  PL: ['Kraków', 'Łódź'],
  TR: ['İstanbul', 'İzmir'],
  UA: ['Київ', 'Львів'],
  GR: ['Αθήνα'],
  IL: ['תל אביב'],
  KR: ['서울'],
}
const pools: ReadonlyMap<string, Pool> = new Map<string, Pool>(
  Object.entries({
    $os: { 'Mac OS X': 36, Windows: 34, iOS: 14, Android: 12, Linux: 4 },
    $browser: { Chrome: 61, Safari: 22, Firefox: 9, 'Microsoft Edge': 7, Opera: 1 },
    plan: { free: 62, team: 25, pro: 10, enterprise: 3 },
    channel: { search: 38, direct: 24, referral: 16, social: 11, newsletter: 8, partner: 3 },
    utm_source: { google: 52, linkedin: 18, newsletter: 14, bing: 9, podcast: 7 },
    utm_medium: { organic: 50, cpc: 30, email: 20 },
    $referring_domain: { 'www.google.com': 50, $direct: 30, 'news.ycombinator.com': 12, 'bücher.example': 8 },
    language: { en: 46, de: 22, fr: 15, ja: 10, 'pt-BR': 7 },
    company_size: { '1': 30, '2-10': 34, '11-50': 20, '51-200': 11, '201+': 5 },
    $device: { Desktop: 74, Phone: 21, Tablet: 5 },
    mp_lib: { web: 80, swift: 12, android: 8 },
    experiment: { control: 50, 'variant a': 30, 'variant “b”': 20 },
  }).map(([name, pool]): [string, Pool] => [name, Object.entries(pool)]),
)
const people = [
  'Zoë Müller',
  'Łukasz Nowak',
  '山田 花子',
  'José García',
  'Ayşe Yılmaz',
  "Siobhán O'Neill",
  'Олена Шевченко',
  'Sam 🦄',
]
const groups = ['Alder', 'Birch', 'Cedar', 'Élan', 'Fjord', 'Ginkgo', 'Hazel', 'Île']

/** The properties of every event beside `time`, `distinct_id`, `$insert_id` and `mp_processing_time_ms`, which are never drawn. */
export const ownProperties: ReadonlySet<string> = new Set(['time', 'distinct_id', '$insert_id', 'mp_processing_time_ms'])

const market = byUser(markets, evenly(Math.sqrt(5), 99), 'DE')
const builtIn: ReadonlyMap<string, Draw> = new Map<string, Draw>([
  ['country', market],
  ['mp_country_code', market],
  ['$city', cityOf()],
  [
    'name',
    byUser(
      people.map((name) => [name, 1]),
      (user) => unit(user, 3),
    ),
  ],
  ['$email', (user) => (unit(user, 4) < 0.7 ? `"user${user % launched}@example.com"` : 'null')],
  ['amount', (_, chance) => amount(chance, 24)],
  // The odd types that real trackers send: a number as text, lists, objects, nulls, and gaps.
  ['build', (user) => `"00${300 + (user % 90)}"`],
  ['tags', (_, chance) => (chance.next() < 0.6 ? '["α","b",3]' : '[]')],
  ['context', (user) => `{"seat":${user % 40},"flags":{"beta":${user % 7 === 0},"theme":"dark"}}`],
  ['coupon', (_, chance) => (chance.next() < 0.06 ? '"SAVE \\"20\\""' : chance.next() < 0.5 ? 'null' : '')],
  ['$screen_width', (user) => String([390, 768, 1280, 1440, 1920, 2560][user % 6])],
  ['duration_ms', (_, chance) => String(Math.round(90 * Math.exp(1.1 * chance.normal())))],
  ['beta', (user) => String(unit(user, 5) < 0.2)],
  ['$current_url', (_, chance) => `"https://app.example.com/p/${Math.floor(400 * chance.next() ** 3)}?q=%C3%BC"`],
  [
    'referrals',
    (_, chance) => (chance.next() < 0.03 ? `"${Math.floor(5 * chance.next())}"` : String(Math.floor(5 * chance.next() ** 2))),
  ],
  ...[...pools].map(([name, pool], index): [string, Draw] => [
    name,
    byUser(pool, evenly(Math.sqrt(squareFree[index] ?? 2), index), name === 'channel' ? 'social' : undefined),
  ]),
])

/** Thirty properties (with those of `ownProperties`), the project's own among them in place of built-in ones nobody asks for. */
export function propertiesOf(wishes: readonly Wish[]): Property[] {
  const wished = wishes.filter(({ name }) => !ownProperties.has(name))
  const names = new Set(wished.map(({ name }) => name))
  const spare = [...builtIn].filter(([name]) => !names.has(name)).map(([name, draw]) => ({ name, draw }))
  const room = Math.max(0, 30 - ownProperties.size - wished.length)
  return [...wished.map((wish) => ({ name: wish.name, draw: withGaps(wish, drawOf(wish)) })), ...spare.slice(0, room)]
}

/** Whether a property takes that value of itself, in the share that its pool gives it. */
export function isUsual(name: string, literal: string | number | boolean): boolean {
  const pool = name === 'country' || name === 'mp_country_code' ? markets : pools.get(name)
  return pool?.some(([value]) => value === literal) ?? false
}

function drawOf(wish: Wish): Draw {
  const literals = [...wish.literals]
  const usual = builtIn.get(wish.name)
  if (usual !== undefined && literals.every((literal) => typeof literal !== 'string' || isUsual(wish.name, literal))) return usual
  const numbers = literals.filter((literal) => typeof literal === 'number')
  if (wish.numeric || numbers.length > 0 || /amount|price|revenue|count|quantity|duration|total|score/i.test(wish.name)) {
    const middle = Math.max(...numbers.map((number) => Math.abs(number) * 1.5), numbers.length > 0 ? 2 : 24)
    return numbers.every(Number.isInteger) && numbers.length > 0
      ? (_, chance) => String(Math.round(middle * 2 * chance.next() ** 2))
      : (_, chance) => amount(chance, middle)
  }
  if (literals.some((literal) => typeof literal === 'boolean')) return (user) => String(unit(user, hash(wish.name)) < 0.4)
  if (/country|land$|pays/i.test(wish.name)) return market
  const texts = literals.filter((literal) => typeof literal === 'string').map((text): [string, number] => [text, 30])
  const known = pools.get(wish.name) ?? groups.map((text, rank): [string, number] => [text, 40 * 0.72 ** rank])
  const pool = [...known.filter(([value]) => !wish.literals.has(value)), ...texts]
  return byUser(pool, (user) => unit(user, hash(wish.name)), wish.segment ? pool[1]?.[0] : undefined)
}

/** A few events lack what the project splits by: no such property, an empty one, or null; numbers come as text. */
function withGaps(wish: Wish, draw: Draw): Draw {
  return (user, chance) => {
    const value = draw(user, chance)
    const luck = chance.next()
    if (luck > 0.012) return value
    if (wish.numeric) return luck > 0.006 ? '' : value.startsWith('"') ? value : `"${value}"`
    return luck > 0.006 ? '' : luck > 0.003 ? '""' : 'null'
  }
}

/** A value that belongs to the user; the campaign's users share one, if it is named. */
function byUser(pool: Pool, position: (user: number) => number, campaign?: string): Draw {
  const total = pool.reduce((sum, [, weight]) => sum + weight, 0)
  const encoded = pool.map(([value]) => JSON.stringify(value))
  let sum = 0
  const limits = pool.map(([, weight]) => (sum += weight / total))
  const ofCampaign = campaign === undefined ? undefined : JSON.stringify(campaign)
  return (user) => {
    if (ofCampaign !== undefined && user >= launched) return ofCampaign
    const at = position(user)
    const index = limits.findIndex((limit) => at < limit)
    return encoded[index === -1 ? 0 : index] ?? 'null'
  }
}

function evenly(step: number, salt: number): (user: number) => number {
  return (user) => (user * step + 0.08 * unit(user, salt)) % 1
}

function cityOf(): Draw {
  const encoded = new Map(Object.entries(cities).map(([code, names]) => [`"${code}"`, names.map((name) => JSON.stringify(name))]))
  return (user, chance) => {
    const names = encoded.get(market(user, chance))
    return names === undefined ? '' : (names[Math.floor(names.length * unit(user, 2) ** 2)] ?? '')
  }
}

/** Money-like: most are small, a few are large, none is negative. */
function amount(chance: Chance, middle: number): string {
  return (middle * Math.exp(0.8 * chance.normal())).toFixed(2)
}
