import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { type BroadsheetError, RefusedError, UnavailableError } from '../../../lib/errors.ts'
import type { ExportContext } from '../../../lib/export/run.ts'
import { runExport } from '../../../lib/export/run.ts'
import type { Exporting } from '../../../lib/export/window.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import { exportOf } from '../../../lib/sources/mixpanel/exporting.ts'
import { config } from '../../../lib/sources/mixpanel/schema.ts'
import type { Store } from '../../../lib/store/store.ts'
import { fakeTime } from '../../servers/fake-time.ts'
import type { Payload } from '../../servers/vendor.ts'
import { startVendor } from '../../servers/vendor.ts'
import { enter, expected, packed, range, sent } from '../sources/mixpanel/exporting.ts'
import { exportingIn, keys, keysIn, linesIn, manifestIn, monday, withFolder } from './exporting.ts'

/** What a vendor on loopback does to one window, from the socket to what is seen in the store. */

const own = config.parse({ kind: 'mixpanel', project: sent.project_id, region: 'eu', credentials: 'env:MIXPANEL' })
const json = 'exports/events/json/date=2026-11-09/2026-11-09.json.gz'

/** Events whose ids no gzip shortens, so that a few hundred make some 100 KB. */
const events = Array.from({ length: 1400 }, (_, at) => {
  const pad = createHash('sha512').update(String(at)).digest('base64')
  const properties = { time: 1_762_650_000 + at, distinct_id: `u${at % 9}`, $insert_id: `i${at}`, pad, text: 'x\u2028\\n' }
  return JSON.stringify({ event: 'Sign Up', properties })
})
const text = events.map((line) => `${line}\n`).join('')
const whole = gzipSync(text)
const good = packed(text)

interface Door {
  readonly exporting: Exporting
  readonly run: () => ReturnType<typeof runExport>
  readonly time: ReturnType<typeof fakeTime>
}

/** An export of that day over a client of the vendor, and nothing slept. */
async function over(
  store: Store,
  payloads: readonly Payload[],
  work: (door: Door) => Promise<void>,
  { standing, deadline }: { standing?: Record<string, Payload>; deadline?: () => AbortSignal } = {},
): Promise<void> {
  await using vendor = await startVendor(payloads.map(expected), standing)
  const time = fakeTime()
  const { clock, sleep, random } = time
  await using door = enter(vendor, { clock, http: { sleep, random, ...(deadline === undefined ? {} : { deadline }) } })
  const exporting = await exportingIn(
    store,
    { lines: [] },
    {
      clock: clock,
      ask: ({ start, end }, signal) => exportOf(door.client, own, { data: 'events', window: { start, end }, signal }),
    },
  )
  const entry: ExportContext['entry'] = {
    name: 'events',
    source: 'product',
    data: 'events',
    from: range.from_date,
    to: '2026-11-10',
    every: 'day',
    order: 'oldest',
    format: ['json'],
    schema: 'mono',
  }
  const context = { entry, zone: 'UTC', exporting, owner: 'tester', atATime: 1 } satisfies ExportContext
  const scheduledAt = Temporal.Instant.fromEpochMilliseconds(clock().getTime())
  await work({ exporting, time, run: () => runExport({ scheduledAt }, context) })
  // Whatever happened, nothing is left on the disk of whoever exports.
  expect(await readdir(exporting.scratch)).toEqual([])
}

const everyPlace = [
  ...Array.from({ length: Math.floor(whole.length / 4096) }, (_, at) => (at + 1) * 4096),
  ...Array.from({ length: 100 }, (_, at) => whole.length - 100 + at),
]
/** By the socket, and as an answer of HTTP that is whole but for its gzip. */
const cuts = (places: readonly number[]) =>
  places.flatMap((at) => [
    { ...good, cutAfter: at },
    { ...good, body: whole.subarray(0, at) },
  ])

