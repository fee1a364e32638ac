import { describe, expect, test } from 'vitest'
import type { CallName } from '../../../../lib/sources/keen/client.ts'
import type { Expected } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { base, openDoor } from './door.ts'

describe('what the vendor may have done is sent once', () => {
  const answers = [
    { status: 503, headers: { 'retry-after': '1' }, body: '' },
    { status: 408, body: '' },
    { status: 500, body: '' },
    { status: 200, body: { message: 'Oof', error_code: 'InternalServerError' } },
  ]
  const mail = { event_collection: 'a', email: 'a@example.com' }
  const query = { query_name: 'new', refresh_rate: 0, query: { analysis_type: 'count' } }
  const writes: [CallName, object, Omit<Expected, 'answer'>][] = [
    ['addEvent', { event_collection: 'a', event_body: { n: 1 } }, { method: 'POST', path: `${base}/events/a`, json: { n: 1 } }],
    ['addEvents', { events: { a: [{ n: 1 }] } }, { method: 'POST', path: `${base}/events`, json: { a: [{ n: 1 }] } }],
    ['extractionEmail', mail, { method: 'POST', path: `${base}/queries/extraction`, json: mail }],
    [
      'savedQueryUpdateFull',
      { query_name: 's', saved_query: query },
      { method: 'PUT', path: `${base}/queries/saved/s`, json: query },
    ],
  ]
  test.each(writes.flatMap((write) => answers.map((answer) => [...write, answer] as const)))('%s %j %j: %j', async (...given) => {
    const [name, parameters, expected, answer] = given
    await using vendor = await startVendor([{ ...expected, answer }])
    await using door = openDoor(vendor)
    await expect(door.client.call(name, parameters)).rejects.toThrow(String(answer.status))
    expect(door.lines).toHaveLength(1)
  })
})
