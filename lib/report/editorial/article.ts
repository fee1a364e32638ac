import type { Article } from '../../edition.ts'
import type { Report } from '../../project/project.ts'
import type { Query } from '../../query.ts'
import type { Answer, CohortsResult, FailureResult, FunnelResult, Note, SeriesResult, TableResult } from '../../result.ts'
import { parseDuration, resolveTimeframe } from '../../timeframe.ts'
import { marksNote } from './annotations.ts'
import { aboutTheSame, tellChange } from './changes.ts'
import { mostSeries, seriesChart, stepsChart } from './charts.ts'
import { cohortSegmentsTable, cohortsTable } from './cohort-tables.ts'
import { cohortsNotes } from './cohort-words.ts'
import { ratesDiffer } from './findings.ts'
import type { Language } from './headline.ts'
import { headlineOf, inProse } from './headline.ts'
import { listingTable } from './listing.ts'
import { isSame } from './periods.ts'
import type { Reading } from './reading.ts'
import { isFigure } from './reading.ts'
import type { SegmentNames } from './segment-names.ts'
import { segmentNames } from './segment-names.ts'
import type { Shown } from './tables.ts'
import { funnelTable, mostRows, seriesTable } from './tables.ts'
import { asSentence, inWords, listed, splitBy } from './titles.ts'
import { isOtherYear, isTimeless } from './when.ts'

/** What an article's small print has to know of the page around it. */
export interface Page {
  readonly report: Report
  readonly attachments: number
}

/** One answered question: the finding, a picture, a table where it is split, and what has to be said beside them. */
export function articleOf(reading: Reading, language: Language, page: Page): Article {
  const { query, result } = reading
  const { question } = query
  // A segmentation without a property has a series for each event; of a saved question nobody knows what they are.
  const names = segmentNames(
    splitBy(question),
    question.kind === 'segmentation' || question.kind === 'ratio' ? 'Event' : 'Segment',
  )
  const head = { query: query.name, kicker: query.title, headline: headlineOf(reading, language).full }
  switch (result.shape) {
    case 'funnel':
      return { ...head, ...funnelBody(reading, result, names, language, page) }
    case 'series':
      return { ...head, ...seriesBody(reading, result, names, language, page) }
    case 'cohorts':
      return { ...head, ...cohortsBody(reading, result, names, language, page) }
    case 'table':
      return { ...head, ...tableBody(reading, result, language, page) }
  }
}

type Body = Omit<Article, 'query' | 'kicker' | 'headline' | 'notice'>

/** Where all of it is that a page has no room for. */
function csvOf({ attachments }: Page): string {
  return attachments > 0 ? 'the attached CSV' : 'the CSV'
}

function seriesBody(reading: Reading, result: SeriesResult, names: SegmentNames, language: Language, page: Page): Body {
  const { question } = reading.query
  const split = (question.kind === 'segmentation' && question.on !== undefined) || result.series.length > 1
  const chart = seriesChart(reading, result, names, language)
  // A chart of one date has the same bars.
  const bars = !(chart?.kind === 'bar' && chart.labels.length === 1)
  const shown = split && result.series.length > 0 ? seriesTable(reading, result, names, { language, bars }) : undefined
  const notes = [
    ...marksNote(result, chart, language),
    ...countedThen(reading, language),
    ...perDay(reading, result, language),
    ...(chart === undefined ? [] : leftOut(result)),
    ...cut(shown, result, language, page),
    ...small(folded(result, names, language)),
  ]
  const body = { ...(chart === undefined ? {} : { chart }), ...(shown === undefined ? {} : { table: shown.table }) }
  return { ...body, notes: notes.map(asSentence) }
}

function funnelBody(reading: Reading, result: FunnelResult, names: SegmentNames, language: Language, page: Page): Body {
  const drawn = reading.query.chart !== 'none' && result.steps.length > 0
  const { segments } = result
  const shown =
    segments === undefined || segments.length === 0 ? undefined : funnelTable(reading, result, segments, names, language)
  const notes = [
    ...entrants(reading, language, page),
    ...loss(result, language),
    ...cut(shown, result, language, page),
    ...small(result.notes),
  ]
  const chart = drawn ? { chart: stepsChart(reading, result, language) } : {}
  return { ...chart, ...(shown === undefined ? {} : { table: shown.table }), notes: notes.map(asSentence) }
}

