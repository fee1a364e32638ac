import fc from 'fast-check'
import { expect } from 'vitest'
import { WaitError } from '../../../lib/errors.ts'
import type { Taken } from '../../../lib/ledger.ts'
import { storeLedger } from '../../../lib/store/ledger.ts'
import type { Store } from '../../../lib/store/store.ts'

const minute = 60_000
const hour = 60 * minute
const name = 'mixpanel-eu-1234567-query'
/** Three processes, of which two have a smaller budget in their project's file. */
const perHours = [5, 3, 1]

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('take' as const), who: fc.nat({ max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('give back' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('block' as const), minutes: fc.integer({ min: -30, max: 90 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), milliseconds: fc.nat({ max: 40 * minute }) }) },
  /** On to the instant that the last refusal named, or to just before it. */
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), early: fc.nat({ max: 1 }) }) },
)

interface Call {
  readonly at: number
  readonly taken: Taken
  givenBack: boolean
}

/** Does what comes to mind, and compares with what counting by hand says. `runs` are the random cases. */
export async function keepsToAModel(open: () => Promise<Store>, runs: number): Promise<void> {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const store = await open()
    let now = Date.parse('2026-11-16T07:00:00Z')
    const ledgers = perHours.map(() => storeLedger(store, { clock: () => new Date(now) }))
    const calls: Call[] = []
    let blocked = 0
    let until = now
    const counted = (at: number) => calls.filter((call) => !call.givenBack && call.at <= at && call.at > at - hour).length
    const goes = (at: number, perHour: number) => counted(at) < perHour && at >= blocked

    for (const one of steps) {
      if (one.do === 'pass') now += one.milliseconds
      if (one.do === 'wait') now = Math.max(now, until - one.early)
      if (one.do === 'block') {
        blocked = Math.max(blocked, now + Math.min(one.minutes, 65) * minute)
        await ledgers[0]?.block({ name, perHour: 5 }, new Date(now + one.minutes * minute))
      }
      const back = one.do === 'give back' ? calls[one.which % calls.length] : undefined
      if (back !== undefined) {
        back.givenBack = true
        await back.taken.giveBack()
      }
      if (one.do !== 'take') continue
      const [ledger, perHour = 0] = [ledgers[one.who], perHours[one.who]]
      const outcome = await ledger?.take({ name, perHour }).catch((error: unknown) => error)
      if (outcome instanceof WaitError) {
        until = outcome.until.getTime()
        // Room comes only where a call leaves the hour, or a block ends.
        const instants = [now, blocked, ...calls.map(({ at }) => at + hour)].filter((at) => at >= now)
        expect(until).toBe(Math.min(...instants.filter((at) => goes(at, perHour))))
        expect(until).toBeGreaterThan(now)
      } else {
        expect(goes(now, perHour)).toBe(true)
        calls.push({ at: now, taken: outcome as Taken, givenBack: false })
      }
    }

    const kept = calls.filter(({ givenBack }) => !givenBack)
    for (const { at: begin } of kept) {
      expect(kept.filter(({ at }) => at >= begin && at < begin + hour).length).toBeLessThanOrEqual(Math.max(...perHours))
    }
  })
  await fc.assert(property, { numRuns: runs })
}
