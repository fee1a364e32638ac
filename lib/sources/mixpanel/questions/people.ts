import { readable } from '../../../expression.ts'
import type { People } from '../../../query.ts'
import type { Note, TableBody, TableCell } from '../../../result.ts'
import type { Ask } from '../../source.ts'
import type { Profile, ProfilesAsked } from '../calls/people.ts'
import { engagePages } from '../composed.ts'
import type { Place } from './asking.ts'
import { printedWhere } from './printed.ts'

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refusePeople({ on, event }: People): string | undefined {
  if (event !== undefined) return 'Mixpanel lists profiles, not events; leave out `event`'
  return on === undefined ? undefined : 'Mixpanel lists profiles and does not count them by a property; leave out `on`'
}

/** The first page, which is the one that the vendor counts. */
export function peopleRequest({ question }: Ask<'people'>): ProfilesAsked {
  const { where, properties } = question
  return { ...printedWhere(where, readable.people), ...(properties === undefined ? {} : { output_properties: [...properties] }) }
}

/**
 * Profiles as they are when they are asked for, the vendor's order kept. No page after the limit is asked for. Throws
 * UnavailableError where Mixpanel gives fewer profiles than it says there are.
 */
export async function answerPeople(ask: Ask<'people'>, { client }: Place): Promise<TableBody> {
  const { question, signal } = ask
  const found: Profile[] = []
  let total: number | undefined
  for await (const page of engagePages(client, peopleRequest(ask), signal, question.limit)) {
    total = page.total
    for (const profile of page.profiles) found.push(profile)
  }
  const shown = found.slice(0, question.limit)
  const names = question.properties ?? [...new Set(shown.flatMap(({ properties }) => properties.map(([name]) => name)))]
  const columns = columnsOf(names, shown)
  const inexact = columns.filter((column) => column.inexact).map(({ name }) => name)
  return {
    columns: [{ name: 'distinct_id', type: 'text' }, ...columns.map(({ name, type }) => ({ name, type }))],
    rows: shown.map(({ distinctId }, at) => [distinctId, ...columns.map(({ cells }) => cells[at] ?? null)]),
    notes: [
      ...cutNote(shown.length, total, question.limit),
      ...(inexact.length === 0 ? [] : [{ kind: 'source', text: `${inexact.join(', ')}: ${inexactWords}` } as const]),
    ],
  }
}

const inexactWords = 'whole numbers of more than 15 digits cannot be read exactly and are left out; keep ids as text'

function cutNote(shown: number, total: number | undefined, limit: number): Note[] {
  const [first, all] = [shown, total].map((count) => count?.toLocaleString('en-US'))
  if (total === undefined && shown >= limit) {
    return [{ kind: 'truncated', text: `these are the first ${first} profiles; Mixpanel does not say how many match` }]
  }
  return total === undefined || total <= shown
    ? []
    : [{ kind: 'truncated', text: `${all} profiles match; these are the first ${first}` }]
}

interface Column {
  readonly name: string
  readonly type: TableBody['columns'][number]['type']
  readonly cells: readonly TableCell[]
  readonly inexact: boolean
}

function columnsOf(names: readonly string[], profiles: readonly Profile[]): Column[] {
  const byName = profiles.map(({ properties }) => new Map(properties))
  return names.map((name) => {
    const values = byName.map((properties) => properties.get(name) ?? null)
    const known = values.filter((value) => value !== null)
    // A type where all values have it; else each is its JSON, so that "5" and 5 stay apart.
    const type = known.length === 0 ? 'text' : (types.find(([, is]) => known.every(is))?.[0] ?? 'json')
    const cells = values.map((value): TableCell => {
      if (value === null || isInexact(value)) return null
      return type === 'json' ? JSON.stringify(value) : (value as TableCell)
    })
    return { name, type, cells, inexact: known.some(isInexact) }
  })
}

/** The first that fits all values is the column's. */
const types: readonly (readonly [Column['type'], (value: unknown) => boolean])[] = [
  ['time', (value) => typeof value === 'string' && isTime(value)],
  ['text', (value) => typeof value === 'string'],
  ['number', (value) => typeof value === 'number'],
  ['boolean', (value) => typeof value === 'boolean'],
]

/** `2026-11-09T08:00:00`, as profiles have it, with a zone or without. */
function isTime(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?$/.test(value)
}

/** JSON has digits that numbers here have not: 9007199254740993 is read as …992. */
function isInexact(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
}
