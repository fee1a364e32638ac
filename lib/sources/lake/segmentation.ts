import { RefusedError } from '../../errors.ts'
import type { Segmentation } from '../../query.ts'
import type { SeriesBody } from '../../result.ts'
import type { Segment } from '../../segments.ts'
import { arrangeSegments, seriesOf } from '../../segments.ts'
import { bucketsOf, spanOf } from '../../timeframe.ts'
import type { Ask } from '../source.ts'
import type { Events, LakeClient } from './client.ts'
import { numberSql, propertyExpression } from './compile.ts'
import { eventSql, propertiesRead, segmentSql, whereSql } from './selection.ts'
import type { Sql } from './sql.ts'
import { allOf, anyOf, number, text } from './sql.ts'
import { duplicateNotes, figuresOf, microsOf, runningNotes, within } from './windows.ts'

const counting = ['general', 'unique', 'average']

/** Why a lake cannot be asked this, if it cannot. */
export function refuseSegmentation(question: Segmentation): string | undefined {
  const { event, type, of, on } = question
  if (Array.isArray(on)) return 'a lake splits by one property; give `on` one'
  if (Array.isArray(event) && on !== undefined) return 'a lake splits one event by a property; name one event, or leave out `on`'
  if (Array.isArray(event) && new Set(event).size < event.length) return 'an event is listed twice; name each once'
  if (question.buckets !== undefined) return 'a lake does not sort numbers into `buckets`; leave it out'
  if (of === undefined && !counting.includes(type)) return `${type} is of a property; name it with \`of\``
  if (of !== undefined && (type === 'general' || type === 'unique')) return `${type} counts; \`of\` goes with a sum or an average`
  if (type === 'percentile' && question.percentile === undefined) return 'which percentile? Write percentile: 90'
  if (type !== 'percentile' && question.percentile !== undefined) return '`percentile` goes with type: percentile'
  try {
    pickedSql(question, question.event.toString(), () => 'p')
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return error.remedy === undefined ? error.message : `${error.message}; ${error.remedy}`
  }
  return undefined
}

/** The properties that a segmentation reads. */
export function segmentationProperties({ where, on, of }: Segmentation): string[] {
  return propertiesRead(where, ...[on, of].flat())
}

/**
 * One statement for trend and figures. A row is a number of a bucket (`bucket` from 0) or of a figure (`figure` 0 is the
 * timeframe, then the comparisons), of one segment or, with `name` NULL, of all together.
 */
export function segmentationSql({ question, title, windows, calendar }: Ask<'segmentation'>, events: Events): Sql {
  const trend = windows.trend ?? windows.timeframe
  const figures = figuresOf(windows)
  // An empty window has no bucket, and SQL no empty list of values.
  const buckets = bucketsOf(trend, question.unit, calendar)
  const starts = (buckets.length === 0 ? [trend] : buckets).map(({ start }, at) => `(${at}, ${microsOf(start)})`)
  const ends = figures.map(({ start, end }, at) => `(${at}, ${microsOf(start)}, ${microsOf(end)})`)
  const measure = measureSql(question)
  return `with picked as materialized (
  ${pickedSql(question, title, events.column)}
  from ${events.table}
  where ${allOf([eventSql(question.event), anyOf([trend, ...figures].map(within)), whereSql(question.where, events.column)])}),
buckets(bucket, start) as (values ${starts.join(', ')}),
figures(figure, start, "end") as (values ${ends.join(', ')})
select bucket, null as figure, name, ${measure} as value
  from picked asof join buckets on micros >= start where ${within(trend)} group by bucket, name
union all
select null, figure, name, ${measure}
  from picked join figures on micros >= start and micros < "end" group by grouping sets ((figure, name), (figure))`
}