describe('a window that is cut', () => {
  test('every 4 KB or at any of its last 100 bytes leaves nothing to see, and is kept when it comes whole', async () => {
    expect(everyPlace.length).toBeGreaterThan(115)
    await withFolder(async (store) => {
      const payloads = cuts(everyPlace)
      await over(store, [...payloads, good], async ({ exporting }) => {
        for (const at of payloads.keys()) {
          await expect(exportWindow(exporting, monday), `cut ${at}`).rejects.toThrow(UnavailableError)
          expect(await keysIn(store), `cut ${at}`).toEqual([])
        }
        expect(await exportWindow(exporting, monday)).toMatchObject({ state: 'kept', manifest: { lines: 1400 } })
        expect(await linesIn(store, json)).toEqual(events)
      })
    })
  })

  test('while it is looked at again leaves what is kept as it is', async () => {
    await withFolder(async (store) => {
      const before = packed(text.slice(0, text.indexOf('\n', 2000) + 1))
      const payloads = cuts(everyPlace.filter((_, at) => at % 9 === 0))
      await over(store, [before, ...payloads, good], async ({ exporting }) => {
        await exportWindow(exporting, monday)
        const first = await manifestIn(store)
        const kept = await linesIn(store, json)
        for (const at of payloads.keys()) {
          await expect(exportWindow(exporting, monday), `cut ${at}`).rejects.toThrow(UnavailableError)
          expect([await manifestIn(store), await linesIn(store, json)], `cut ${at}`).toEqual([first, kept])
        }
        expect(await exportWindow(exporting, monday)).toMatchObject({ state: 'replaced', manifest: { lines: 1400, revision: 2 } })
        expect(await linesIn(store, json)).toEqual(events)
      })
    })
  })
})

function damaged(at: number): Buffer {
  const bytes = Buffer.from(whole)
  const place = at < 0 ? bytes.length + at : at
  bytes.writeUInt8(bytes.readUInt8(place) ^ 0x55, place)
  return bytes
}

test.each<[string, Payload, typeof BroadsheetError, string]>([
  ['ends early by its own words', packed(`${text}terminated early\n`), UnavailableError, 'after 1400 whole events'],
  [
    'ends early in the middle of a line',
    packed(`${text}{"event": "Sign Up", "proper`),
    UnavailableError,
    'broke off in line 1401',
  ],
  ['ends early unpacked', { body: `${events[0]}\nterminated early` }, UnavailableError, 'after 1 whole event'],
  [
    'has words behind its gzip',
    { ...good, body: Buffer.concat([whole, Buffer.from('terminated early')]) },
    UnavailableError,
    'Z_DATA_ERROR',
  ],
  [
    'has zeros behind its gzip',
    { ...good, body: Buffer.concat([whole, Buffer.alloc(9)]) },
    UnavailableError,
    'more behind its end',
  ],
  ['ends with an error of the vendor', packed(`${text}{"error": "internal error"}\n`), UnavailableError, 'internal error'],
  ['has a wrong checksum', { ...good, body: damaged(-8) }, UnavailableError, 'Z_DATA_ERROR'],
  ['has a wrong length', { ...good, body: damaged(-4) }, UnavailableError, 'Z_DATA_ERROR'],
  ['has a damaged byte', { ...good, body: damaged(9000) }, UnavailableError, 'gzip is cut or damaged'],
  ['is no gzip', { ...good, body: text }, UnavailableError, 'Z_DATA_ERROR'],
  [
    'is an error in a 200',
    { body: '{"error": "Invalid JSON Format: event", "status": "error"}' },
    RefusedError,
    'Invalid JSON Format',
  ],
])('an answer that %s leaves nothing to see; the next one is kept', async (_, payload, kind, words) => {
  await withFolder(async (store) => {
    await over(store, [payload, good], async ({ exporting, run }) => {
      const failed = exportWindow(exporting, monday)
      await expect(failed).rejects.toThrow(kind)
      await expect(failed).rejects.toThrow(words)
      expect(await keysIn(store)).toEqual([])
      expect(await run()).toMatchObject({ status: 'done', done: [{ state: 'kept', lines: 1400 }] })
      expect(await linesIn(store, json)).toEqual(events)
    })
  })
})

