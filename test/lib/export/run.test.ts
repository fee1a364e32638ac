import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { CredentialError, DataError, RefusedError, UnavailableError, UsageError, WaitError } from '../../../lib/errors.ts'
import type { ExportContext, ExportRequest } from '../../../lib/export/run.ts'
import { runExport, runExportToEnd } from '../../../lib/export/run.ts'
import { cancel } from '../../../lib/export/settled.ts'
import { claim } from '../../../lib/store/claims.ts'
import type { Store } from '../../../lib/store/store.ts'
import { exportingIn, keys, keysIn, manifestIn, withFolder } from './exporting.ts'
import { joined, lines, rawData } from './raw.ts'

/** What the vendor gives for each window, by its name: lines, or an error each time, or one after the other. */
type Days = Record<string, (readonly string[] | Error)[]>

/** A vendor of days, a clock that sleeping moves, and an export of them from 5 November 2026 on. */
async function setUp(
  store: Store,
  days: Days,
  words: Partial<ExportContext['entry']> = {},
  options: Partial<ExportContext> = {},
) {
  let now = Date.parse('2026-11-10T00:30:00Z')
  const asked: string[] = []
  const steps: string[] = []
  const exporting = await exportingIn(
    store,
    { lines: [] },
    {
      formats: ['json'],
      clock: () => new Date(now),
      ask: async ({ name }) => {
        asked.push(name)
        const given = days[name] ?? [lines(3)]
        const next = given.length > 1 ? given.shift() : given[0]
        if (next instanceof Error) throw next
        return { raw: rawData(joined(next ?? [])) }
      },
    },
  )
  const entry = {
    name: 'events',
    source: 'product',
    data: 'events',
    from: '2026-11-05',
    every: 'day',
    order: 'oldest',
    format: ['json'],
    schema: 'mono',
    ...words,
  } as ExportContext['entry']
  const context: ExportContext = {
    entry,
    zone: 'UTC',
    exporting,
    owner: 'tester',
    atATime: 1,
    progress: (step) =>
      steps.push(`${step.step} ${'windows' in step ? step.windows.length : 'left' in step ? step.left : step.window}`),
    ...options,
  }
  const request: ExportRequest = { scheduledAt: Temporal.Instant.fromEpochMilliseconds(now) }
  return {
    context,
    request,
    asked,
    steps,
    async sleep(milliseconds = 0) {
      now += milliseconds
    },
    to: (time: string) => {
      now = Date.parse(time)
    },
    again: (more: Partial<ExportRequest> = {}) =>
      runExport({ scheduledAt: Temporal.Instant.fromEpochMilliseconds(now), ...more }, context),
  }
}

const names = ['2026-11-05', '2026-11-06', '2026-11-07', '2026-11-08', '2026-11-09']

