import { RefusedError } from '../../errors.ts'
import type { Funnel } from '../../query.ts'
import type { FunnelBody, FunnelSteps, Note } from '../../result.ts'
import { stepsOf } from '../../result.ts'
import { arrangeSegments } from '../../segments.ts'
import type { Window } from '../../timeframe.ts'
import { parseDuration, spanOf } from '../../timeframe.ts'
import type { Ask } from '../source.ts'
import type { Events, LakeClient, Row } from './client.ts'
import { conditionSql, nameSql, propertiesIn, propertyExpression, whereExpression } from './compile.ts'
import type { Sql } from './sql.ts'
import { allOf, anyOf, text } from './sql.ts'
import { mostOfOneName, tieGroups } from './tie-groups.ts'
import { duplicateNotes, figuresOf, microsOf } from './windows.ts'

const mostSteps = 20

/** Why a lake cannot be asked this, if it cannot. */
export function refuseFunnel(question: Funnel): string | undefined {
  const { steps } = question
  if (question.unordered) return 'a lake answers funnels whose steps follow in time; leave out `unordered`'
  if (steps.length > mostSteps) return `a lake's funnel has at most ${mostSteps} steps, not ${steps.length}`
  const [name, most] = [...Map.groupBy(steps, ({ event }) => event)].find(([, same]) => same.length > mostOfOneName) ?? []
  if (most !== undefined) return `a lake's funnel takes one event in at most ${mostOfOneName} steps; ${name} is in ${most.length}`
  try {
    hitsSql(question, () => 'p')
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return error.remedy === undefined ? error.message : `${error.message}; ${error.remedy}`
  }
  return undefined
}

/** The properties that a funnel reads. */
export function funnelProperties({ steps, where, on }: Funnel): string[] {
  const conditions = [where, ...steps.map((step) => step.where)].filter((condition) => condition !== undefined)
  return [...conditions.map(whereExpression), ...(on === undefined ? [] : [propertyExpression(on)])].flatMap(propertiesIn)
}

/** Each window's statement: the timeframe's first. */
export function funnelSql({ question, windows }: Ask<'funnel'>, events: Events): Sql[] {
  return figuresOf(windows).map((window, at) => windowSql(question, window, events, at === 0 && question.on !== undefined))
}

/** Throws DataError through the client, RefusedError for what `refuseFunnel` names. */
export async function answerFunnel(ask: Ask<'funnel'>, events: Events, client: LakeClient): Promise<FunnelBody> {
  const { question, windows } = ask
  const answers: Row[][] = []
  for (const statement of funnelSql(ask, events)) answers.push(await client.query(statement, ask.signal))
  const [rows = [], ...compared] = answers
  const wholeOf = (answer: readonly Row[]) =>
    stepsIn(
      question,
      answer.find(({ name }) => name === null),
    )
  const parts = new Map(rows.flatMap((row) => (typeof row['name'] === 'string' ? [[row['name'], row]] : [])))
  const arranged = arrangeSegments(
    [...parts].map(([name, row]) => ({ name, values: [], total: Number(row['n1']), compared: [] })),
    { limit: question.limit, clean: false, adds: false },
  )
  const stretches = figuresOf(windows).map(({ start, end }) => ({ start, end: end.add({ seconds: secondsOf(question) }) }))
  const named = `event in (${question.steps.map(({ event }) => text(event)).join(', ')})`
  return {
    steps: wholeOf(rows),
    ...(question.on === undefined
      ? {}
      : { segments: arranged.segments.map(({ name }) => ({ name, steps: stepsIn(question, parts.get(name)) })) }),
    comparisons: windows.comparisons.map(({ to, timeframe }, at) => ({
      to,
      timeframe: spanOf(timeframe),
      steps: wholeOf(compared[at] ?? []),
    })),
    notes: [...openNotes(ask), ...(await duplicateNotes(stretches, named, events, client, ask.signal)), ...arranged.notes],
  }
}

function openNotes({ question, windows }: Ask<'funnel'>): Note[] {
  const text = `who entered less than ${question.within} ago still has time for the later steps`
  return windows.immature ? [{ kind: 'immature', text }] : []
}

