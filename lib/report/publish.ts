import { parquetWriteBuffer } from 'hyparquet-writer'
import type { Answer, Cohorts, FunnelSteps } from '../result.ts'
import { firstInterval } from '../result.ts'
import type { Store } from '../store/store.ts'
import type { LatestPointer } from './manifest.ts'
import { latestPointer, parseStored } from './manifest.ts'

interface Row {
  readonly query: string
  readonly definition: string
  readonly shape: string
  /** A funnel's or a cohort's segment, else null. */
  readonly segment: string | null
  /** A series' name, a funnel's step, of a cohort `size`, or an interval such as `week 1`. */
  readonly series: string
  readonly date: string
  readonly value: number | null
}

/** Every answer of a run as rows of one table, the same columns for every report, so that one glob over `results/` reads them all. */
export function resultRows(run: string, report: string, answers: readonly Answer[]): { parquet: Uint8Array; rows: number } {
  const rows = answers.flatMap(rowsOf)
  const text = (name: string, data: (string | null)[]) => ({ name, data, type: 'STRING' as const, nullable: true })
  const parquet = parquetWriteBuffer({
    columnData: [
      text(
        'report',
        rows.map(() => report),
      ),
      text(
        'run',
        rows.map(() => run),
      ),
      text(
        'query',
        rows.map((row) => row.query),
      ),
      text(
        'definition',
        rows.map((row) => row.definition),
      ),
      text(
        'shape',
        rows.map((row) => row.shape),
      ),
      text(
        'segment',
        rows.map((row) => row.segment),
      ),
      text(
        'series',
        rows.map((row) => row.series),
      ),
      text(
        'date',
        rows.map((row) => row.date),
      ),
      { name: 'value', data: rows.map((row) => row.value), type: 'DOUBLE', nullable: true },
    ],
  })
  return { parquet: new Uint8Array(parquet), rows: rows.length }
}

function rowsOf(answer: Answer): Row[] {
  const head = { query: answer.query, definition: answer.definition, shape: answer.shape }
  if (answer.shape === 'series') {
    return answer.series.flatMap((series) =>
      answer.dates.map((date, at) => ({ ...head, segment: null, series: series.name, date, value: series.values[at] ?? null })),
    )
  }
  // A table has columns of its own, which are in its CSV; these rows are numbers over time.
  if (answer.shape === 'table') return []
  if (answer.shape === 'cohorts') {
    const first = firstInterval(answer)
    // Shares are of the size, which no count need be.
    const cohortRows = (segment: string | null, cohorts: Cohorts) =>
      cohorts.flatMap(({ date, size, counts }) => [
        { ...head, segment, series: 'size', date, value: size },
        ...counts.map((value, at) => ({ ...head, segment, series: `${answer.interval} ${first + at}`, date, value })),
      ])
    return [
      ...cohortRows(null, answer.cohorts),
      ...(answer.segments ?? []).flatMap(({ name, cohorts }) => cohortRows(name, cohorts)),
    ]
  }
  const date = answer.timeframe.start.slice(0, 10)
  const stepRows = (segment: string | null, steps: FunnelSteps) =>
    steps.map((step) => ({ ...head, segment, series: step.name, date, value: step.count }))
  return [...stepRows(null, answer.steps), ...(answer.segments ?? []).flatMap((segment) => stepRows(segment.name, segment.steps))]
}

/** Moves `latest.json` to this run for each query it answered, unless a newer run stands there already. */
export async function pointLatest(store: Store, key: string, report: string, entries: LatestPointer['queries']): Promise<void> {
  for (;;) {
    const stored = await store.get(key)
    const before: LatestPointer['queries'] =
      stored === undefined ? {} : parseStored(latestPointer, stored.body, store.locate(key)).queries
    const forward = Object.entries(entries).filter(([query, entry]) => {
      const there = before[query]
      return (
        there === undefined ||
        there.scheduledAt < entry.scheduledAt ||
        (there.scheduledAt === entry.scheduledAt && isLater(entry.run, there.run))
      )
    })
    if (forward.length === 0) return
    const queries = Object.fromEntries(
      Object.entries({ ...before, ...Object.fromEntries(forward) }).sort(([a], [b]) => (a < b ? -1 : 1)),
    )
    const pointer: LatestPointer = { version: 1, report, queries }
    const condition = stored === undefined ? 'absent' : { etag: stored.etag }
    const etag = await store.put(key, `${JSON.stringify(pointer, null, 2)}\n`, { if: condition, contentType: 'application/json' })
    // Somebody else moved it meanwhile: look again.
    if (etag !== undefined) return
  }
}

/** Runs of one instant differ in their attempt: `…Z`, `…Z-2`, `…Z-10`. */
function isLater(run: string, other: string): boolean {
  return run.length === other.length ? run > other : run.length > other.length
}
