import { readable } from '../../../expression.ts'
import type { People } from '../../../query.ts'
import type { Note, TableBody } from '../../../result.ts'
import { columnOf, inexactNotes } from '../../columns.ts'
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
  const names = question.properties ?? [...new Set(shown.flatMap(({ properties }) => Object.keys(properties)))]
  const byName = shown.map(({ properties }) => new Map(Object.entries(properties)))
  const columns = names.map((name) =>
    columnOf(
      name,
      byName.map((properties) => properties.get(name)),
    ),
  )
  return {
    columns: [{ name: 'distinct_id', type: 'text' }, ...columns.map(({ name, type }) => ({ name, type }))],
    rows: shown.map(({ distinctId }, at) => [distinctId, ...columns.map(({ cells }) => cells[at] ?? null)]),
    notes: [...cutNote(shown.length, total, question.limit), ...inexactNotes(columns)],
  }
}

function cutNote(shown: number, total: number | undefined, limit: number): Note[] {
  const [first, all] = [shown, total].map((count) => count?.toLocaleString('en-US'))
  if (total === undefined && shown >= limit) {
    return [{ kind: 'truncated', text: `these are the first ${first} profiles; Mixpanel does not say how many match` }]
  }
  return total === undefined || total <= shown
    ? []
    : [{ kind: 'truncated', text: `${all} profiles match; these are the first ${first}` }]
}