/** Throws DataError through the client, RefusedError for what `refuseSegmentation` names. */
export async function answerSegmentation(ask: Ask<'segmentation'>, events: Events, client: LakeClient): Promise<SeriesBody> {
  const { question, windows, calendar } = ask
  const trend = windows.trend ?? windows.timeframe
  const figures = figuresOf(windows)
  const buckets = bucketsOf(trend, question.unit, calendar)
  const rows = await client.query(segmentationSql(ask, events), ask.signal)
  const blank = ['general', 'unique', 'sum'].includes(question.type) ? 0 : null

  const segments = new Map<string, { values: (number | null)[]; figures: (number | null)[] }>()
  const segmentOf = (name: string) => {
    const known = segments.get(name)
    if (known !== undefined) return known
    const segment = {
      values: buckets.map(() => blank),
      // What a compared period lacks is unknown there, not 0; unsplit, an event that did not happen happened 0 times.
      figures: figures.map((_, at) => (at === 0 || question.on === undefined ? blank : null)),
    }
    segments.set(name, segment)
    return segment
  }
  if (question.on === undefined) for (const name of unsplitNames(ask)) segmentOf(name)
  const totals: (number | null)[] = figures.map(() => blank)
  for (const { bucket, figure, name, value } of rows) {
    const cell = typeof value === 'number' && Number.isFinite(value) ? value : null
    if (typeof bucket === 'number') segmentOf(String(name)).values[bucket] = cell
    else if (typeof name === 'string') segmentOf(name).figures[Number(figure)] = cell
    else totals[Number(figure)] = cell
  }

  const adds = question.type === 'general' || question.type === 'sum'
  const arranged = arrangeSegments(
    [...segments].map(
      ([
        name,
        {
          values,
          figures: [total = null, ...compared],
        },
      ]): Segment => ({ name, values, total, compared }),
    ),
    { limit: question.limit, clean: question.clean && question.on !== undefined, adds },
  )
  const partial = buckets.filter(({ whole }) => !whole).map(({ label }) => label)
  return {
    unit: question.unit,
    measure: question.type,
    ...(windows.trend === undefined ? {} : { trend: spanOf(windows.trend) }),
    dates: buckets.map(({ label }) => label),
    ...(partial.length === 0 ? {} : { partial }),
    series: arranged.segments.map(seriesOf),
    total: totals[0] ?? null,
    comparisons: windows.comparisons.map(({ to, timeframe }, at) => ({
      to,
      timeframe: spanOf(timeframe),
      total: totals[at + 1] ?? null,
      totals: Object.fromEntries(arranged.segments.map(({ name, compared }) => [name, compared[at] ?? null])),
    })),
    notes: [
      ...runningNotes(trend.partial),
      ...(await duplicateNotes([trend, ...figures], eventSql(question.event), events, client, ask.signal)),
      ...arranged.notes,
    ],
  }
}

/** The series of a question without `on`: the events, or the title for all of them. */
function unsplitNames({ question: { event }, title }: Ask<'segmentation'>): string[] {
  return event === 'any' ? [title] : [event].flat()
}

function pickedSql(question: Segmentation, title: string, column: Events['column']): Sql {
  const { event, on, of } = question
  const unsplit = Array.isArray(event) ? 'event' : text(event === 'any' ? title : event)
  const name = on === undefined ? unsplit : segmentSql([on].flat()[0], column)
  const value = of === undefined ? 'null::double' : numberSql(propertyExpression(of), column)
  whereSql(question.where, column)
  return `select micros, person, ${name} as name, ${value} as number`
}

/** Sums are made in order: the last digits of a double depend on it, and an answer is the same each time. */
function measureSql({ type, of, percentile = 0 }: Segmentation): Sql {
  switch (type) {
    case 'general':
      return 'count(*)::double'
    case 'unique':
      return 'count(distinct person)::double'
    case 'average':
      return of === undefined
        ? 'count(person)::double / nullif(count(distinct person), 0)'
        : 'fsum(number order by number) / nullif(count(number), 0)'
    case 'sum':
      return 'coalesce(fsum(number order by number), 0)'
    case 'min':
    case 'max':
    case 'median':
      return `${type}(number)`
    case 'percentile':
      return `quantile_cont(number, ${number(percentile)} / 100)`
  }
}
