import { mkdtempSync, rmSync } from 'node:fs'
import { Temporal } from 'temporal-polyfill'
import { sampleProject, writeSample } from '../../../lib/sample/index.ts'
import { lake } from '../../../lib/sources/lake/index.ts'
import { askOf } from '../../../lib/report/ask.ts'
import { projectOf } from './made.ts'
const at = Temporal.Instant.from('2026-11-16T07:00:00Z')
const r = (q: any, timeframe = 'previous_8_weeks') => ({ retention: q, timeframe })
const growth = { signups: { segmentation: { event: 'Sign Up', on: 'country', clean: true }, trend: 'previous_4_weeks' },
  activation: { funnel: { steps: ['Sign Up', 'Create Project', { event: 'Invite', where: 'properties["count"] > 0' }, 'Upgrade'], within: '7 days', saved: { product: '7509' } } },
  active: { segmentation: { event: 'Open App', type: 'unique', unit: 'week' } }, errors: { segmentation: { event: 'Error' }, better: 'lower' } }
const cases: any = {
  mixed: { ...growth, stay: r({ first: 'Sign Up', then: 'any' }), freq: { frequency: { event: 'Open App', unit: 'week', of: 'day' }, timeframe: 'previous_4_weeks' }, top: { top: { what: 'events' } }, props: { top: { what: 'properties', limit: 5 } }, vals: { top: { what: 'values', property: 'plan', event: 'Sign Up' } } },
  only: { stay: r({ first: 'Sign Up', then: 'any' }) },
  play: { stay: r({ first: 'Play', then: 'Play' }), c: r({ first: 'Play', then: 'Play', kind: 'compounded' }) },
  open: { active: growth.active, stay: r({ first: 'Open App', then: 'any', on: 'plan', where: 'properties["plan"] != "x"' }) },
  any: { stay: r({ first: 'any', then: 'any', unit: 'day', intervals: 7 }, 'previous_14_days') },
  step: { ...growth, stay: r({ first: 'Create Project', then: 'Open App' }) },
  month: { stay: r({ first: 'Sign Up', then: 'Buy', unit: 'month', intervals: 4 }, 'previous_6_months') },
  freq: { f: { frequency: { event: 'Play', unit: 'day', of: 'hour' }, timeframe: 'previous_3_days' } },
}
for (const [name, queries] of Object.entries(cases)) {
  const folder = mkdtempSync('/tmp/grid-')
  const project = projectOf({ r: queries as any })
  const s = performance.now()
  const made = await writeSample(project, at, folder)
  console.log('##', name, made.events, made.users, made.files.length, Math.round(performance.now() - s), 'ms')
  const sampled = sampleProject(project, folder)
  const source = lake.open({ kind: 'lake', events: folder } as any, { name: 'x', folder, timezone: 'Europe/Berlin', credential: () => Promise.reject(new Error()), trace: () => {}, clock: () => new Date() })
  for (const query of sampled.reports.r!.queries) {
    const body: any = await (source.answers as any)[query.question.kind](askOf(query, sampled.reports.r!, at))
    if (body.cohorts) { console.log(query.name, body.notes.map((n: any) => n.text).join('; ')); for (const c of body.cohorts.slice(0, 6)) console.log('  ', c.date, c.size, c.counts.slice(0, 10).map((n: number) => `${n} (${Math.round(100 * n / c.size)}%)`).join(' ')) ; if (body.segments) console.log('   segs', body.segments.slice(0,3).map((x: any) => x.name + ' ' + JSON.stringify(x.cohorts[0]))) }
    else if (body.rows) console.log(query.name, JSON.stringify(body.rows), body.notes)
    else console.log(query.name, body.total ?? body.steps?.map((x: any) => x.count))
  }
  await source.close?.(); rmSync(folder, { recursive: true })
}