describe('an export', () => {
  test.each([
    ['oldest', names],
    ['newest', names.toReversed()],
  ] as const)('fills in the past, %s first, and is then done', async (order, expected) => {
    await withFolder(async (store) => {
      const own = await setUp(store, {}, { order })
      const outcome = await own.again()
      expect(outcome).toMatchObject({ status: 'done', failed: [] })
      expect(own.asked).toEqual(expected)
      for (const name of names) expect(await manifestIn(store, name)).toMatchObject({ status: 'complete', lines: 3 })
      own.asked.length = 0
      expect(await own.again()).toMatchObject({ status: 'done', done: [] })
      expect(own.asked).toEqual([])
    })
  })

  test('asks for the next window once it has asked for the one before, and while that one still comes', async () => {
    await withFolder(async (store) => {
      const asked: string[] = []
      const slow: Store = {
        ...store,
        async put(key, ...rest) {
          // Another one would long be asked for by then.
          for (let turn = 0; key === keys.claim('2026-11-05') && asked.length === 0 && turn < 100; turn += 1)
            await store.get('nothing')
          return store.put(key, ...rest)
        },
      }
      const own = await setUp(slow, {}, {}, { atATime: 2 })
      const second = Promise.withResolvers<void>()
      const ask: typeof own.context.exporting.ask = async (window, signal) => {
        asked.push(window.name)
        if (asked.length === 2) second.resolve()
        await second.promise
        return own.context.exporting.ask(window, signal)
      }
      await runExport(own.request, { ...own.context, exporting: { ...own.context.exporting, ask } })
      expect(asked).toEqual(names)
    })
  })

  test('goes on with what is over now, and ends where it is told to', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {}, { to: '2026-11-12' })
      await own.again()
      own.to('2026-11-20T00:30:00Z')
      own.asked.length = 0
      await own.again()
      expect(own.asked).toEqual(['2026-11-10', '2026-11-11'])
    })
  })

  test('of some days only: those, also if they are kept', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {})
      await own.again()
      own.asked.length = 0
      await own.sleep(1000)
      await own.again({ from: '2026-11-06', to: '2026-11-08' })
      expect(own.asked).toEqual(['2026-11-06', '2026-11-07'])
      await expect(own.again({ from: '2027-01-01' })).rejects.toThrow(UsageError)
      await expect(own.again({ from: '2027-01-01' })).rejects.toThrow(/no window from 2027-01-01 that is over/)
    })
  })

  test('looks at the trailing days again, once for each schedule', async () => {
    await withFolder(async (store) => {
      const days: Days = {}
      const own = await setUp(store, days, { sync: 2 * 86_400 })
      await own.again()
      own.to('2026-11-11T00:30:00Z')
      own.asked.length = 0
      days['2026-11-09'] = [lines(9)]
      const scheduledAt = Temporal.Instant.from('2026-11-11T00:30:00Z')
      const outcome = await own.again({ scheduledAt })
      expect(own.asked).toEqual(['2026-11-10', '2026-11-09'])
      expect(outcome).toMatchObject({ done: expect.arrayContaining([{ window: '2026-11-09', state: 'replaced', lines: 9 }]) })
      await own.sleep(60_000)
      await own.again({ scheduledAt })
      expect(own.asked).toEqual(['2026-11-10', '2026-11-09'])
    })
  })
})

describe('what is kept for long', () => {
  test('is looked at again once a month, so far back as the file says', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {}, { from: '2026-10-29', refresh: { every: 'month', back: 10 * 86_400 } })
      own.to('2026-11-07T00:30:00Z')
      await own.again()
      own.asked.length = 0
      own.to('2026-11-30T00:30:00Z')
      await own.again()
      expect(own.asked[0]).toBe('2026-11-07')
      expect(own.asked).toHaveLength(23)
      own.asked.length = 0
      own.to('2026-12-01T00:30:00Z')
      await own.again()
      // The new day, and the ten of the month before that its first run looks at again.
      expect(own.asked).toEqual(['2026-11-30', ...Array.from({ length: 9 }, (_, at) => `2026-11-${21 + at}`)])
      own.asked.length = 0
      own.to('2026-12-02T00:30:00Z')
      await own.again()
      expect(own.asked).toEqual(['2026-12-01'])
    })
  })

  test('older days than are kept are neither asked for nor left lying', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {}, { from: '2026-01-01', keep: 3 * 86_400 })
      await own.again()
      expect(own.asked).toEqual(['2026-11-07', '2026-11-08', '2026-11-09'])
      own.to('2026-11-12T00:30:00Z')
      await own.again()
      expect(await keysIn(store, keys.manifests)).toEqual(
        ['2026-11-09', '2026-11-10', '2026-11-11'].map((day) => `exports/events/manifests/${day}.json`),
      )
    })
  })

  test('older days are no part of the plan, and asked for by name they are refused with the reason', async () => {
    await withFolder(async (store) => {
      const planned: unknown[] = []
      const progress: ExportContext['progress'] = (step) => step.step === 'planned' && planned.push(step)
      const own = await setUp(store, {}, { from: '2026-11-01', keep: 3 * 86_400 }, { progress })
      await own.again()
      await own.again()
      expect(planned).toMatchObject([
        { windows: ['2026-11-07', '2026-11-08', '2026-11-09'], kept: 0 },
        { windows: [], kept: 3 },
      ])
      const old = own.again({ from: '2026-11-01', to: '2026-11-07' })
      await expect(old).rejects.toThrow(UsageError)
      await expect(old).rejects.toThrow(
        'keeps no window from 2026-11-01 to 2026-11-07: they ended longer ago than its `keep` says',
      )
      await expect(own.again({ from: '2026-10-01', to: '2026-10-07' })).rejects.toThrow('has no window from 2026-10-01')
    })
  })
})