function stepsIn({ steps }: Funnel, row: Row | undefined): FunnelSteps {
  return stepsOf(
    steps.map(({ event }, at) => {
      const median = row?.[`median${at + 1}`]
      return { name: event, count: Number(row?.[`n${at + 1}`] ?? 0), medianSeconds: typeof median === 'number' ? median : null }
    }),
  )
}

/** The events that match some step (`m1`, `m2` …), with the name of their segment. */
function hitsSql({ steps, where, on }: Funnel, column: Events['column']): Sql {
  const all = where === undefined ? [] : [conditionSql(whereExpression(where), column)]
  const matches = steps.map((step, at) => {
    const own = step.where === undefined ? [] : [conditionSql(whereExpression(step.where), column)]
    return `${allOf([`event = ${text(step.event)}`, ...all, ...own])} as m${at + 1}`
  })
  const name = on === undefined ? [] : [`${nameSql(propertyExpression(on), column)} as name`]
  return `select person, micros, ${[...matches, ...name].join(', ')}`
}

/**
 * From the last step to the first: the chain that a user can begin with step k at or after a time takes every step as
 * early as it can, so the earliest later tie that has a chain for step k+1 has the chain to go on with. `c<k>` is the chain
 * from step k on that begins in this tie, as a list of times, and `later<k>` the one that begins after it.
 */
function windowSql(question: Funnel, window: Window, events: Events, split: boolean): Sql {
  const count = question.steps.length
  const ties = tieGroups(question.steps.map(({ event }) => event))
  const numbers = question.steps.map((_, at) => at + 1)
  const within = secondsOf(question) * 1_000_000
  const [start, end] = [microsOf(window.start), microsOf(window.end)]
  const names = [...new Set(question.steps.map(({ event }) => text(event)))]

  const chainsFrom = (step: number) => {
    const cases = numbers.slice(step - 1).map((last) => {
      const taken = `[${Array.from({ length: last - step + 1 }, () => 'micros').join(', ')}]`
      return `when ${last} then ${last === count ? taken : `list_concat(${taken}, later${last + 1})`}`
    })
    return `case extent${step} ${cases.join(' ')} end as c${step}`
  }
  const later = (step: number) =>
    `first_value(c${step} ignore nulls) over (partition by person order by micros rows between 1 following and unbounded following) as later${step}`
  // Materialized, or DuckDB 1.5.5 plans twice as long for every further step: 16 took a second, 20 half a minute.
  const chains = numbers
    .slice(1)
    .toReversed()
    .flatMap((step) => [
      `chains${step} as (select *, ${chainsFrom(step)} from ${step === count ? 'ties' : `laters${step + 1}`})`,
      `laters${step} as materialized (select *, ${later(step)} from chains${step})`,
    ])
  const medians = numbers.slice(1).map((step) => `median((chain[${step}] - chain[${step - 1}]) / 1e6) as median${step}`)
  return `with hits as (
  ${hitsSql(split ? question : { ...question, on: undefined }, events.column)}
  from ${events.table}
  where event in (${names.join(', ')}) and person is not null and micros >= ${start} and micros < ${end + within}),
counted as (
  select person, micros, ${[...ties.counts, ...(split ? ties.names : [])].join(', ')}
  from hits where ${anyOf(numbers.map((step) => `m${step}`))} group by person, micros),
ties as (select *, ${numbers.map((step) => `${ties.extent(step)} as extent${step}`).join(', ')} from counted),
${chains.join(',\n')},
begun as (
  select person, micros, list_filter(c1, lambda moment: moment - micros <= ${within}) as chain${split ? `, ${ties.name('extent1')} as name` : ''}
  from (select *, ${chainsFrom(1)} from laters2) where c1 is not null and micros < ${end}),
furthest as (
  select person, arg_min(chain, rank) as chain${split ? ', arg_min(name, rank) as name' : ''}
  from (select *, (${count} - len(chain))::hugeint * 1000000000000000000 + micros as rank from begun) group by person)
select ${split ? 'name' : 'null as name'}, ${numbers.map((step) => `count_if(len(chain) >= ${step})::double as n${step}`).join(', ')},
  ${medians.join(', ')}
from furthest${split ? ' group by grouping sets ((), (name))' : ''}`
}

function secondsOf({ within }: Funnel): number {
  const seconds = parseDuration(within)
  if (seconds === undefined) throw new RangeError(`not a duration: ${within}`)
  return seconds
}