/** Shares as a shaded table, and below it the segments as another. */
function cohortsBody(reading: Reading, result: CohortsResult, names: SegmentNames, language: Language, page: Page): Body {
  const shares = cohortsTable(reading, result, language)
  const known = shares.places.of > 0
  const { segments } = result
  const shown =
    segments === undefined || segments.length === 0 || !known
      ? undefined
      : cohortSegmentsTable(reading, result, segments, names, language)
  const notes = [
    ...cohortsNotes(reading, result, shares, language, csvOf(page)),
    ...(result.measure === 'frequency' ? countedThen(reading, language) : []),
    ...cut(shown, result, language, page, ` by ${names.noun}`),
    ...small(result.notes),
  ]
  const table = shown === undefined ? {} : { table: shown.table }
  return { ...(known ? { shares: shares.table } : {}), ...table, notes: notes.map(asSentence) }
}

function tableBody(reading: Reading, result: TableResult, language: Language, page: Page): Body {
  const shown = listingTable(reading, result, language)
  const notes = [
    ...(isTimeless(reading) ? [] : countedThen(reading, language)),
    // A title need not say what its one number is.
    ...(isFigure(reading) ? result.columns.map(({ name }) => `the figure is “${name}”`) : []),
    ...cut(shown, result, language, page),
    ...small(result.notes),
  ]
  return { ...(shown === undefined ? {} : { table: shown.table }), notes: notes.map(asSentence) }
}

/** `Counted from 2 to 15 November, compared with …`, where that is not the page's period. */
function countedThen({ period, comparisons, running }: Reading, language: Language): string[] {
  const { dates, usual } = language
  if (isSame(period, usual)) return []
  const [main] = comparisons
  const compared =
    main === undefined ? '' : `, compared with ${dates.span(main.period, { year: main.period.start.year !== period.end.year })}`
  return [`Counted ${dates.during(period, isOtherYear(period, language))}${running ? ' so far' : ''}${compared}`]
}

/** `Users who entered from 2 to 8 November: the latest week whose seven days are over` */
function entrants(reading: Reading, language: Language, { report }: Page): string[] {
  const { dates, numbers, at, usual } = language
  const { query, period, unfinished } = reading
  const { question } = query
  const within = question.kind === 'funnel' ? question.within : undefined
  if (isTimeless(reading)) return []
  // A saved funnel is neither moved back nor of the file's timeframe.
  const plain = within === undefined ? period : resolveTimeframe(query.timeframe, at, report)
  const movedBack = within !== undefined && parseDuration(within) !== undefined && !period.end.equals(plain.end) && !unfinished
  if (isSame(period, usual) && !movedBack) return []
  const who = `Users who entered ${dates.during(period, isOtherYear(period, language))}`
  if (!movedBack) return [who]
  const unit = period.unit === 'period' ? 'stretch of that length' : period.unit
  const [, one] = /^1 (\w+?)s?$/.exec(within) ?? []
  const over = one === undefined ? `whose ${inProse(within, numbers)} are over` : `whose entrants have all had their ${one}`
  return [`${who}: the latest ${unit} ${over}`]
}

/** `Most are lost on the way to Create Project (1,445)`; of two steps there is only one way. */
function loss({ steps }: FunnelResult, { numbers }: Language): string[] {
  if (steps.length < 3) return []
  const losses = steps.slice(1).map((step, at) => ({ name: step.name, lost: (steps[at]?.count ?? 0) - step.count }))
  const [most, next] = [...losses].sort((a, b) => b.lost - a.lost)
  if (most === undefined || most.lost <= 0 || most.lost === next?.lost) return []
  return [`Most are lost on the way to ${most.name} (${numbers.whole(most.lost)})`]
}

