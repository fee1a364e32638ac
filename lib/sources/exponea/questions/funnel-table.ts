import { DataError, RefusedError } from '../../../errors.ts'
import type { Analysis } from '../client.ts'

/** A line of a funnel's table: all people, or those of one value of its drill-down. */
export interface FunnelRow {
  readonly name: string
  /** People at each step. */
  readonly counts: readonly number[]
  /** Seconds since the step before, of which nobody documents whether they are a mean or a median; null where nobody came. */
  readonly durations: readonly (number | null)[]
}

export interface FunnelTable {
  /** The event of each step; one may come again. */
  readonly events: readonly string[]
  readonly total: FunnelRow
  /** As the vendor has them. */
  readonly segments: readonly FunnelRow[]
  /** Columns that are neither counts nor durations of steps. */
  readonly unread: readonly string[]
}

interface StepColumn {
  readonly event: string
  readonly count?: number
  readonly duration?: number
}

/**
 * Reads `serie`, `step N <event> count` and `step N <event> duration from previous`. Throws DataError for a table that has
 * no whole steps or counts that are none, RefusedError where it has no line for all people.
 */
export function readFunnel({ name, header, rows }: Analysis): FunnelTable {
  const title = `Exponea's funnel "${name}"`
  const { steps, unread } = columnsIn(header, title)
  const serie = header.indexOf('serie')
  if (serie === -1) throw new DataError(`${title} has no column "serie", only ${header.join(', ')}`)
  const read = rows.map((row): FunnelRow => {
    const segment = nameOf(row[serie])
    const where = (column: number) => `${title}, ${segment}, ${header[column]}`
    return {
      name: segment,
      counts: steps.map(({ count }) => countIn(row[count], where(count))),
      durations: steps.map(({ duration }) => (duration === undefined ? null : durationIn(row[duration], where(duration)))),
    }
  })
  // A value of the drill-down may be called Total, too; all people stand first.
  const total = read.findIndex((row) => row.name === 'Total')
  if (read[total] === undefined) {
    throw new RefusedError(`${title} has no row "Total" for all people`, { remedy: 'open it at Exponea: it may have no data' })
  }
  return {
    events: steps.map(({ event }) => event),
    total: read[total],
    segments: read.filter((_, at) => at !== total),
    unread,
  }
}

function columnsIn(header: readonly string[], title: string) {
  const byNumber = new Map<number, StepColumn>()
  const unread: string[] = []
  for (const [column, name] of header.entries()) {
    // An event's name may have spaces, line breaks and the word count itself.
    const [, number, event = '', word] = /^step (\d+) (.*) (count|duration from previous)$/s.exec(name) ?? []
    if (number === undefined) {
      if (name !== 'serie') unread.push(name)
      continue
    }
    const key = word === 'count' ? 'count' : 'duration'
    const known = byNumber.get(Number(number)) ?? { event }
    if (known.event !== event || known[key] !== undefined) {
      throw new DataError(`${title} has step ${number} twice: ${header.join(', ')}`)
    }
    byNumber.set(Number(number), { ...known, [key]: column })
  }
  const steps = [...byNumber].sort(([a], [b]) => a - b)
  const counted = steps.flatMap(([number, { count, ...step }], at) =>
    count === undefined || number !== at + 1 ? [] : [{ ...step, count }],
  )
  if (counted.length === 0 || counted.length < steps.length) {
    throw new DataError(`${title} has no count for each of its steps: ${header.join(', ')}`)
  }
  return { steps: counted, unread }
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === null || value === undefined ? '' : JSON.stringify(value)
}

function countIn(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new DataError(`${where}: ${JSON.stringify(value)} is no number of people`)
}

/** -1 is documented: nobody passed. */
function durationIn(value: unknown, where: string): number | null {
  if (value === -1 || value === null) return null
  if (typeof value === 'number' && value >= 0) return value
  throw new DataError(`${where}: ${JSON.stringify(value)} is no time`)
}
