import { describe, expect, test } from 'vitest'
import { DataError } from '../../../lib/errors.ts'
import type { Claim, Held } from '../../../lib/store/claims.ts'
import { claim, ownerOfThisProcess } from '../../../lib/store/claims.ts'
import type { Store } from '../../../lib/store/store.ts'
import { startChild } from './child.ts'
import type { StoreUnderTest } from './contract.ts'

const key = 'claims/runs/weekly/20261116T070000Z.json'

/** What claims promise on every store. `open` makes a new and empty one. */
export function claimsContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`claims in ${name}`, () => {
    test('who comes second is told who is at it and until when', async () => {
      const { store } = await open()
      const clock = fakeClock()
      ours(await claim(store, key, { owner: 'ann', seconds: 120, clock }))
      expect(await claim(store, key, { owner: 'bob', seconds: 120, clock })).toEqual({
        heldBy: 'ann',
        until: new Date('2026-11-16T07:02:00Z'),
      })
      expect(await claim(store, key, { owner: 'ann', seconds: 120, clock })).toMatchObject({ heldBy: 'ann' })
    })

    test('of ten claimants one holds it: a new claim, and one that is over', async () => {
      const { store } = await open()
      const clock = fakeClock()
      for (let round = 0; round < 3; round += 1) {
        const claims = await Promise.all(
          Array.from({ length: 10 }, (_, at) => claim(store, key, { owner: `${at}`, seconds: 60, clock })),
        )
        const holders = claims.filter((one) => 'renew' in one)
        expect(holders).toHaveLength(1)
        for (const one of claims) if ('heldBy' in one) expect(one.heldBy).toBe(holders[0]?.owner)
        clock.advance(61)
      }
    })

    test('it is taken over when it is over and not a moment before', async () => {
      const { store } = await open()
      const clock = fakeClock()
      const ann = ours(await claim(store, key, { owner: 'ann', seconds: 120, clock }))
      clock.advance(119)
      expect(await claim(store, key, { owner: 'bob', seconds: 120, clock })).toHaveProperty('heldBy', 'ann')
      clock.advance(1)
      ours(await claim(store, key, { owner: 'bob', seconds: 120, clock }))
      expect(await ann.renew()).toBe(false)
      await ann.release()
      expect(await claim(store, key, { owner: 'eve', seconds: 120, clock })).toHaveProperty('heldBy', 'bob')
    })

    test('a renewed claim lasts from then on, also when nobody saw that it was over', async () => {
      const { store } = await open()
      const clock = fakeClock()
      const ann = ours(await claim(store, key, { owner: 'ann', seconds: 120, clock }))
      clock.advance(100)
      expect(await ann.renew()).toBe(true)
      clock.advance(100)
      expect(await claim(store, key, { owner: 'bob', seconds: 120, clock })).toHaveProperty(
        'until',
        new Date('2026-11-16T07:03:40Z'),
      )
      clock.advance(100)
      expect(await ann.renew()).toBe(true)
      expect(await claim(store, key, { owner: 'bob', seconds: 120, clock })).toHaveProperty('heldBy', 'ann')
    })

    test('a released claim is free at once, and a renewal under way does not bring it back', async () => {
      const { store } = await open()
      const clock = fakeClock()
      const ann = ours(await claim(store, key, { owner: 'ann', seconds: 120, clock }))
      const [renewed] = await Promise.all([ann.renew(), ann.release(), ann.renew()])
      expect(renewed).toBe(true)
      expect(await ann.renew()).toBe(false)
      ours(await claim(store, key, { owner: 'bob', seconds: 120, clock }))
      await ann.release()
      expect(await claim(store, key, { owner: 'eve', seconds: 120, clock })).toHaveProperty('heldBy', 'bob')
    })

    test('a put whose answer got lost is known again by who wrote it', async () => {
      const { store } = await open()
      const clock = fakeClock()
      let lost = 0
      const forgetful: Store = {
        ...store,
        put: async (...args) => {
          await store.put(...args)
          lost += 1
          return undefined
        },
      }
      const ann = ours(await claim(forgetful, key, { owner: 'ann', seconds: 120, clock }))
      expect(lost).toBe(1)
      expect(await claim(store, key, { owner: 'bob', seconds: 120, clock })).toHaveProperty('heldBy', 'ann')
      expect(ann.owner).toBe('ann')
    })

    test('the claim of a process of this host that was killed is free at once; that of a living one is not', async () => {
      const { store, env } = await open()
      const clock = fakeClock()
      const child = startChild('claimant.ts', [store.address, key, clock().toISOString()], env)
      try {
        const owner = await child.line()
        expect(owner.split('/').slice(0, 2)).toEqual([ownerOfThisProcess().split('/')[0], String(child.process.pid)])
        expect(await claim(store, key, { owner: ownerOfThisProcess(), seconds: 120, clock })).toHaveProperty('heldBy', owner)
        await child.kill()
        ours(await claim(store, key, { owner: ownerOfThisProcess(), seconds: 120, clock }))
      } finally {
        await child.kill()
      }
    })

    test('what is no claim is an error that names it', async () => {
      const { store } = await open()
      await store.put(key, '{"version":1}')
      const failed = await claim(store, key, { owner: 'ann', seconds: 120, clock: fakeClock() }).catch((error: unknown) => error)
      expect(failed).toBeInstanceOf(DataError)
      expect((failed as DataError).message).toContain(store.locate(key))
    })
  })
}

function ours(outcome: Claim | Held): Claim {
  if ('heldBy' in outcome) throw new Error(`held by ${outcome.heldBy}`)
  return outcome
}

function fakeClock(): (() => Date) & { advance(seconds: number): void } {
  let now = Date.parse('2026-11-16T07:00:00Z')
  return Object.assign(() => new Date(now), {
    advance: (seconds: number) => {
      now += seconds * 1000
    },
  })
}
