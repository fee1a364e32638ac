import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

/**
 * `node export-events.ts <file> <events> <first day> <days>`: made-up events as Mixpanel exports them, about 950 bytes each
 * with 35 properties, one in a hundred twice, packed with gzip. The same numbers each time.
 */
const [file = '', count = '1000000', day = '2026-08-01', days = '1'] = process.argv.slice(2)
const [events, first, span] = [Number(count), Date.parse(`${day}T00:00:00Z`) / 1000, Number(days) * 86_400]

let state = 1
/** mulberry32: small, and good enough to be unlike. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}
const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
const names = ['Sign Up', 'Page View', 'Charge', 'Create Project', 'Invite', 'Search', 'Error', 'Log In']
const countries = ['DE', 'AT', 'CH', 'FR', 'PL', 'CZ', 'US', 'GB']
const browsers = ['Chrome', 'Safari', 'Firefox', 'Edge']
const words = ['lorem', 'ipsum', 'dolor', 'sit', 'amet', 'elit', 'sed', 'tempor', 'magna', 'aliqua']

function event(at: number): string {
  const time = first + Math.floor((at / events) * span)
  const user = Math.floor(random() ** 2 * 200_000)
  const own: Record<string, unknown> = {
    time,
    distinct_id: `user-${user}`,
    $insert_id: `${at.toString(36)}${Math.floor(random() * 1e9).toString(36)}`,
    mp_processing_time_ms: (time + 2) * 1000 + Math.floor(random() * 1000),
    $browser: pick(browsers),
    $browser_version: 100 + Math.floor(random() * 40),
    $city: pick(words),
    mp_country_code: pick(countries),
    country: pick(countries),
    plan: pick(['free', 'pro', 'team']),
    amount: Math.round(random() * 10_000) / 100,
    is_trial: random() < 0.3,
    referrer: `https://example.com/${pick(words)}/${pick(words)}?utm_source=${pick(words)}`,
    $current_url: `https://www.example.com/${pick(words)}/${pick(words)}?id=${Math.floor(random() * 1e5)}`,
    $user_agent: `Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/${100 + Math.floor(random() * 40)}.0`,
    tags: [pick(words), pick(words)],
    note: random() < 0.01 ? '5' : pick(words),
    nothing: random() < 0.001 ? null : 'set',
  }
  for (let more = 0; more < 17; more += 1)
    own[`property_${more}`] = more % 3 === 0 ? Math.floor(random() * 1e6) : `${pick(words)} ${pick(words)}`
  return `${JSON.stringify({ event: pick(names), properties: own })}\n`
}

function* chunks(): Generator<string> {
  let last = ''
  for (let at = 0; at < events; at += 500) {
    let text = ''
    for (let one = at; one < Math.min(events, at + 500); one += 1) {
      // One in a hundred is there twice.
      if (last === '' || random() >= 0.01) last = event(one)
      text += last
    }
    yield text
  }
}

await pipeline(chunks, createGzip({ level: 6 }), createWriteStream(file))