describe('what goes wrong in the same way each time', () => {
  const said = (name: string, more = '') =>
    new RefusedError(`GET /export?from_date=${name} 400: bad where at ${Date.parse(name) / 1000}${more}`, { remedy: 'mend it' })
  const refused = (some: readonly string[], error = said): Days => Object.fromEntries(some.map((name) => [name, [error(name)]]))

  test('ends the call after three windows; the rest is left to the next one, and all of that is told', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, refused(names))
      const stopped = { message: said('2026-11-07').message, remedy: 'mend it', left: 2 }
      const outcome = await runExportToEnd(own.request, own.context)
      expect(outcome).toMatchObject({
        status: 'done',
        done: [],
        failed: names.slice(0, 3).map((window) => ({ window })),
        stopped,
      })
      expect(own.asked).toEqual(names.slice(0, 3))
      expect(own.steps.at(-1)).toBe('stopped 2')
      expect(await keysIn(store, keys.troubles)).toEqual(names.slice(0, 3).map(keys.trouble))
    })
  })

  test('keeps no other window from being begun by the next schedule', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, refused(names.slice(0, 4)))
      await own.again()
      own.asked.length = 0
      own.to('2026-11-11T00:30:00Z')
      await own.again()
      expect(own.asked).toEqual(['2026-11-08', '2026-11-09', '2026-11-10', '2026-11-05', '2026-11-06', '2026-11-07'])
      const nextDay = async (time: string) => {
        own.asked.length = 0
        own.to(time)
        return { outcome: await own.again(), asked: [...own.asked] }
      }
      const second = await nextDay('2026-11-12T00:30:00Z')
      expect(second.outcome).toMatchObject({ done: [{ window: '2026-11-11' }], stopped: { left: 1 } })
      expect(second.asked).toEqual(['2026-11-11', '2026-11-05', '2026-11-06', '2026-11-07'])
      // The one that was not tried for longest comes first of those that failed.
      const third = await nextDay('2026-11-13T00:30:00Z')
      expect(third.asked).toEqual(['2026-11-12', '2026-11-08', '2026-11-05', '2026-11-06'])
    })
  })

  test('and for each window, as the vendor says, ends the call at once', async () => {
    await withFolder(async (store) => {
      const plan = (name: string) => new RefusedError(`${name}: not in your plan`, { everywhere: true })
      const own = await setUp(store, refused(names, plan as typeof said))
      expect(await own.again()).toMatchObject({ status: 'done', failed: [{}], stopped: { left: 4 } })
      expect(own.asked).toHaveLength(1)
    })
  })

  test('and is the disk’s, ends the call at once, and is not tried again before the next schedule', async () => {
    await withFolder(async (store) => {
      const own = await setUp(
        store,
        refused(names, () => new UnavailableError('the disk is full', { everywhere: true }) as never),
      )
      expect(await own.again()).toMatchObject({ status: 'done', failed: [{}], stopped: { message: 'the disk is full', left: 4 } })
      expect(own.asked).toHaveLength(1)
    })
  })

  test.each<[string, Days]>([
    ['other words', Object.fromEntries(names.map((name, at) => [name, [said(name, ` in line ${at}`)]]))],
    ['another kind of failure', { ...refused(names), '2026-11-07': [new DataError(said('2026-11-07').message)] }],
    ['a window that is kept', { ...refused(names), '2026-11-07': [lines(3)] }],
    ['one that may be had later', { ...refused(names), '2026-11-07': [new UnavailableError('down')] }],
    ['none that is there for good', refused(names, (name) => new UnavailableError(name) as never)],
    ['no other window left', refused(names.slice(2))],
  ])('but not with %s', async (_, days) => {
    await withFolder(async (store) => {
      const own = await setUp(store, days)
      const outcome = await own.again()
      expect(own.asked).toEqual(names)
      expect(outcome).not.toHaveProperty('stopped')
    })
  })
})

