import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { base, openDoor } from './door.ts'

const other = 'SECRETKEYOFSOMEBODY'

describe('the keys in an answer are quoted in no failure', () => {
  test.each<[string, Payload]>([
    ['is cut', { body: `[{"key":"${other}","name":"x","opt` }],
    ['is of another shape', { body: [{ key: other, name: 7 }] }],
    ['is a failure without words', { status: 400, body: `key ${other} is odd` }],
  ])('that %s', async (_, answer) => {
    const asked = { path: `${base}/keys`, answer }
    await using vendor = await startVendor([asked])
    await using door = openDoor(vendor, { http: { sleep: () => Promise.reject(new Error('no further try')) } })
    const error: unknown = await door.client.listAccessKeys({}).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(Error)
    expect(inspect(error, { depth: 9 })).not.toContain(other)
  })
})

test('what a delete has deleted is not deleted once more: its timeframe may be another one meanwhile', async () => {
  await using vendor = await startVendor([
    {
      method: 'DELETE',
      path: `${base}/events/a`,
      query: { timeframe: 'previous_1_minutes' },
      answer: { status: 504, headers: { 'retry-after': '1' }, body: '' },
    },
  ])
  await using door = openDoor(vendor)
  await expect(door.client.deleteEvents({ event_collection: 'a', timeframe: 'previous_1_minutes' })).rejects.toThrow('504')
  expect(door.lines).toHaveLength(1)
})
