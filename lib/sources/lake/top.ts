import { RefusedError } from '../../errors.ts'
import type { Top } from '../../query.ts'
import type { Note, TableBody } from '../../result.ts'
import type { Ask } from '../source.ts'
import type { Events, LakeClient, Row } from './client.ts'
import { conditionSql, nameSql, propertiesIn, propertyExpression } from './compile.ts'
import type { Reads } from './load.ts'
import { eventSql } from './selection.ts'
import type { Sql } from './sql.ts'
import { allOf } from './sql.ts'
import type { Stretch } from './windows.ts'
import { duplicateNotes, runningNotes, within } from './windows.ts'

/** What the column of numbers is called. */
const numberNames = { general: 'events', unique: 'unique', average: 'average' } as const

/** Throws RefusedError for what a lake cannot evaluate, or what goes with another `what`. */
export function checkTop({ what, event, property }: Top): void {
  if (what === 'events' && event !== undefined) throw new RefusedError('all events are ranked; leave out `event`')
  if (what !== 'values' && property !== undefined) throw new RefusedError(`all ${what} are ranked; leave out \`property\``)
  if (what !== 'values') return
  if (property === undefined) throw new RefusedError('of which property? Name it with `property`')
  nameSql(propertyExpression(property), () => 'p')
}

export function topReads({ what, property }: Top): Reads {
  const properties = property === undefined ? [] : propertiesIn(propertyExpression(property))
  return { properties, shapes: what === 'properties' }
}

export function topStretches({ windows }: Ask<'top'>): Stretch[] {
  return [windows.timeframe]
}

/** The ranking; and for values how many events have none. */
export function topSql(ask: Ask<'top'>, events: Events): Sql[] {
  const { limit, type } = ask.question
  const named = `with named as (
  ${namedSql(ask, events)}),
ranked as (select name, ${measures[type]} as value from named group by name)`
  const ranking = `${named}
select name, value, (count(*) over ())::double as found from ranked order by value desc nulls last, name limit ${limit}`
  return [ranking, ...unsetSql(ask, events)]
}

/** Throws DataError through the client, and RefusedError as `checkTop` does. */
export async function answerTop(ask: Ask<'top'>, events: Events, client: LakeClient): Promise<TableBody> {
  const { question, windows } = ask
  checkTop(question)
  const answers: Row[][] = []
  for (const statement of topSql(ask, events)) answers.push(await client.query(statement, ask.signal))
  const [ranked = [], [lacking] = []] = answers
  const stretches = topStretches(ask)
  return {
    columns: columnsOf(question),
    rows: ranked.map(({ name, value }) => [String(name), typeof value === 'number' ? value : null]),
    notes: [
      ...runningNotes(windows.timeframe.partial),
      ...(await duplicateNotes(stretches, eventSql(question.event ?? 'any'), events, client, ask.signal)),
      ...unsetNotes(question, Number(lacking?.['events'] ?? 0)),
      ...restNotes(question, Number(ranked[0]?.['found'] ?? 0)),
    ],
  }
}

/** Of rows with `person` and in how many `events`. */
const measures = {
  general: 'sum(events)::double',
  unique: 'count(distinct person)::double',
  average: '(sum(events) filter (person is not null))::double / nullif(count(distinct person), 0)',
} as const satisfies Record<Top['type'], Sql>

/** Rows (name, person, events): first by person, so that the names of many like events are looked at once. */
function namedSql({ question, windows }: Ask<'top'>, events: Events): Sql {
  const { what, property } = question
  const asked = allOf([eventSql(question.event ?? 'any'), within(windows.timeframe)])
  if (what === 'events')
    return `select event as name, person, count(*) as events from ${events.table} where ${asked} group by all`
  if (what === 'values') {
    const set = allOf([asked, setSql(property ?? '', events.column)])
    const name = nameSql(propertyExpression(property ?? ''), events.column)
    return `select ${name} as name, person, count(*) as events from ${events.table} where ${set} group by all`
  }
  return `select unnest(names) as name, person, events
  from (select shape, person, count(*) as events from ${events.table} where ${asked} group by all) join ${events.shapes} using (shape)`
}

/** Neither missing nor null, as expressions mean it. */
function setSql(property: string, column: Events['column']): Sql {
  return conditionSql({ kind: 'call', function: 'defined', arguments: [propertyExpression(property)] }, column)
}

function unsetSql({ question, windows }: Ask<'top'>, events: Events): Sql[] {
  const { what, event = 'any', property = '' } = question
  if (what !== 'values') return []
  const lacking = allOf([eventSql(event), within(windows.timeframe), `not ${setSql(property, events.column)}`])
  return [`select count(*)::double as events from ${events.table} where ${lacking}`]
}

/** A property's values stand under its name, as elsewhere; what an expression makes of it has none. */
function columnsOf({ what, property = '', type }: Top): TableBody['columns'] {
  const number = numberNames[type]
  const own = property.includes('[') ? 'value' : property
  const name = { events: 'event', properties: 'property', values: own }[what]
  return [
    { name, type: 'text' },
    { name: name === number ? `${number} count` : number, type: 'number' },
  ]
}

function unsetNotes({ property }: Top, count: number): Note[] {
  if (count === 0) return []
  const many = count === 1 ? '1 event has' : `${count.toLocaleString('en-US')} events have`
  return [{ kind: 'unset', text: `${many} no value of ${property} and ${count === 1 ? 'is' : 'are'} not counted` }]
}

function restNotes({ what, limit }: Top, found: number): Note[] {
  const rest = found - limit
  if (rest <= 0) return []
  const one = { events: 'event', properties: 'property', values: 'value' }[what]
  const many = rest === 1 ? `1 more ${one} is` : `${rest.toLocaleString('en-US')} more ${what} are`
  return [{ kind: 'other', text: `${many} beyond the limit of ${limit} and not shown` }]
}
