import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WaitError } from '../../../lib/errors.ts'
import type { Taken } from '../../../lib/ledger.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import { storeLedger, usedOf } from '../../../lib/store/ledger.ts'
import { openS3 } from '../../../lib/store/s3.ts'
import type { Store } from '../../../lib/store/store.ts'
import type { S3Server } from '../../servers/s3.ts'
import { startS3 } from '../../servers/s3.ts'
import { ledgerContract } from './ledger-contract.ts'
import { keepsToAModel } from './ledger-model.ts'

let place: string
let s3: S3Server
let stores = 0
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'a folder of ledgers '))
  s3 = await startS3()
})
afterAll(async () => {
  await rm(place, { recursive: true })
  await s3.stop()
})

ledgerContract('a folder', async () => {
  stores += 1
  return { store: openFolder(join(place, `store ${stores}`)), env: {} }
})
ledgerContract('S3 (stand-in)', async () => {
  return { store: openS3(`s3://${await s3.createBucket()}/team/broadsheet`, s3.client), env: s3.env }
})

/** For random cases by the hundred: as much of a store as a ledger uses, with the content for an etag. */
function openMemory(): Store {
  const held = new Map<string, string>()
  return {
    address: 'memory',
    locate: (key) => key,
    get: async (key) => {
      const etag = held.get(key)
      return etag === undefined ? undefined : { body: Buffer.from(etag), etag }
    },
    put: async (key, body, options = {}) => {
      const condition = options.if
      const expected = typeof condition === 'object' ? condition.etag : undefined
      if (condition !== undefined && held.get(key) !== expected) return undefined
      const etag = Buffer.from(body).toString()
      held.set(key, etag)
      return etag
    },
    purge: () => {
      throw new Error('a ledger has no versions')
    },
    unfinished: () => {
      throw new Error('a ledger uploads nothing')
    },
    upload: () => {
      throw new Error('a ledger uploads nothing')
    },
    read: () => {
      throw new Error('a ledger reads whole objects')
    },
    list: () => {
      throw new Error('a ledger lists nothing')
    },
    delete: async () => {
      throw new Error('a ledger deletes nothing')
    },
  }
}

test('what a limit has had of the last hour is told, and nothing is taken for it', async () => {
  const limit = { name: 'mixpanel-eu-1234567-export', perHour: 3 }
  const [early, late, now] = ['06:00', '06:59', '07:30'].map((time) => new Date(`2026-11-16T${time}:00Z`)) as [Date, Date, Date]
  const store = openMemory()
  expect(await usedOf(limit, store, now)).toEqual({ calls: [], until: undefined })
  for (const at of [early, late]) await storeLedger(store, { clock: () => at }).take(limit)
  await storeLedger(store, { clock: () => now }).block(limit, new Date(now.getTime() + 600_000))
  const used = { calls: [late], until: new Date('2026-11-16T07:40:00Z') }
  expect([await usedOf(limit, store, now), await usedOf(limit, store, now)]).toEqual([used, used])
})

test('any calls, given back or not, and any blocks: as a plain model has it, in many more cases', async () => {
  await keepsToAModel(async () => openMemory(), 400)
})

test('whatever order reads, writes and lost answers come in: never too many, none lost and none left over', async () => {
  const limit = { name: 'mixpanel-eu-1234567-query', perHour: 4 }
  const clock = () => new Date('2026-11-16T07:00:00Z')
  const deed = fc.constantFrom('take' as const, 'take' as const, 'give back' as const)
  const deeds = fc.array(fc.array(deed, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 4 })
  const losses = fc.infiniteStream(fc.boolean())
  const property = fc.asyncProperty(fc.scheduler(), deeds, losses, async (scheduler, processes, lost) => {
    const memory = openMemory()
    const later = (what: string) => scheduler.schedule(Promise.resolve(), what)
    const racing: Store = {
      ...memory,
      get: async (key) => {
        await later('read')
        return memory.get(key)
      },
      put: async (...args) => {
        await later('write')
        const etag = await memory.put(...args)
        const { calls } = JSON.parse(Buffer.from((await memory.get(args[0]))?.body ?? []).toString())
        expect(calls.length).toBeLessThanOrEqual(limit.perHour)
        await later('answer')
        return lost.next().value ? undefined : etag
      },
    }
    const sleep = () => later('pause')
    let out = 0
    let refused = 0
    let givenBack = 0
    async function live(own: readonly ('take' | 'give back')[]): Promise<void> {
      const ledger = storeLedger(racing, { clock, sleep })
      const held: Taken[] = []
      for (const next of own) {
        if (next === 'take') {
          const outcome = await ledger.take(limit).catch((error: unknown) => error)
          if (outcome instanceof WaitError) refused += 1
          else {
            out += 1
            held.push(outcome as Taken)
          }
        } else {
          const [first] = held.splice(0, 1)
          if (first === undefined) continue
          await Promise.all([first.giveBack(), first.giveBack()])
          out -= 1
          givenBack += 1
        }
      }
    }
    await scheduler.waitFor(Promise.all(processes.map(live)))
    // Who is refused was so because the limit was used up.
    if (refused > 0 && givenBack === 0) expect(out).toBe(limit.perHour)
    const ledger = storeLedger(memory, { clock })
    for (; out < limit.perHour; out += 1) await ledger.take(limit)
    await expect(ledger.take(limit)).rejects.toThrow(WaitError)
  })
  await fc.assert(property, { numRuns: 300 })
})
