import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import { expire } from '../../../lib/export/expire.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import { windowsOver } from '../../../lib/export/windows.ts'
import { claim } from '../../../lib/store/claims.ts'
import { exportingIn, keys, keysIn, withFolder } from './exporting.ts'
import { lines } from './raw.ts'

const clock = () => new Date('2026-11-10T00:30:00Z')

test('windows that ended longer ago than they are kept go, manifest and objects; one that somebody is at stays', async () => {
  await withFolder(async (store) => {
    const plan = { from: '2026-11-05', every: 'day', zone: 'UTC' } as const
    const asking = await exportingIn(store, { lines: lines(3) }, { formats: ['json'] })
    for (const window of windowsOver(plan, Temporal.Instant.fromEpochMilliseconds(clock().getTime()))) {
      await exportWindow(asking, window)
    }
    const held = await claim(store, keys.claim('2026-11-06'), { owner: 'other', seconds: 60, clock })
    const about = { store, keys, owner: 'tester', clock }
    expect(await expire(about, 2.5 * 86_400)).toEqual(['2026-11-05'])
    if ('release' in held) await held.release()
    expect(await expire(about, 2.5 * 86_400)).toEqual(['2026-11-06'])
    expect(await expire(about, 2.5 * 86_400)).toEqual([])
    expect(await keysIn(store, keys.manifests)).toEqual(
      ['2026-11-07', '2026-11-08', '2026-11-09'].map((day) => `exports/events/manifests/${day}.json`),
    )
    expect(await keysIn(store, 'exports/events/json/')).toHaveLength(3)
  })
})
