import { describe, expect, test } from 'vitest'
import { printOutcome, printProgress } from '../../functions/terminal.ts'
import type { Figure } from '../../lib/edition.ts'
import type { RunOutcome } from '../../lib/report/run.ts'
import type { FailureResult } from '../../lib/result.ts'
import type { Store } from '../../lib/store/store.ts'

type Done = Extract<RunOutcome, { status: 'done' }>

const store = { locate: (key: string) => `/store/${key}` } as Store
const failure = (query: string, more: Partial<FailureResult>) =>
  ({ shape: 'failure', query, kind: 'credential', message: 'the account is expired', ...more }) as FailureResult

/** What is printed of a run, without what every run has. */
function printed(more: { failures?: FailureResult[]; figures?: Figure[]; complete?: boolean }): string[] {
  const { failures = [], figures = [], complete = failures.length === 0 } = more
  const outcome = {
    failures,
    complete,
    mail: [],
    keys: ['reports/r/20261116T070000Z/manifest.json'],
    manifest: { computedAt: '2026-11-16T07:00:05Z' },
    edition: { title: 'Weekly', period: 'Last week.', figures },
  } as unknown as Done
  return printOutcome(outcome, store)
    .split('\n')
    .filter((line) => line !== '' && !/^(?:Weekly| {2}open| {2}manifest)/.test(line))
}

describe('what came out of a run', () => {
  test('says once what is the reason of several failures', () => {
    const failures = [
      failure('a', { remedy: 'put another there' }),
      failure('b', { kind: 'refused', message: 'no such event' }),
      failure('c', { remedy: 'put another there' }),
    ]
    expect(printed({ failures })).toEqual([
      '  FAILED a, c: the account is expired; put another there',
      '  FAILED b: no such event',
      expect.stringContaining('--again asks anew'),
    ])
  })

  test('does not call a failure what a sample leaves out', () => {
    const failures = [failure('who', { kind: 'sample', message: 'a sample has no profiles' })]
    expect(printed({ failures, complete: true })).toEqual(['  LEFT OUT who: a sample has no profiles'])
    expect(printProgress({ step: 'left out', query: 'who', why: 'a sample has no profiles' })).toBe(
      'who is left out: a sample has no profiles',
    )
  })

  test("says what a figure is of, where it is none of the page's period or counts rows", () => {
    const figures: Figure[] = [
      {
        query: 'a',
        label: 'Sign-ups',
        value: '4,190',
        changes: [{ direction: 'up', verdict: 'better', amount: '9 %', against: 'on the week' }],
      },
      { query: 'q6', label: 'Q6', value: '16', changes: [], note: 'rows' },
    ]
    expect(printed({ figures })).toEqual(['  Sign-ups  4,190   ▲ 9 % on the week', '  Q6           16   rows'])
  })
})
