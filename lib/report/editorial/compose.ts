import type { Temporal } from 'temporal-polyfill'
import type { Article, Edition, Figure } from '../../edition.ts'
import type { Report } from '../../project/project.ts'
import type { Query } from '../../query.ts'
import type { FailureResult, Result } from '../../result.ts'
import { byReason } from '../failures.ts'
import { articleOf, noticeOf } from './article.ts'
import { aboutTheSame, tileChanges } from './changes.ts'
import { cohortsFigureNote } from './cohort-words.ts'
import { datelineOf, usualPeriods } from './dateline.ts'
import type { Language } from './headline.ts'
import { headlineOf } from './headline.ts'
import { leadOf } from './lead.ts'
import { tableFigure, tableFigureNote } from './listing.ts'
import { noNumber, numbersOf } from './numbers.ts'
import type { Period } from './periods.ts'
import { datesOf, isSame } from './periods.ts'
import type { Reading } from './reading.ts'
import { isFigure, readAnswer } from './reading.ts'
import { listed, subjectOf } from './titles.ts'
import { otherDates } from './when.ts'

/**
 * The edition of a run: a pure function of its results. Sentences are English whatever `locale` is, and so are the dates
 * (en-GB) and the countries in them; `locale` decides how numbers and currencies are written. `answers` are by query,
 * failures included; a query without one was added to the file after the run and is left out. `askedOf` are the labels of
 * the sources. Throws RangeError where `locale` is no BCP 47 tag.
 */
export function composeEdition(input: {
  readonly locale: string
  readonly report: Report
  readonly at: Temporal.Instant
  readonly answers: ReadonlyMap<string, Result>
  readonly sample: boolean
  readonly askedOf: readonly string[]
  readonly attachments: number
}): Edition {
  const { locale, report, at, answers, attachments } = input
  const asked = report.queries.flatMap((query): Asked[] => {
    const result = answers.get(query.name)
    if (result === undefined) return []
    return [result.shape === 'failure' ? { query, failure: result } : { query, reading: readAnswer(query, result, input) }]
  })
  const failed = asked.filter(({ failure }) => failure !== undefined).length
  const answered = asked.flatMap(({ reading }) => (reading === undefined ? [] : [reading]))
  const { usual, compared } = usualPeriods(answered)
  const language: Language = { locale, numbers: numbersOf(locale), dates: datesOf(report), at, usual }
  const page = { report, attachments }
  const reasons = byReason(
    asked.flatMap(({ query, failure }) => (failure === undefined ? [] : [{ query, failure }])),
    ({ failure }) => failure,
  )
  // What is the reason of several failures is told once, where the first of them stands.
  const parts = asked.flatMap((one): { one: Asked; article: Article }[] => {
    const { query, reading, failure } = one
    if (reading !== undefined) return [{ one, article: articleOf(reading, language, page) }]
    const alike = reasons.find(([first]) => first?.query === query)
    if (alike === undefined) return []
    return [
      {
        one,
        article: noticeOf(
          alike.map((each) => each.query),
          failure,
          failed < asked.length,
        ),
      },
    ]
  })
  const articles = withCaption(
    parts.map(({ article }) => article),
    parts.map(({ one }) => one),
  )
  const tiles = tilesOf(asked, report)
  // A page without tiles still has a lead and a subject.
  const leading = tiles.length === 0 ? asked : tiles
  const readings = leading.flatMap(({ reading }) => (reading === undefined ? [] : [reading]))
  const figures = tiles.map((tile) => figureOf(tile, language))
  const [first] = readings
  const finding = first === undefined ? 'no answers today' : headlineOf(first, language).short
  const subject = `${report.title}: ${finding}`.replace(/\s+/g, ' ')
  return {
    language: 'en-GB',
    title: report.title,
    period: datelineOf(answered, { language, compared, report }),
    lead: leadOf(readings, { asked: asked.length, failed }, language),
    subject: input.sample ? `[Sample] ${subject}` : subject,
    ...(input.sample ? { sample: 'This is a sample: its events are made up, so none of its figures is real.' } : {}),
    figures,
    articles,
    colophon: colophonOf(input, { asked, failed, compared, articles, figures }, language),
    ...(report.owner === undefined ? {} : { owner: report.owner }),
  }
}

