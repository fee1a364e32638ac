import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UnavailableError } from '../../../lib/errors.ts'
import { holding } from '../../../lib/export/holding.ts'
import { claim } from '../../../lib/store/claims.ts'
import type { Store } from '../../../lib/store/store.ts'
import { keys, withFolder } from './exporting.ts'

const window = '2026-11-09'
let now: number
beforeEach(() => {
  now = Date.parse('2026-11-10T00:30:00Z')
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => {
  vi.useRealTimers()
})
const clock = () => new Date(now)
const holder = (store: Store, owner: string) => ({ store, keys, owner, clock })

/** A store of a test, and a way to let time pass: in steps of a beat, each of which is over before the next one. */
async function withStore(work: (store: Store, pass: (seconds: number) => Promise<void>) => Promise<void>): Promise<void> {
  await withFolder(async (inner) => {
    let pending = 0
    const counted =
      <Given extends unknown[], Value>(call: (...given: Given) => Promise<Value>) =>
      async (...given: Given) => {
        pending += 1
        try {
          return await call(...given)
        } finally {
          pending -= 1
        }
      }
    await work({ ...inner, get: counted(inner.get), put: counted(inner.put) }, async (seconds) => {
      for (let passed = 0; passed < seconds; passed += 30) {
        now += 30_000
        vi.advanceTimersByTime(30_000)
        for (let quiet = 0; quiet < 20; quiet = pending === 0 ? quiet + 1 : 0) await setImmediate()
      }
    })
  })
}

test('a window that takes hours stays with who is at it, and is free at once when that is over', async () => {
  await withStore(async (store, pass) => {
    const outcome = await holding(holder(store, 'one'), window, async (stillOurs) => {
      await pass(1800)
      stillOurs()
      expect(await holding(holder(store, 'two'), window, async () => 'taken')).toMatchObject({ heldBy: 'one' })
      return 'whole'
    })
    expect(outcome).toEqual({ value: 'whole' })
    expect(await holding(holder(store, 'two'), window, async () => 'mine now')).toEqual({ value: 'mine now' })
  })
})

test('who was stopped for longer than a claim lasts is told that another has it', async () => {
  await withStore(async (store, pass) => {
    const outcome = holding(holder(store, 'one'), window, async (stillOurs) => {
      now += 121_000
      expect(await claim(store, keys.claim(window), { owner: 'two', seconds: 120, clock })).toHaveProperty('renew')
      await pass(30)
      stillOurs()
    })
    await expect(outcome).rejects.toThrow(UnavailableError)
    await expect(outcome).rejects.toThrow('another process has taken 2026-11-09 over')
    expect(await holding(holder(store, 'three'), window, async () => 'no')).toMatchObject({ heldBy: 'two' })
  })
})

test('a renewal that fails is tried again, and is told once the claim has run out', async () => {
  await withStore(async (inner, pass) => {
    let down = false
    const store: Store = {
      ...inner,
      put: async (...given) => {
        if (down) throw new UnavailableError('the store is away')
        return inner.put(...given)
      },
    }
    let ours = 0
    const outcome = holding(holder(store, 'one'), window, async (stillOurs) => {
      down = true
      await pass(90)
      stillOurs()
      ours += 1
      down = false
      await pass(30)
      down = true
      await pass(90)
      stillOurs()
      ours += 1
      await pass(30)
      try {
        stillOurs()
        ours += 1
      } finally {
        down = false
      }
    })
    await expect(outcome).rejects.toThrow('the store is away')
    expect(ours).toBe(2)
  })
})

test('what the work throws is told, and the window is free', async () => {
  await withFolder(async (store) => {
    const failing = holding(holder(store, 'one'), window, async () => Promise.reject(new Error('a defect')))
    await expect(failing).rejects.toThrow('a defect')
    expect(await holding(holder(store, 'two'), window, async () => 'free')).toEqual({ value: 'free' })
  })
})

test('who wakes up after its claim ran out goes no further, although its timers have yet to say so', async () => {
  await withStore(async (store) => {
    const outcome = holding(holder(store, 'one'), window, async (stillOurs) => {
      now += 600_000
      expect(await holding(holder(store, 'two'), window, async () => 'whole')).toEqual({ value: 'whole' })
      stillOurs()
    })
    await expect(outcome).rejects.toThrow('2026-11-09 was held for longer than its claim lasts')
  })
})
