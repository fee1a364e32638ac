import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { DataError, RefusedError, UnavailableError } from '../../../../lib/errors.ts'
import type { ExportedEvent } from '../../../../lib/sources/mixpanel/export-lines.ts'
import { fakeTime } from '../../../servers/fake-time.ts'
import { answers, drain, enter, failureOf, packed, range, two } from './exporting.ts'

/** Events that hardly pack, so that a few of them make many bytes of gzip. */
function many(count: number): string {
  let seed = 7
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed.toString(36)
  }
  return Array.from({ length: count }, (_, at) => {
    const properties = { time: 1_762_650_000 + at, $insert_id: next() + next(), text: Array.from({ length: 30 }, next).join(' ') }
    return `${JSON.stringify({ event: `event ${at}`, properties })}\n`
  }).join('')
}

describe('an export that is not whole', () => {
  /** Cuts a gzip at each of the places, by its socket and as an answer that is whole but for its gzip. */
  async function cutAt(text: string, places: (length: number) => number[]): Promise<void> {
    const whole = gzipSync(text)
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ExportedEvent)
    const payloads = places(whole.length).flatMap((at) => [
      packed(text, { cutAfter: at }),
      packed('', { body: whole.subarray(0, at) }),
    ])
    await using vendor = await answers(...payloads)
    await using door = enter(vendor)
    for (const [at] of payloads.entries()) {
      const { events: came, error } = await drain(door.client.exportEvents(range))
      expect(error, `cut ${at}`).toBeInstanceOf(UnavailableError)
      const counted = came.length === 1 ? '1 whole event' : `${came.length} whole events`
      expect((error as Error).message, `cut ${at}`).toMatch(
        new RegExp(
          `: (?:the answer broke off after \\d+ bytes \\(UND_ERR_SOCKET\\)|the gzip is cut or damaged \\(Z_BUF_ERROR\\)), after ${counted}$`,
        ),
      )
      expect(came).toEqual(events.slice(0, came.length))
    }
  }

  test('is cut at any byte of a small one', () => cutAt(two, (length) => Array.from({ length: length - 1 }, (_, at) => at + 1)))

  test('is cut at every 4 KB and each of the last 100 bytes of a larger one', async () => {
    const text = many(1200)
    expect(gzipSync(text).length).toBeGreaterThan(150_000)
    await cutAt(text, (length) => [
      ...Array.from({ length: Math.floor(length / 4096) }, (_, at) => (at + 1) * 4096),
      ...Array.from({ length: 100 }, (_, at) => length - 100 + at),
    ])
  })

  test.each([
    ['packed as nothing at all', packed('', { body: '' }), 'Z_BUF_ERROR'],
    ['with a wrong checksum', packed('', { body: damaged(two, -8) }), 'Z_DATA_ERROR'],
    ['with a wrong length', packed('', { body: damaged(two, -4) }), 'Z_DATA_ERROR'],
    ['with a damaged byte', packed('', { body: damaged(many(200), 9000) }), 'Z_DATA_ERROR'],
    [
      'with words after its gzip',
      packed('', { body: Buffer.concat([gzipSync(two), Buffer.from('terminated early')]) }),
      'Z_DATA_ERROR',
    ],
    ['that is no gzip', packed('', { body: two }), 'Z_DATA_ERROR'],
    ['that ends early by its own words', packed(`${two}terminated early`), 'ended the export early, after 2 whole events'],
    ['whose last line is cut', packed(two.slice(0, -9)), 'broke off in line 2, after 1 whole event'],
    ['whose error is cut', { body: `${two}{"error":` }, 'broke off in line 3, after 2 whole events'],
    ['unpacked, by its socket', { body: two, cutAfter: 120 }, 'broke off after 120 bytes (UND_ERR_SOCKET), after'],
  ])('may come %s', async (_, payload, message) => {
    await using vendor = await answers(payload)
    await using door = enter(vendor)
    const { error } = await drain(door.client.exportEvents(range))
    expect(error).toBeInstanceOf(UnavailableError)
    expect((error as Error).message).toContain(message)
    expect(door.time.slept).toEqual([])
  })

  test('may be an error of the vendor, or of its data', async () => {
    await using vendor = await answers(
      { body: '{"error":"Invalid JSON Format: event"}' },
      { body: 'null' },
      { body: `${two}{"event" : "x"}\n` },
    )
    await using door = enter(vendor)
    for (const kind of [RefusedError, RefusedError, DataError]) {
      expect((await drain(door.client.exportEvents(range))).error).toBeInstanceOf(kind)
    }
  })

  test('is given up when the vendor falls silent', async () => {
    const set: AbortController[] = []
    const deadline = () => {
      const over = new AbortController()
      set.push(over)
      return over.signal
    }
    async function* chunks() {
      yield Buffer.from(two)
      await new Promise(() => {})
    }
    await using vendor = await answers({ chunks: chunks() })
    const time = fakeTime()
    await using door = enter(vendor, { http: { sleep: time.sleep, random: time.random, deadline } })
    const events = door.client.exportEvents(range)
    await events.next()
    await events.next()
    const third = failureOf(events.next())
    // The first stretch had bytes in it, the second none.
    for (const stretch of [1, 2]) {
      await new Promise(setImmediate)
      set[stretch]?.abort()
    }
    expect(await third).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('(nothing came for 120 s), after 2 whole events'),
    })
  })
})

function damaged(text: string, at: number): Buffer {
  const bytes = gzipSync(text)
  const place = at < 0 ? bytes.length + at : at
  bytes.writeUInt8(bytes.readUInt8(place) ^ 0x55, place)
  return bytes
}
