import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import type { Mailer } from '../../../lib/email/mailer.ts'
import type { Project, Report } from '../../../lib/project/project.ts'
import type { Query } from '../../../lib/query.ts'
import { funnel, segmentation } from '../../../lib/query.ts'
import type { RunContext } from '../../../lib/report/run.ts'
import { stepsOf } from '../../../lib/result.ts'
import type { Ask, Source } from '../../../lib/sources/source.ts'
import { ownerOfThisProcess } from '../../../lib/store/claims.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import type { Store } from '../../../lib/store/store.ts'
import { bucketsOf, isoWithOffset } from '../../../lib/timeframe.ts'

/** A Monday at 08:00 in Berlin, and a moment later. */
export const monday = Temporal.Instant.from('2026-11-16T07:00:00Z')
export const soon = () => new Date('2026-11-16T07:00:05Z')

const base = { timeframe: 'previous_1_week', compare: ['previous'], better: 'higher', source: 'vendor' } as const

const queries: Query[] = [
  {
    ...base,
    name: 'signups',
    title: 'Sign-ups',
    question: { kind: 'segmentation', ...segmentation.parse({ event: 'Sign Up' }) },
  },
  {
    ...base,
    chart: 'none',
    name: 'errors',
    title: 'Errors',
    question: { kind: 'segmentation', ...segmentation.parse({ event: 'Error' }) },
  },
  {
    ...base,
    name: 'activation',
    title: 'Activation',
    question: { kind: 'funnel', ...funnel.parse({ steps: ['Sign Up', 'Invite'], within: '7 days' }) },
  },
  {
    ...base,
    source: undefined,
    name: 'rate',
    title: 'Errors per 1,000',
    question: { kind: 'ratio', of: 'errors', to: 'signups', times: 1000 },
  },
]

export const report: Report = {
  name: 'weekly',
  title: 'Weekly',
  owner: 'Owner <owner@example.com>',
  timezone: 'Europe/Berlin',
  weekStart: 'monday',
  schedule: 'cron(0 8 ? * MON *)',
  hold: 7200,
  queries,
  figures: ['signups', 'activation', 'rate'],
  email: { from: 'Reports <reports@example.com>', to: ['a@example.com', 'b@example.com'] },
  alerts: [],
} as Report

export const project = {
  file: '/nowhere/broadsheet.yaml',
  folder: '/nowhere',
  timezone: 'Europe/Berlin',
  weekStart: 'monday',
  locale: 'en-GB',
  sources: { vendor: { name: 'vendor', kind: 'vendor', config: { kind: 'vendor' } } },
  reports: { weekly: report },
  exports: {},
  warnings: [],
} as unknown as Project

/** A source that answers plausibly, counts what it is asked, and throws what `trouble` says. */
export function vendor(trouble: (query: string) => unknown = () => undefined): Source & { readonly asked: string[] } {
  const asked: string[] = []
  const meet = (ask: Pick<Ask, 'title'>) => {
    asked.push(ask.title)
    const error = trouble(ask.title)
    if (error !== undefined) throw error
  }
  return {
    label: 'Vendor',
    concurrency: 2,
    asked,
    explain: () => [],
    answers: {
      async segmentation(ask) {
        meet(ask)
        const buckets = bucketsOf(ask.windows.timeframe, 'day', ask.calendar)
        const values = buckets.map((_, at) => 100 + at)
        const total = values.reduce((sum, value) => sum + value, 0)
        const name = String(ask.question.event)
        return {
          unit: 'day',
          measure: 'general',
          dates: buckets.map(({ label }) => label),
          series: [{ name, values, total }],
          total,
          comparisons: ask.windows.comparisons.map(({ to, timeframe }) => ({
            to,
            timeframe: { start: isoWithOffset(timeframe.start), end: isoWithOffset(timeframe.end) },
            total: 500,
            totals: { [name]: 500 },
          })),
          notes: [],
        }
      },
      async funnel(ask) {
        meet(ask)
        const steps = stepsOf(
          ask.question.steps.map(({ event }, at) => ({
            name: event,
            count: 400 - at * 300,
            medianSeconds: at === 0 ? null : 60,
          })),
        )
        return {
          steps,
          comparisons: ask.windows.comparisons.map(({ to, timeframe }) => ({
            to,
            timeframe: { start: isoWithOffset(timeframe.start), end: isoWithOffset(timeframe.end) },
            steps,
          })),
          notes: [],
        }
      },
    },
  }
}

/** A post office in a file, so that separate processes share it; what `trouble` throws is thrown before anything is taken. */
export function postOffice(folder: string, trouble: () => unknown = () => undefined): Mailer & { taken(): Promise<string[]> } {
  const file = join(folder, 'taken.txt')
  return {
    async send(message) {
      const error = trouble()
      if (error !== undefined) throw error
      await mkdir(folder, { recursive: true })
      await appendFile(file, `${message.to}\n`)
      return { messageId: `id-${message.raw.byteLength}` }
    },
    async taken() {
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return ''
        throw error
      })
      return text.split('\n').filter((line) => line !== '')
    },
  }
}

/** A context on a folder store. */
export function desk(folder: string, more: Partial<RunContext> & { readonly store?: Store } = {}): RunContext {
  const source = vendor()
  return {
    project,
    store: openFolder(join(folder, 'store')),
    source: () => source,
    clock: soon,
    owner: ownerOfThisProcess(),
    ...more,
  }
}

/** Every object of a store: key → text, for comparing what runs leave behind. */
export async function contents(store: Store): Promise<Map<string, string>> {
  const all = new Map<string, string>()
  for await (const { key } of store.list('')) {
    const stored = await store.get(key)
    all.set(key, Buffer.from(stored?.body ?? []).toString('latin1'))
  }
  return all
}