describe('a vendor that refuses for now', () => {
  const tooMany = 'too many export requests in progress for this project'

  test.each<[string, Payload[], number[]]>([
    ['being down', [{ status: 500 }, { status: 502, body: '' }], [750, 1500]],
    ['being at too much work', [{ status: 503, headers: { 'retry-after': '20' } }], [20_000]],
    ['shedding load', [{ status: 429 }], [750]],
    [
      'behind a proxy that shows a page',
      [{ headers: { 'content-type': 'text/html' }, body: '<!doctype html><p>Sign in' }],
      [750],
    ],
    ['having too many exports at a time', [{ status: 429, body: { error: tooMany } }], [60_000]],
    [
      'having too many queries at a time',
      [{ status: 429, headers: { ratelimit: '"project";r=12, "project-concurrency";r=0;t=10' } }],
      [10_000],
    ],
  ])('%s is asked again within the same call', async (_, payloads, slept) => {
    await withFolder(async (store) => {
      await over(store, [...payloads, good], async ({ run, time }) => {
        expect(await run()).toMatchObject({ status: 'done', done: [{ state: 'kept', lines: 1400 }], failed: [] })
        expect(time.slept).toEqual(slept)
      })
    })
  })

  test.each<[string, Payload, string]>([
    ['by its header', { status: 429, headers: { ratelimit: '"project";r=0;t=1800, "project-concurrency";r=3' } }, '07:30'],
    ['by its words', { status: 429, body: { error: '60/60 queries running in the last hour' } }, '08:00'],
    ['by its time', { status: 429, headers: { 'retry-after': '2400' } }, '07:40'],
  ])('its hour being used up, told %s, is left until that is over', async (_, payload, time) => {
    await withFolder(async (store) => {
      await over(store, [payload, good], async (door) => {
        const at = new Date(`2026-11-16T${time}:00Z`)
        expect(await door.run()).toMatchObject({ status: 'again', at, done: [], failed: [] })
        expect([await keysIn(store, 'exports/'), await keysIn(store, keys.troubles)]).toEqual([[], []])
        door.time.advance(at.getTime() - door.time.clock().getTime())
        expect(await door.run()).toMatchObject({ status: 'done', done: [{ state: 'kept' }] })
      })
    })
  })

  test('for longer than a call asks is written down, and asked again by the next call', async () => {
    await withFolder(async (store) => {
      await over(
        store,
        [],
        async ({ run, time }) => {
          expect(await run()).toMatchObject({ status: 'again', why: expect.stringContaining('503'), done: [], failed: [] })
          // For as long as a day that is counted up may take to begin.
          expect(time.slept.length).toBeGreaterThan(2)
          expect([await keysIn(store, 'exports/'), await keysIn(store, keys.troubles)]).toEqual([
            [],
            [keys.trouble('2026-11-09')],
          ])
        },
        { standing: { '/api/2.0/export': { status: 503 } } },
      )
      await over(store, [good], async ({ run, time }) => {
        time.advance(3_600_000)
        expect(await run()).toMatchObject({ status: 'done', done: [{ state: 'kept' }] })
        expect(await keysIn(store, keys.troubles)).toEqual([])
      })
    })
  })
})

test('a socket that falls silent in the middle of a window is given up; nothing of it is seen, and it is asked for again', async () => {
  const set: AbortController[] = []
  const deadline = () => {
    const over = new AbortController()
    set.push(over)
    return over.signal
  }
  async function* silent() {
    yield whole.subarray(0, 60_000)
    await new Promise(() => {})
  }
  await withFolder(async (store) => {
    await over(
      store,
      [{ ...good, chunks: silent() }, good],
      async ({ exporting, run }) => {
        let came = 0
        const receiving = {
          ...exporting,
          received: (bytes: number) => {
            came += bytes
          },
        }
        const failed = expect(exportWindow(receiving, monday)).rejects.toThrow(
          /broke off after 60000 bytes \(nothing came for 120 s\), after \d+ whole events/,
        )
        while (came < 60_000) await setImmediate()
        // In the first stretch bytes came, in the next none.
        for (let stretch = 1; stretch <= 2; stretch += 1) {
          set.at(-1)?.abort()
          await setImmediate()
        }
        await failed
        expect(await keysIn(store)).toEqual([])
        expect(await run()).toMatchObject({ status: 'done', done: [{ state: 'kept', lines: 1400 }] })
      },
      { deadline },
    )
  })
})
