import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UnavailableError } from '../../../lib/errors.ts'
import { claim } from '../../../lib/store/claims.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import { whileHolding } from '../../../lib/store/holding.ts'
import type { Store } from '../../../lib/store/store.ts'

const key = 'claims/runs/weekly/20261116T070000Z.json'
let folder: string
let now: number
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet holding '))
  now = Date.parse('2026-11-16T07:00:00Z')
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(async () => {
  vi.useRealTimers()
  await rm(folder, { recursive: true })
})
const clock = () => new Date(now)
const holding = <Value>(store: Store, owner: string, work: (stillOurs: () => void) => Promise<Value>) =>
  whileHolding(store, key, { owner, clock, what: 'the run' }, work)

/** A store of a test, and a way to let time pass: in steps of a beat, each of which is over before the next one. */
function beating(): { store: Store; pass: (seconds: number) => Promise<void> } {
  const inner = openFolder(folder)
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
  async function pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 30) {
      now += 30_000
      vi.advanceTimersByTime(30_000)
      for (let quiet = 0; quiet < 20; quiet = pending === 0 ? quiet + 1 : 0) await setImmediate()
    }
  }
  return { store: { ...inner, get: counted(inner.get), put: counted(inner.put) }, pass }
}

test('what it came to is told also where the claim cannot be released', async () => {
  const { store } = beating()
  let isDown = false
  const falling: Store = { ...store, put: async (...given) => (isDown ? Promise.reject(new Error('503')) : store.put(...given)) }
  async function fall<Value>(outcome: () => Value): Promise<Value> {
    isDown = true
    return outcome()
  }
  expect(await holding(falling, 'one', () => fall(() => 'done'))).toEqual({ value: 'done' })
  isDown = false
  now += 121_000
  const failing = () => {
    throw new Error('the real reason')
  }
  await expect(holding(falling, 'two', () => fall(failing))).rejects.toThrow('the real reason')
  isDown = false
  expect(await holding(falling, 'three', async () => 'not free yet')).toMatchObject({ heldBy: 'two' })
})

test('what takes hours stays with who is at it, and is free at once when that is over', async () => {
  const { store, pass } = beating()
  const outcome = await holding(store, 'one', async (stillOurs) => {
    await pass(1800)
    stillOurs()
    expect(await holding(store, 'two', async () => 'taken')).toEqual({
      heldBy: 'one',
      until: new Date('2026-11-16T07:32:00Z'),
    })
    return 'whole'
  })
  expect(outcome).toEqual({ value: 'whole' })
  expect(await holding(store, 'two', async () => 'mine now')).toEqual({ value: 'mine now' })
})

test('who was stopped for longer than a claim lasts is told that another has it', async () => {
  const { store, pass } = beating()
  const outcome = holding(store, 'one', async (stillOurs) => {
    now += 121_000
    expect(await claim(store, key, { owner: 'two', seconds: 120, clock })).toHaveProperty('renew')
    await pass(30)
    stillOurs()
  })
  await expect(outcome).rejects.toThrow(UnavailableError)
  await expect(outcome).rejects.toThrow('another process has taken the run over')
  expect(await holding(store, 'three', async () => 'no')).toMatchObject({ heldBy: 'two' })
})

test('a renewal that fails is tried again, and is told once the claim has run out', async () => {
  const { store: inner, pass } = beating()
  let down = false
  const store: Store = {
    ...inner,
    put: async (...given) => {
      if (down) throw new UnavailableError('the store is away')
      return inner.put(...given)
    },
  }
  let ours = 0
  const outcome = holding(store, 'one', async (stillOurs) => {
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

test('who wakes up after its claim ran out goes no further, although its timers have yet to say so', async () => {
  const { store } = beating()
  const outcome = holding(store, 'one', async (stillOurs) => {
    now += 600_000
    expect(await holding(store, 'two', async () => 'whole')).toEqual({ value: 'whole' })
    stillOurs()
  })
  await expect(outcome).rejects.toThrow(UnavailableError)
  await expect(outcome).rejects.toThrow('the run was held for longer than its claim lasts')
})

test('who wakes up first of all is let go on once its claim is renewed', async () => {
  const { store, pass } = beating()
  const outcome = await holding(store, 'one', async (stillOurs) => {
    now += 600_000
    expect(stillOurs).toThrow('longer than its claim lasts')
    await pass(30)
    stillOurs()
    return 'whole'
  })
  expect(outcome).toEqual({ value: 'whole' })
})

test('a store that is slow to take the claim, or to renew it, makes it no longer than others read there', async () => {
  const { store: inner, pass } = beating()
  let slow = 100_000
  const store: Store = {
    ...inner,
    put: async (...given) => {
      const etag = await inner.put(...given)
      now += slow
      return etag
    },
  }
  await holding(store, 'one', async (stillOurs) => {
    stillOurs()
    now += 20_000
    expect(stillOurs).toThrow('longer than its claim lasts')
    await pass(30)
    stillOurs()
    now += 20_000
    expect(stillOurs).toThrow('longer than its claim lasts')
    expect(await holding(inner, 'two', async () => 'free')).toEqual({ value: 'free' })
    slow = 0
  })
})

test('what the work throws is told, and the claim is free', async () => {
  const { store } = beating()
  await expect(holding(store, 'one', async () => Promise.reject(new Error('a defect')))).rejects.toThrow('a defect')
  expect(await holding(store, 'two', async () => 'free')).toEqual({ value: 'free' })
})
