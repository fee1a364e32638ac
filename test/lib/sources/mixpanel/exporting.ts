import { gzipSync } from 'node:zlib'
import type { MixpanelOptions } from '../../../../lib/sources/mixpanel/client.ts'
import { createMixpanelClient } from '../../../../lib/sources/mixpanel/client.ts'
import type { ExportedEvent } from '../../../../lib/sources/mixpanel/export-lines.ts'
import { fakeTime } from '../../../servers/fake-time.ts'
import type { Payload, Vendor } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'

/** What suites of the raw export share: a client at a vendor on loopback, and two events. */

export const secret = 'Zk3vQ9pLr7TnX2mB'
export const account = { username: 'exports.5b1f.mp-service-account', secret }
export const basic = `Basic ${Buffer.from(`${account.username}:${secret}`).toString('base64')}`
export const range = { from_date: '2026-11-09', to_date: '2026-11-09' }
export const sent = { project_id: '1234567', ...range }

export function enter(vendor: Vendor, options: Partial<MixpanelOptions> = {}) {
  const time = fakeTime()
  const lines: string[] = []
  const client = createMixpanelClient({
    project: '1234567',
    region: 'eu',
    url: vendor.url,
    credential: async () => JSON.stringify(account),
    credentials: 'ssm:/broadsheet/product',
    trace: (line) => lines.push(line),
    clock: time.clock,
    http: { sleep: time.sleep, random: time.random },
    ...options,
  })
  return { client, time, lines, [Symbol.asyncDispose]: () => client.close() }
}

export const expected = (answer: Payload) => ({ path: '/api/2.0/export', query: sent, answer })
export const answers = (...payloads: Payload[]) => startVendor(payloads.map(expected))
export const packed = (text: string | Buffer, own: Partial<Payload> = {}): Payload => ({
  body: gzipSync(text),
  ...own,
  headers: { 'content-encoding': 'gzip', 'x-request-id': 'mp-1', ...own.headers },
})

export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** All events, and how they ended. */
export async function drain(events: AsyncIterable<ExportedEvent>): Promise<{ events: ExportedEvent[]; error?: unknown }> {
  const seen: ExportedEvent[] = []
  try {
    for await (const event of events) seen.push(event)
  } catch (error) {
    return { events: seen, error }
  }
  return { events: seen }
}

const lines = [
  '{"event": "event", "properties": {"foo": "FOO", "bar": "2000-01-01 11:11:11", "int": 42}}',
  '{"event": "event2", "properties": {"foo": "föö\u2028", "bar": "1988-12-01 12:11:11", "int": 1}}',
]
export const two = `${lines.join('\n')}\n`
export const parsed = lines.map((line) => JSON.parse(line) as ExportedEvent)