/** Months differ in length, so what happened a day is told beside the change of the whole. */
function perDay(reading: Reading, result: SeriesResult, { numbers, dates }: Language): string[] {
  const { period, format } = reading
  const [main] = reading.comparisons
  const adds = result.measure === 'general' || result.measure === 'sum'
  if (!adds || main === undefined || main.from === null || main.to === null) return []
  // A leap day in a year is not worth a line.
  if (Math.abs(main.period.days - period.days) <= period.days / 100) return []
  const [from, to] = [main.from / main.period.days, main.to / period.days]
  const told = tellChange({ from, to }, reading, numbers)
  const moved = ratesDiffer({ hits: main.from, among: main.period.days }, { hits: main.to, among: period.days })
  const change = moved && told !== undefined ? `: ${told.direction} ${told.long}` : `: ${aboutTheSame}`
  const lengths = `${dates.span(period)} has ${numbers.whole(period.days)} days, ${dates.span(main.period)} ${numbers.whole(main.period.days)}`
  const levels = `a day, that is ${numbers.inProse(to, format)} after ${numbers.inProse(from, format)}`
  return [`${lengths}; ${levels}${main.beyond === undefined ? '' : change}`]
}

/** A picture that leaves parts out says so; where parts add up, they are in its Other. */
function leftOut(result: SeriesResult): string[] {
  const named = result.series.filter(({ folded }) => folded === undefined).length
  const adds = result.measure === 'general' || result.measure === 'sum'
  return named > mostSeries && !adds ? [`The chart shows the ${inWords(mostSeries, String)} largest`] : []
}

/** What of an answer is not in its table. Of one that the source cut, the CSV has not all either. */
function cut(shown: Shown | undefined, result: Answer, { numbers }: Language, page: Page, by = ''): string[] {
  if (shown === undefined) return []
  const { rows, columns } = shown
  const parts = [
    ...(rows > mostRows ? [`${numbers.whole(mostRows)} of ${numbers.whole(rows)} rows`] : []),
    ...(columns !== undefined && columns.shown < columns.of ? [`${columns.shown} of ${columns.of} columns`] : []),
  ]
  if (parts.length === 0) return []
  const all = result.notes.some(({ kind }) => kind === 'truncated') ? 'what was fetched is' : 'all are'
  return [`${listed(parts)}${by}; ${all} in ${csvOf(page)}`]
}

/** `Other is 31 more countries`, where a source says so of segments. */
function folded(result: SeriesResult, names: SegmentNames, { numbers }: Language): Note[] {
  const rest = result.series.find((one) => one.folded !== undefined)
  if (rest?.folded === undefined) return result.notes
  const text = `${rest.name} is ${names.more(rest.folded, numbers.whole)}`
  return [...result.notes.filter(({ kind }) => kind !== 'other'), { kind: 'other', text }]
}

/** What a source notes, but for repeated events: the colophon says once that they count once. */
function small(notes: readonly Note[]): string[] {
  return notes.filter(({ kind }) => kind !== 'duplicates').map(({ text }) => text)
}

/**
 * Questions without an answer for one reason: what happened, who can mend it, and that the rest (`others`) stands. What a
 * sample has no answer to is nobody's to mend.
 */
export function noticeOf(queries: readonly Query[], failure: FailureResult, others: boolean): Article {
  const sample = failure.kind === 'sample'
  const { remedy } = failure
  const mend = [...(failure.kind === 'sample' ? [] : [addressees[failure.kind]]), ...(remedy === undefined ? [] : [remedy])].join(
    ': ',
  )
  const rest = others && !sample ? ' The other figures are not touched by this.' : ''
  const subject = queries.length === 1 ? 'This question has' : `These ${inWords(queries.length, String)} questions have`
  return {
    query: queries[0]?.name ?? '',
    kicker: listed(queries.map(({ title }) => title)),
    headline: `${subject} no answer ${sample ? 'in a sample' : 'today'}`,
    notice: `${asSentence(failure.message)} ${asSentence(mend)}${rest}`,
    notes: [],
  }
}

const addressees = {
  credential: 'This is for whoever keeps the credentials',
  refused: 'This is for the author of the report',
  data: 'This is for whoever keeps the data',
  wait: 'Nobody has to act, the next edition asks again',
  unavailable: 'Nobody has to act, the next edition asks again',
  bug: 'This is for whoever runs the report',
} as const satisfies Record<Exclude<FailureResult['kind'], 'sample'>, string>