type Asked = { readonly query: Query } & (
  | { readonly reading: Reading; readonly failure?: undefined }
  | { readonly failure: FailureResult; readonly reading?: undefined }
)

function tilesOf(asked: readonly Asked[], report: Report): Asked[] {
  return report.figures.flatMap((name) => asked.filter(({ query }) => query.name === name))
}

function figureOf({ query, reading }: Asked, language: Language): Figure {
  const label = subjectOf(query).leading
  if (reading === undefined) {
    const changes = [{ direction: 'same', verdict: 'neutral', amount: 'no answer', against: '' }] as const
    return { query: query.name, label, value: noNumber, changes }
  }
  const { value, note } = tileOf(reading, language)
  return {
    query: query.name,
    label,
    value,
    changes: tileChanges(reading, language.numbers),
    ...(note === undefined ? {} : { note }),
  }
}

function tileOf(reading: Reading, language: Language): { value: string; note: string | undefined } {
  const { result } = reading
  if (result.shape === 'table' && !isFigure(reading)) {
    return { value: tableFigure(reading, result, language), note: tableFigureNote(reading, result, language) }
  }
  const value = language.numbers.figure(reading.level, reading.format)
  return {
    value,
    note: result.shape === 'cohorts' ? cohortsFigureNote(reading, result, language) : otherDates(reading, language),
  }
}

/** The first picture with a shaded part says what that is. */
function withCaption(articles: readonly Article[], asked: readonly Asked[]): Article[] {
  const isShaded = ({ chart }: Article) => chart !== undefined && chart.kind !== 'steps' && chart.timeframeFrom !== undefined
  const first = articles.findIndex(isShaded)
  const unit = asked[first]?.reading?.period.unit
  const caption = `The shaded part is the ${unit === 'period' ? 'time' : unit} that the figures speak of.`
  return articles.map((article, at) =>
    at === first && article.chart !== undefined && article.chart.kind !== 'steps'
      ? { ...article, chart: { ...article.chart, caption } }
      : article,
  )
}

/** `For the edition of 16 November 2026, 08:00, asked of ….`, how many questions, what is attached, what the words mean. */
function colophonOf(
  { askedOf, at, report, attachments, answers }: Parameters<typeof composeEdition>[0],
  page: {
    readonly asked: readonly Asked[]
    readonly failed: number
    readonly compared: Period | undefined
    readonly articles: readonly Article[]
    readonly figures: readonly Figure[]
  },
  { dates, numbers, usual }: Language,
): string[] {
  const of = askedOf.length === 0 ? '' : `, asked of ${listed(askedOf)}`
  const moment = dates.moment(at.toZonedDateTimeISO(report.timezone))
  const count = page.asked.length
  const questions = `${numbers.whole(count)} ${count === 1 ? 'question' : 'questions'}`
  const answered =
    page.failed === 0 ? (count === 1 ? 'answered' : 'all answered') : `${numbers.whole(count - page.failed)} answered`
  const files = `${numbers.whole(attachments)} ${attachments === 1 ? 'file' : 'files'} attached.`
  const repeated = [...answers.values()].some(
    (one) => one.shape !== 'failure' && one.notes.some(({ kind }) => kind === 'duplicates'),
  )
  const readings = page.asked.flatMap(({ reading }) => (reading === undefined ? [] : [reading]))
  const years = [...readings.filter(({ period }) => isSame(period, usual)), ...readings].flatMap(({ comparisons }) =>
    comparisons.flatMap((one) => (one.with === 'year' ? [one.period] : [])),
  )
  const [year] = years
  const told = year === undefined || (page.compared !== undefined && isSame(year, page.compared))
  const steady = JSON.stringify([page.articles, page.figures]).includes(aboutTheSame)
  return [
    `For the edition of ${moment}${of}.`,
    `${questions}, ${answered}.`,
    ...(attachments === 0 ? [] : [files]),
    ...(repeated ? ['Events that arrived twice are counted once.'] : []),
    ...(told ? [] : [`“On the year” is against ${dates.span(year, { year: true })}.`]),
    ...(steady ? ['“About the same” is a change no larger than chance makes.'] : []),
  ]
}