describe('what goes wrong', () => {
  test('a limit of the vendor is waited for, and the rest goes on there', async () => {
    await withFolder(async (store) => {
      const until = new Date('2026-11-10T01:05:00Z')
      const own = await setUp(store, { '2026-11-06': [new WaitError('60 of 60 exports', { until }), lines(3)] })
      const outcome = await own.again()
      expect(outcome).toMatchObject({ status: 'again', at: until })
      expect(own.asked.length).toBeLessThan(5)
      const waits: Date[] = []
      const sleep = (async (milliseconds: number) => own.sleep(milliseconds)) as never
      const end = await runExportToEnd(own.request, own.context, { waits: ({ at }) => waits.push(at), sleep })
      expect(end).toMatchObject({ status: 'done', failed: [] })
      expect(await keysIn(store, keys.manifests)).toHaveLength(5)
    })
  })

  test('a window that cannot be had now is tried again later; the others go on', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, { '2026-11-06': [new UnavailableError('cut'), new UnavailableError('cut'), lines(3)] })
      expect(await own.again()).toMatchObject({ status: 'again', at: new Date('2026-11-10T00:31:00Z'), why: '2026-11-06: cut' })
      expect(await keysIn(store, keys.manifests)).toHaveLength(4)
      await own.sleep(60_000)
      expect(await own.again()).toMatchObject({ status: 'again', at: new Date('2026-11-10T00:33:00Z') })
      await own.sleep(120_000)
      expect(await own.again()).toMatchObject({ status: 'done', done: [{ window: '2026-11-06', state: 'kept' }] })
      expect(await keysIn(store, 'state/exports/events/windows/')).toEqual([])
    })
  })

  test('a window that is refused fails, and waits for the next schedule', async () => {
    await withFolder(async (store) => {
      const refusal = new RefusedError('too big', { remedy: 'ask for hours' })
      const own = await setUp(store, { '2026-11-06': [refusal] })
      const failed = [{ window: '2026-11-06', message: 'too big', remedy: 'ask for hours' }]
      expect(await own.again({ scheduledAt: own.request.scheduledAt })).toMatchObject({ status: 'done', failed })
      own.asked.length = 0
      await own.again({ scheduledAt: own.request.scheduledAt })
      expect(own.asked).toEqual([])
      own.to('2026-11-11T00:30:00Z')
      await own.again()
      expect(own.asked).toEqual(['2026-11-10', '2026-11-06'])
    })
  })

  test('a window that failed at each try of one schedule is tried as often by the next one', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, { '2026-11-06': [new UnavailableError('down')] })
      const tries: number[] = []
      const triedBy = async (scheduledAt: Temporal.Instant) => {
        for (let call = 0; call < 9; call += 1) {
          own.asked.length = 0
          const outcome = await own.again({ scheduledAt })
          if (own.asked.includes('2026-11-06')) tries.push(call)
          if (outcome.status === 'done') return outcome.failed.map(({ window }) => window)
          await own.sleep(3_600_000)
        }
        throw new Error('no end')
      }
      expect(await triedBy(own.request.scheduledAt)).toEqual(['2026-11-06'])
      own.to('2026-11-11T00:30:00Z')
      expect(await triedBy(Temporal.Instant.from('2026-11-11T00:30:00Z'))).toEqual(['2026-11-06'])
      expect(tries).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
    })
  })

  test.each<[string, Partial<ExportContext['entry']>, string]>([
    ['a day', {}, 'or ask for `every: hour`, with --rebuild or under another name'],
    ['an hour', { every: 'hour' }, 'or ask for some `events` only, with --rebuild or under another name'],
    ['an hour of some events', { every: 'hour', events: ['A', 'B'] }, 'or ask for fewer `events`, with --rebuild'],
    ['a snapshot', { data: 'people' }, 'run broadsheet export events on a machine that has more time, on the day itself'],
  ])('%s that takes longer than a call is given up, and says what would help', async (_, words, remedy) => {
    await withFolder(async (store) => {
      const timeUp = new AbortController()
      const own = await setUp(store, {}, { from: '2026-11-09', to: '2026-11-10', ...words }, { timeUp: timeUp.signal })
      const exporting: typeof own.context.exporting = {
        ...own.context.exporting,
        ask: async (_, signal) => {
          timeUp.abort(new DOMException('too long', 'TimeoutError'))
          throw new UnavailableError('ended', { cause: signal?.reason })
        },
      }
      const outcome = await runExport(own.request, { ...own.context, exporting })
      expect(outcome).toMatchObject({ status: 'again', why: 'the time of this call is over', done: [], failed: [] })
      const [key = ''] = await keysIn(store, keys.troubles)
      const told = JSON.parse(Buffer.from((await store.get(key))?.body ?? '').toString())
      expect(told).toMatchObject({ state: 'retried', tries: 1, remedy: expect.stringContaining(remedy) })
    })
  })

  test('a credential that is not good, or a defect of ours, ends all', async () => {
    await withFolder(async (store) => {
      for (const error of [new CredentialError('no such account'), new TypeError('a defect')]) {
        const own = await setUp(store, { '2026-11-05': [error] })
        await expect(own.again()).rejects.toThrow(error)
        expect(own.asked.length).toBeLessThan(3)
        expect(await keysIn(store, 'state/exports/events/windows/')).toEqual([])
      }
    })
  })

  test('a window that another process is at is left to it', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {})
      const held = await claim(store, keys.claim('2026-11-07'), {
        owner: 'other',
        seconds: 60,
        clock: own.context.exporting.clock,
      })
      expect(await own.again()).toMatchObject({ status: 'again', why: 'other is at 2026-11-07' })
      expect(own.asked).not.toContain('2026-11-07')
      if ('release' in held) await held.release()
      expect(await own.again()).toMatchObject({ status: 'done' })
    })
  })

  test('a window that another process kept after this one had looked what is due is not asked for again', async () => {
    await withFolder(async (store) => {
      const other = await setUp(store, { '2026-11-07': [lines(9)] })
      let isBusy = false
      const own = await setUp(
        {
          ...store,
          put: async (key, ...more) => {
            if (key === keys.claim('2026-11-07') && !isBusy) {
              isBusy = true
              await other.sleep(1000)
              await other.again()
            }
            return store.put(key, ...more)
          },
        },
        {},
      )
      const outcome = await own.again()
      expect(own.steps[0]).toBe('planned 5')
      // 6 November is kept by then, and 7 November is under this one's hands: it finds the other's manifest.
      expect(other.asked).toEqual(['2026-11-07', '2026-11-08', '2026-11-09'])
      expect(own.asked).toEqual(['2026-11-05', '2026-11-06'])
      expect(outcome).toMatchObject({ status: 'done', done: [{ window: '2026-11-05' }, { window: '2026-11-06' }], failed: [] })
      expect(await manifestIn(store, '2026-11-07')).toMatchObject({ status: 'complete', revision: 1, lines: 9 })
    })
  })

  test('no window is begun when its time is short', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {}, {}, { until: new Date('2026-11-10T00:30:00Z') })
      expect(await own.again()).toMatchObject({ status: 'again', why: 'the time of this call is over', done: [] })
      expect(own.asked).toEqual([])
    })
  })

  test('canceled, it does nothing until it is resumed', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {})
      const at = new Date('2026-11-09T12:00:00Z')
      await cancel(store, keys, 'ann@laptop', at)
      expect(await own.again()).toEqual({ status: 'canceled', by: 'ann@laptop', at })
      expect(own.asked).toEqual([])
      expect(await own.again({ resume: true })).toMatchObject({ status: 'done' })
      expect(await own.again()).toMatchObject({ status: 'done' })
    })
  })

  test('canceled while it waits, it is canceled, though it was begun with --resume', async () => {
    await withFolder(async (store) => {
      const until = new Date('2026-11-10T01:05:00Z')
      const own = await setUp(store, { '2026-11-06': [new WaitError('60 of 60 exports', { until }), lines(3)] })
      await cancel(store, keys, 'ann@laptop', new Date())
      const sleep = (async (milliseconds: number) => {
        await own.sleep(milliseconds)
        await cancel(store, keys, 'bob@laptop', new Date())
      }) as never
      const end = await runExportToEnd({ ...own.request, resume: true }, own.context, { sleep })
      expect(end).toMatchObject({ status: 'canceled', by: 'bob@laptop' })
      expect(own.asked).toEqual(['2026-11-05', '2026-11-06'])
    })
  })

  test('a damaged manifest is told as the failure of its window, and the others go on', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {}, { keep: 30 * 86_400, sync: 5 * 86_400 })
      await store.put(keys.manifest('2026-11-06'), '{}')
      const outcome = await own.again()
      expect(outcome).toMatchObject({
        status: 'done',
        failed: [{ window: '2026-11-06', message: expect.stringMatching(/manifests.2026-11-06\.json is damaged/) }],
      })
      expect(outcome).toMatchObject({ done: [{}, {}, {}, {}] })
    })
  })

  test('a damaged note has its window looked at again, and nothing else waits for it', async () => {
    await withFolder(async (store) => {
      const { again } = await setUp(store, {})
      await again()
      for (const window of ['2026-11-06', '2026-11-12']) await store.put(keys.trouble(window), '{"version": 1')
      expect(await again()).toMatchObject({
        status: 'done',
        done: [{ window: '2026-11-06', state: 'unchanged' }],
        failed: [],
      })
      expect(await store.get(keys.trouble('2026-11-06'))).toBeUndefined()
    })
  })

  test('a time that is over while old windows are deleted leaves the rest to the next call', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {}, { keep: 3 * 86_400 })
      await own.again()
      own.to('2026-11-13T00:30:00Z')
      const timeUp = new AbortController()
      const dying: Store = {
        ...store,
        async delete(key) {
          if (key.includes('/manifests/')) timeUp.abort()
          await store.delete(key)
        },
      }
      const exporting = { ...own.context.exporting, store: dying }
      const request = { scheduledAt: Temporal.Instant.from('2026-11-13T00:30:00Z') }
      const outcome = await runExport(request, { ...own.context, exporting, timeUp: timeUp.signal })
      expect(outcome).toMatchObject({ status: 'again', at: new Date('2026-11-13T00:30:00Z'), done: [{}, {}, {}] })
      expect(await keysIn(store, keys.manifests)).toHaveLength(5)
      await own.again()
      expect(await keysIn(store, keys.manifests)).toHaveLength(3)
    })
  })

  test('canceled while it runs, it begins no further window', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {}, {}, { atATime: 2 })
      const { ask } = own.context.exporting
      const exporting = {
        ...own.context.exporting,
        ask: async (...given: Parameters<typeof ask>) => {
          await cancel(store, keys, 'ann@laptop', new Date())
          return ask(...given)
        },
      }
      expect(await runExport(own.request, { ...own.context, exporting })).toMatchObject({ status: 'canceled' })
      expect(own.asked.length).toBeLessThan(3)
    })
  })

  test('windows of another length or zone are refused, and begun anew where that is wished', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, {})
      await own.again()
      const hourly = await setUp(store, {}, { every: 'hour', from: '2026-11-09' })
      await expect(hourly.again()).rejects.toThrow(
        'this export is kept by the day of UTC, and the project file says the hour of UTC',
      )
      expect(await keysIn(store, keys.manifests)).toHaveLength(5)
      expect(await hourly.again({ rebuild: true })).toMatchObject({ status: 'done' })
      expect(await keysIn(store, keys.manifests)).toHaveLength(24)
      expect(await keysIn(store, 'exports/events/json/date=2026-11-05/')).toEqual([])
      expect(await manifestIn(store, '2026-11-09T00Z')).toMatchObject({ start: '2026-11-09T00:00:00+00:00' })
    })
  })
})
