import { describe, expect, test } from 'vitest'
import { DataError, UnavailableError, WaitError } from '../../../lib/errors.ts'
import type { Ledger, Limit, Taken } from '../../../lib/ledger.ts'
import { limitKey } from '../../../lib/store/keys.ts'
import type { LedgerOptions } from '../../../lib/store/ledger.ts'
import { storeLedger } from '../../../lib/store/ledger.ts'
import type { Store } from '../../../lib/store/store.ts'
import { fakeTime } from '../../servers/fake-time.ts'
import { startChild } from './child.ts'
import type { StoreUnderTest } from './contract.ts'
import { listed } from './contract.ts'
import { keepsToAModel } from './ledger-model.ts'

const minute = 60_000
const hour = 60 * minute
const name = 'mixpanel-eu-1234567-query'
const limit: Limit = { name, perHour: 3 }

/** What a ledger promises on every store. `open` makes a new and empty one. */
export function ledgerContract(kind: string, open: () => Promise<StoreUnderTest>): void {
  describe(`a ledger in ${kind}`, () => {
    /** Ledgers as so many processes have them, on one clock. Whoever loses a race goes on at once. */
    async function opened<Count extends number>(count: Count, more: Partial<LedgerOptions> = {}) {
      const { store } = await open()
      const time = fakeTime()
      const options = { clock: time.clock, sleep: async () => {}, ...more }
      return { store, time, ledgers: Array.from({ length: count }, () => storeLedger(store, options)) as [Ledger, ...Ledger[]] }
    }

    test('a call counts for an hour from its own instant, in which an hour of the clock begins', async () => {
      const { ledgers, time } = await opened(1)
      const [ledger] = ledgers
      time.advance(59 * minute)
      expect(await takeAll(ledger, limit)).toMatchObject({ taken: 3, until: '2026-11-16T08:59:00.000Z' })
      time.advance(minute)
      expect(await takeAll(ledger, limit)).toMatchObject({ taken: 0, until: '2026-11-16T08:59:00.000Z' })
      time.advance(59 * minute - 1)
      expect(await takeAll(ledger, limit)).toMatchObject({ taken: 0 })
      time.advance(1)
      expect(await takeAll(ledger, limit)).toMatchObject({ taken: 3, until: '2026-11-16T09:59:00.000Z' })
    })

    test.each([
      { perHour: 1, room: 90 },
      { perHour: 2, room: 80 },
      { perHour: 4, room: 60 },
      { perHour: 5, room: 30 },
    ])('who keeps to $perHour finds room as soon as fewer are left of four that others used', async ({ perHour, room }) => {
      const { ledgers, time } = await opened(2)
      const [used, asked] = ledgers as [Ledger, Ledger]
      const start = time.clock().getTime()
      for (const pause of [0, 10, 10, 10]) {
        time.advance(pause * minute)
        await used.take({ name, perHour: 4 })
      }
      const until = start + room * minute
      if (room > 30) {
        const refused = await waitError(asked.take({ name, perHour }))
        expect(refused.until).toEqual(new Date(until))
        expect(refused.message).toBe(`4 of ${perHour} calls of ${name} were used in the last hour`)
        expect(refused.remedy).toContain('budget')
        const { message } = await waitError(asked.take({ name, perHour, label: 'queries of project 7' }))
        expect(message).toBe(`4 of ${perHour} queries of project 7 were used in the last hour`)
        time.advance(until - time.clock().getTime() - 1)
        expect((await waitError(asked.take({ name, perHour }))).until).toEqual(new Date(until))
        time.advance(1)
      }
      await asked.take({ name, perHour })
      await waitError(asked.take({ name, perHour }))
    })

    test('of thirty calls in three processes at once, as many go as the hour has', async () => {
      const { ledgers } = await opened(3)
      const outcomes = await Promise.allSettled(
        Array.from({ length: 30 }, (_, at) => ledgers[at % 3]?.take({ name, perHour: 10 })),
      )
      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
      expect(refused).toHaveLength(20)
      for (const error of refused) expect(error).toBeInstanceOf(WaitError)
    })

    test('limits are apart from each other', async () => {
      const { ledgers } = await opened(1)
      expect(await takeAll(ledgers[0], limit)).toMatchObject({ taken: 3 })
      expect(await takeAll(ledgers[0], { ...limit, name: 'mixpanel-us-1234567-query' })).toMatchObject({ taken: 3 })
    })

    test('what is given back is that call alone, also when others took meanwhile; once more does nothing', async () => {
      const { ledgers, time } = await opened(2)
      const [ours, theirs] = ledgers as [Ledger, Ledger]
      const first = await ours.take(limit)
      await theirs.take(limit)
      time.advance(10 * minute)
      await theirs.take(limit)
      await first.giveBack()
      await first.giveBack()
      expect(await takeAll(theirs, limit)).toMatchObject({ taken: 1, until: '2026-11-16T08:00:00.000Z' })
      await first.giveBack()
      expect(await takeAll(ours, limit)).toMatchObject({ taken: 0, until: '2026-11-16T08:00:00.000Z' })
      time.advance(50 * minute)
      expect(await takeAll(ours, limit)).toMatchObject({ taken: 1, until: '2026-11-16T08:10:00.000Z' })
    })

    test('of calls taken and given back at once in five processes, none is lost and none is left over', async () => {
      const { ledgers } = await opened(5)
      const wide = { name, perHour: 20 }
      const taken = await Promise.all(Array.from({ length: 15 }, (_, at) => ledgers[at % 5]?.take(wide)))
      const more = Array.from({ length: 5 }, (_, at) => ledgers[at]?.take(wide))
      await Promise.all([...taken.slice(0, 10).flatMap((one) => [one?.giveBack(), one?.giveBack()]), ...more])
      expect(await takeAll(ledgers[0], wide)).toMatchObject({ taken: 10 })
    })

    test('a block holds everybody until its end, and never becomes shorter', async () => {
      const { ledgers, time } = await opened(2)
      const [ours, theirs] = ledgers as [Ledger, Ledger]
      await ours.take(limit)
      const end = new Date('2026-11-16T07:40:00Z')
      await ours.block(limit, end)
      await theirs.block(limit, new Date('2026-11-16T07:20:00Z'))
      await theirs.block(limit, time.clock())
      const refused = await waitError(theirs.take(limit))
      expect(refused.until).toEqual(end)
      expect(refused.message).toBe(`the vendor says that the calls of ${name} are used up; known here in the last hour: 1`)
      const label = 'queries of project 7'
      expect((await waitError(theirs.take({ ...limit, label }))).message).toContain('the queries of project 7 are used up')
      expect(refused.remedy).toBeTypeOf('string')
      time.advance(40 * minute - 1)
      expect((await waitError(ours.take(limit))).until).toEqual(end)
      time.advance(1)
      expect(await takeAll(ours, limit)).toMatchObject({ taken: 2, until: '2026-11-16T08:00:00.000Z' })
      await theirs.block(limit, new Date('2026-11-16T08:10:00Z'))
      expect(await takeAll(theirs, limit)).toMatchObject({ until: '2026-11-16T08:10:00.000Z' })
    })

    test('an absurd block holds for an hour and five minutes, also by a clock that is behind, and is no fault of the clocks', async () => {
      const { store, ledgers, time } = await opened(1)
      await ledgers[0].block(limit, new Date('2286-11-20T17:46:39Z'))
      const behind = storeLedger(store, { clock: () => new Date(time.clock().getTime() - 5 * minute) })
      const refused = await waitError(behind.take(limit))
      expect(refused.until).toEqual(new Date('2026-11-16T08:05:00Z'))
      expect(refused.remedy).not.toContain('delete')
      time.advance(65 * minute)
      expect(await takeAll(ledgers[0], limit)).toMatchObject({ taken: 3 })
    })

    test('races that are never won come to an end, or end with the caller', async () => {
      const { store } = await open()
      const time = fakeTime()
      let puts = 0
      const unwilling: Store = {
        ...store,
        put: async () => {
          puts += 1
          return undefined
        },
      }
      await expect(storeLedger(unwilling, time).take(limit)).rejects.toThrow(UnavailableError)
      expect(puts).toBe(200)
      const stop = new AbortController()
      const ledger = storeLedger(unwilling, {
        ...time,
        sleep: async (_, signal) => {
          if (puts < 203) return
          // This one ends with its signal alone.
          await new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(new Error('woken')))
            stop.abort(new Error('interrupted'))
          })
        },
      })
      const [stopped, behind] = [ledger.take(limit, stop.signal), ledger.take(limit, stop.signal)]
      await expect(stopped).rejects.toThrow('interrupted')
      await expect(behind).rejects.toThrow('interrupted')
      expect(puts).toBe(203)
    })

    test('a block that is over by one clock still holds by another that is behind', async () => {
      const { store, ledgers, time } = await opened(1)
      const ahead = storeLedger(store, { clock: () => new Date(time.clock().getTime() + 2 * minute) })
      const end = new Date('2026-11-16T07:01:00Z')
      await ledgers[0].block(limit, end)
      await ahead.take(limit)
      expect((await waitError(ledgers[0].take(limit))).until).toEqual(end)
    })

    test('blocked and used up, the wait ends when neither holds', async () => {
      const { ledgers } = await opened(1)
      await takeAll(ledgers[0], limit)
      await ledgers[0].block(limit, new Date('2026-11-16T07:40:00Z'))
      expect((await waitError(ledgers[0].take(limit))).until).toEqual(new Date('2026-11-16T08:00:00Z'))
    })

    test('a call of a clock that is ahead counts, and what one that is far ahead wrote can be got rid of', async () => {
      const { store, ledgers, time } = await opened(1)
      const ahead = (milliseconds: number) => storeLedger(store, { clock: () => new Date(time.clock().getTime() + milliseconds) })
      await ahead(2 * minute).take(limit)
      await ahead(minute).take(limit)
      expect(await takeAll(ledgers[0], limit)).toMatchObject({ taken: 1, until: '2026-11-16T08:00:00.000Z' })
      const soon = await waitError(ledgers[0].take({ name, perHour: 1 }))
      expect(soon.until).toEqual(new Date('2026-11-16T08:02:00Z'))
      expect(soon.remedy).not.toContain(store.locate(limitKey(name)))
      expect(await takeAll(ahead(48 * hour), limit)).toMatchObject({ taken: 3 })
      const late = await waitError(ledgers[0].take(limit))
      expect(late.until).toEqual(new Date('2026-11-18T08:00:00Z'))
      expect(late.remedy).toContain(`delete ${store.locate(limitKey(name))}`)
      await ahead(72 * hour).block(limit, new Date('2026-11-19T08:00:00Z'))
      expect((await waitError(ledgers[0].take(limit))).remedy).toContain(`delete ${store.locate(limitKey(name))}`)
      await store.delete(limitKey(name))
      // A clock may be set to where years have six digits.
      const lost = storeLedger(store, { clock: () => new Date('+033658-09-27T00:00:00Z') })
      await lost.block(limit, new Date('+033658-09-27T01:00:00Z'))
      expect((await waitError(ledgers[0].take(limit))).remedy).toContain(`delete ${store.locate(limitKey(name))}`)
      await store.delete(limitKey(name))
      expect(await takeAll(ledgers[0], limit)).toMatchObject({ taken: 3 })
    })

    test('puts whose answer got lost are known again by who wrote them', async () => {
      const { store, time } = await opened(1)
      let lost = 0
      const forgetful: Store = {
        ...store,
        put: async (...args) => {
          await store.put(...args)
          lost += 1
          return undefined
        },
      }
      const options = { clock: time.clock, sleep: async () => {} }
      const [ours, theirs] = [storeLedger(forgetful, options), storeLedger(store, options)]
      const first = await ours.take(limit)
      const second = await ours.take(limit)
      expect(lost).toBe(2)
      await first.giveBack()
      await second.giveBack()
      await first.giveBack()
      expect(lost).toBe(4)
      await ours.take(limit)
      expect(await takeAll(theirs, limit)).toMatchObject({ taken: 2 })
      await ours.block(limit, new Date('2026-11-16T08:04:00Z'))
      expect(lost).toBe(6)
      // One that is over is not written at all.
      await ours.block(limit, new Date('2026-11-16T05:00:00Z'))
      await ours.block({ ...limit, name: 'other' }, new Date('2026-11-16T05:00:00Z'))
      expect(lost).toBe(6)
      expect(await takeAll(theirs, limit)).toMatchObject({ taken: 0, until: '2026-11-16T08:04:00.000Z' })
      // Also one that is cut short, while the clock goes on.
      await storeLedger(forgetful, time).block(limit, new Date('2286-11-20T17:46:39Z'))
      expect(lost).toBe(7)
    })

    test('calls of one process never race each other', async () => {
      const { ledgers } = await opened(1, { sleep: () => Promise.reject(new Error('it lost a race')) })
      await Promise.all(Array.from({ length: 20 }, () => ledgers[0].take({ name, perHour: 20 })))
    })

    test('a race that was lost is run again after a pause of chance that grows', async () => {
      const { store } = await open()
      const time = fakeTime()
      const deeds: (number | string)[] = []
      let left = 8
      const spoiling: Store = {
        ...store,
        get: async (key) => {
          deeds.push('read')
          return store.get(key)
        },
        put: async (...args) => (left-- > 0 ? undefined : store.put(...args)),
      }
      const sleep = async (milliseconds: number) => {
        await time.sleep(milliseconds)
        await store.get('takes/a/while')
        deeds.push(milliseconds)
      }
      await storeLedger(spoiling, { ...time, sleep }).take(limit)
      const pauses = [25, 50, 100, 200, 400, 800, 800, 800]
      expect(deeds).toEqual(['read', ...pauses.flatMap((pause) => [pause, 'read'])])
    })

    test('what fails fails alone: the next of the same limit goes on, and those of others do not stand behind it', async () => {
      const { store, time } = await opened(1)
      const other = 'mixpanel-eu-1234567-export'
      let fail: (() => void) | undefined
      const failing: Store = {
        ...store,
        get: async (key) => {
          if (key === limitKey(other) || fail !== undefined) return store.get(key)
          await new Promise<void>((resolve) => {
            fail = resolve
          })
          throw new UnavailableError('no store')
        },
      }
      const ledger = storeLedger(failing, { clock: time.clock })
      const [first, second] = [ledger.take(limit), ledger.take(limit)]
      await ledger.take({ ...limit, name: other })
      fail?.()
      await expect(first).rejects.toThrow(UnavailableError)
      await second
      expect(await takeAll(ledger, limit)).toMatchObject({ taken: 2 })
    })

    test('what is kept is the last hour’s calls and no more', async () => {
      const { store, ledgers, time } = await opened(1)
      await ledgers[0].block(limit, new Date('2026-11-16T07:00:01Z'))
      for (let calls = 0; calls < 20; calls += 1) {
        time.advance(20 * minute + 1)
        await ledgers[0].take(limit)
      }
      const kept = JSON.parse(Buffer.from((await store.get(limitKey(name)))?.body ?? []).toString())
      expect(kept).toEqual({
        version: 1,
        calls: ['13:00:00.018Z', '13:20:00.019Z', '13:40:00.020Z'].map((at) => ({
          id: expect.any(String),
          at: `2026-11-16T${at}`,
        })),
      })
      expect(limitKey(name)).toBe('state/limits/mixpanel-eu-1234567-query.json')
    })

    test.each([
      '',
      '{}',
      '[]',
      'null',
      '{"version":2,"calls":[]}',
      '{"version":1,"calls":[{"id":"a","at":"yesterday"}]}',
      '{"version":1,"calls":[{"at":"2026-11-16T07:00:00Z"}]}',
      '{"version":1,"calls":[],"until":5}',
      '{"version":1,"calls":[',
    ])('%j is damaged, and the error says where it lies and what to do', async (body) => {
      const { store, ledgers } = await opened(1)
      await store.put(limitKey(name), body)
      const failed = await ledgers[0].take(limit).catch((error: unknown) => error)
      expect(failed).toBeInstanceOf(DataError)
      expect(failed).toMatchObject({
        message: expect.stringContaining(store.locate(limitKey(name))),
        remedy: expect.stringMatching(/^delete it/),
      })
      await expect(ledgers[0].block(limit, new Date(0))).rejects.toThrow(DataError)
      expect(Buffer.from((await store.get(limitKey(name)))?.body ?? []).toString()).toBe(body)
    })

    test('what is no limit and no instant is refused, and nothing is written', async () => {
      const { store, ledgers } = await opened(1)
      for (const wrong of ['', 'Mixpanel', 'a/b', '../a', 'a.b', '-a', 'é']) {
        await expect(ledgers[0].take({ name: wrong, perHour: 3 })).rejects.toThrow(RangeError)
        await expect(ledgers[0].block({ name: wrong, perHour: 3 }, new Date())).rejects.toThrow(RangeError)
      }
      for (const perHour of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await expect(ledgers[0].take({ name, perHour })).rejects.toThrow(RangeError)
      }
      await expect(ledgers[0].block(limit, new Date(Number.NaN))).rejects.toThrow(RangeError)
      expect(await listed(store, '')).toEqual([])
    })

    test('any calls, given back or not, and any blocks: as a plain model has it, and never too many in an hour', async () => {
      await keepsToAModel(async () => (await open()).store, 5)
    })

    test('ten processes use one project’s budget to the last call, and never more of it in any hour', async () => {
      const { store, env } = await open()
      const perHour = 30
      const hours = 4
      const start = Date.parse('2026-11-16T07:00:00Z')
      const children = Array.from({ length: 10 }, () => startChild('taker.ts', [store.address, name, String(perHour)], env))
      const log: { readonly at: number; readonly taken: number }[] = []
      /** It is `now` for all ten, and each takes what it gets. The instants until which they are told to wait. */
      async function everybody(now: number, most?: number): Promise<(number | undefined)[]> {
        for (const child of children) child.say(JSON.stringify({ now, most: most ?? perHour + 1 }))
        const said = await Promise.all(children.map(async (child) => JSON.parse(await child.line())))
        log.push({ at: now, taken: said.reduce((sum, { taken }) => sum + taken, 0) })
        return said.map(({ until }) => until)
      }
      try {
        expect(new Set(await Promise.all(children.map((child) => child.line())))).toEqual(new Set(['ready']))
        // In the first hour the calls are spread: each takes one at a time. Then all take what they get, whenever there is room.
        for (const minutes of [0, 7, 20]) await everybody(start + minutes * minute, 1)
        let now = start + 33 * minute
        while (now < start + hours * hour) {
          const [until = Number.NaN, ...others] = await everybody(now)
          expect(others).toEqual(Array(9).fill(until))
          expect(until).toBeGreaterThan(now)
          now = until
        }
      } finally {
        await Promise.all(children.map((child) => child.kill()))
      }
      const between = (from: number, to: number) =>
        log.filter(({ at }) => at >= from && at < to).reduce((sum, { taken }) => sum + taken, 0)
      for (const { at } of log) expect(between(at, at + hour)).toBeLessThanOrEqual(perHour)
      for (let full = 0; full < hours; full += 1) expect(between(start + full * hour, start + (full + 1) * hour)).toBe(perHour)
      expect(log.filter(({ taken }) => taken > 0)).toHaveLength(3 * hours)
    })
  })
}

/** Takes until it is refused. */
async function takeAll(ledger: Ledger, asked: Limit): Promise<{ taken: number; until: string }> {
  const taken: Taken[] = []
  for (;;) {
    try {
      taken.push(await ledger.take(asked))
    } catch (error) {
      if (!(error instanceof WaitError)) throw error
      return { taken: taken.length, until: error.until.toISOString() }
    }
  }
}

async function waitError(taking: Promise<Taken>): Promise<WaitError> {
  const outcome = await taking.catch((error: unknown) => error)
  if (outcome instanceof WaitError) return outcome
  throw new Error('it is not refused', { cause: outcome })
}
