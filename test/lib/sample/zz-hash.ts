import { createHash } from 'node:crypto'
import { Temporal } from 'temporal-polyfill'
import { loadProject } from '../../../lib/project/load.ts'
import { make, projectOf } from './made.ts'
const at = Temporal.Instant.from('2026-11-16T07:00:00Z')
const growth = { growth: { signups: { segmentation: { event: 'Sign Up', on: 'country', clean: true }, trend: 'previous_4_weeks' },
  activation: { funnel: { steps: ['Sign Up', 'Create Project', { event: 'Invite', where: 'properties["count"] > 0' }, 'Upgrade'], within: '7 days', saved: { product: '7509' } } },
  active: { segmentation: { event: 'Open App', type: 'unique', unit: 'week' } }, errors: { segmentation: { event: 'Error' }, better: 'lower' } } }
const cases: any = { growth, saved: { only: { board: { saved: { insights: '60327213' } } } }, none: { only: {} }, any: { only: { all: { segmentation: { event: 'any', type: 'unique' } } } }, long: { r: { q: { segmentation: { event: 'View', unit: 'hour' }, timeframe: 'previous_36_months' } } } }
for (const [name, reports] of Object.entries(cases)) {
  const made = await make(projectOf(reports as any), at)
  console.log(name, createHash('sha256').update(made.lines.join('\n')).digest('hex').slice(0, 16), made.events)
}
const example = loadProject('/work/main')
const made = await make(example, at)
console.log('example', createHash('sha256').update(made.lines.join('\n')).digest('hex').slice(0, 16), made.events)
