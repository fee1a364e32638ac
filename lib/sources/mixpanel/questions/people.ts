import { DataError } from '../../../errors.ts'
import { readable } from '../../../expression.ts'
import type { People } from '../../../query.ts'
import type { Note, TableBody, TableCell } from '../../../result.ts'
import type { Ask } from '../../source.ts'
import type { Profile } from '../calls/people.ts'
import type { ParametersOf } from '../client.ts'
import type { Place } from './asking.ts'
import { printedWhere } from './printed.ts'

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refusePeople({ on }: People): string | undefined {
  return on === undefined ? undefined : 'Mixpanel lists profiles and does not count them by a property; leave out `on`'
}

/** The first page, which is the one that the vendor counts. */
export function peopleRequest({ question }: Ask<'people'>): ParametersOf<'engage'> {
  const { where, properties } = question
  return { ...printedWhere(where, readable.people), ...(properties === undefined ? {} : { output_properties: [...properties] }) }
}

/** Profiles as they are when they are asked for, the vendor's order kept. */
export async function answerPeople(ask: Ask<'people'>, { client }: Place): Promise<TableBody> {
  const { question, signal } = ask
  const request = peopleRequest(ask)
  const first = await client.engage(request, signal)
  const { sessionId, pageSize = 1000, total = first.profiles.length } = first
  const profiles = [...first.profiles]
  for (let page = 1; profiles.length < Math.min(question.limit, total); page += 1) {
    if (sessionId === undefined) throw new DataError('Mixpanel has more profiles and no session to go on with')
    const next = await client.engage({ ...request, session_id: sessionId, page }, signal)
    profiles.push(...next.profiles)
    if (next.profiles.length < pageSize && profiles.length < Math.min(question.limit, total)) {
      throw new DataError(`Mixpanel said there were ${total} profiles and gave ${profiles.length}`, {
        remedy: 'ask again; profiles may have been deleted meanwhile',
      })
    }
  }
  const shown = profiles.slice(0, question.limit)
  const names = question.properties ?? [...new Set(shown.flatMap(({ properties }) => properties.map(([name]) => name)))]
  const columns = names.map((name) => columnOf(name, shown))
  const cut = total > shown.length
  const text = `${total.toLocaleString('en-US')} profiles match; these are the first ${shown.length.toLocaleString('en-US')}`
  const notes: Note[] = cut ? [{ kind: 'truncated', text }] : []
  return {
    columns: [{ name: 'distinct_id', type: 'text' }, ...columns.map(({ name, type }) => ({ name, type }))],
    rows: shown.map(({ distinctId }, at) => [distinctId, ...columns.map(({ cells }) => cells[at] ?? null)]),
    notes,
  }
}

interface Column {
  readonly name: string
  readonly type: TableBody['columns'][number]['type']
  readonly cells: readonly TableCell[]
}

/** A type where all values have it; else each is its JSON, so that "5" and 5 stay apart. */
function columnOf(name: string, profiles: readonly Profile[]): Column {
  const values = profiles.map(({ properties }) => properties.find(([key]) => key === name)?.[1] ?? null)
  const known = values.filter((value) => value !== null)
  const all = (is: (value: unknown) => boolean) => known.every(is)
  const type = all((value) => typeof value === 'string' && isTime(value))
    ? 'time'
    : all((value) => typeof value === 'string')
      ? 'text'
      : all((value) => typeof value === 'number')
        ? 'number'
        : all((value) => typeof value === 'boolean')
          ? 'boolean'
          : 'json'
  const cells = values.map((value) => (value === null ? null : type === 'json' ? JSON.stringify(value) : (value as TableCell)))
  return { name, type: known.length === 0 ? 'text' : type, cells }
}

/** `2026-11-09T08:00:00`, as profiles have it, with a zone or without. */
function isTime(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?$/.test(value)
}
