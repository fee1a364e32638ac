import { Temporal } from 'temporal-polyfill'
import { expect, it } from 'vitest'
import { latestTime, timesOfExport } from '../../functions/export-times.ts'
import type { ExportEntry, Project } from '../../lib/project/project.ts'

const project = {
  timezone: 'Europe/Berlin',
  sources: {
    product: { name: 'product', kind: 'mixpanel', config: { kind: 'mixpanel', project: '1', region: 'us' } },
    collected: { name: 'collected', kind: 'keen', config: { kind: 'keen', project: '1' } },
  },
} as unknown as Project
const times = (words: object) => timesOfExport(project, { name: 'e', source: 'product', every: 'day', ...words } as ExportEntry)

it.each([
  ['a day, half past midnight', {}, 'cron(30 0 * * ? *)'],
  ['a day, at its time', { at: '03:05' }, 'cron(5 3 * * ? *)'],
  ['an hour, half past', { every: 'hour' }, 'cron(30 * * * ? *)'],
  ['an hour, at the minute of its time', { every: 'hour', at: '03:05' }, 'cron(5 * * * ? *)'],
])('%s', (_, words, expression) => {
  expect(times(words).expression).toBe(expression)
})

it('is read in the zone that the vendor counts its days in', () => {
  expect(times({}).timezone).toBe('UTC')
  expect(times({ source: 'collected' }).timezone).toBe('Europe/Berlin')
})

it.each([
  ['2026-11-12T03:05:00Z', '2026-11-12T03:05:00Z'],
  ['2026-11-12T03:04:59Z', '2026-11-11T03:05:00Z'],
])('the latest that has come at %s is %s', (now, latest) => {
  expect(latestTime(times({ at: '03:05' }), Temporal.Instant.from(now)).toString()).toBe(latest)
})
