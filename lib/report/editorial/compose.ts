import type { Temporal } from 'temporal-polyfill'
import type { Article, Edition, Figure } from '../../edition.ts'
import type { Report } from '../../project/project.ts'
import type { Query } from '../../query.ts'
import type { FailureResult, Result } from '../../result.ts'
import { articleOf, noticeOf } from './article.ts'
import { aboutTheSame, tileChanges } from './changes.ts'
import type { Language } from './headline.ts'
import { headlineOf } from './headline.ts'
import { leadOf } from './lead.ts'
import { noNumber, numbersOf } from './numbers.ts'
import type { Period } from './periods.ts'
import { datesOf, periodOf, zoneName } from './periods.ts'
import type { Reading } from './reading.ts'
import { readAnswer } from './reading.ts'
import { listed, subjectOf } from './titles.ts'

/** How many of a report's first questions become tiles where it names none. */
const tilesUnlessNamed = 4

/**
 * The edition of a run: a pure function of its results. Sentences are English whatever the locale is; numbers, dates and
 * countries are written as the locale does. `answers` are by query, failures included; a query without one was added to the
 * file after the run and is left out. `askedOf` are the labels of the sources.
 * Throws RangeError where `locale` is no BCP 47 tag.
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
  const language: Language = { locale, numbers: numbersOf(locale), dates: datesOf(locale, report), at }
  const asked = report.queries.flatMap((query): Asked[] => {
    const result = answers.get(query.name)
    if (result === undefined) return []
    return [result.shape === 'failure' ? { query, failure: result } : { query, reading: readAnswer(query, result, input) }]
  })
  const failed = asked.filter(({ failure }) => failure !== undefined).length
  const { usual, compared } = usualPeriods(asked, report, at)
  const page = { report, usual, attachments }
  const articles = asked.map(({ query, reading, failure }) =>
    reading === undefined ? noticeOf(query, failure, failed < asked.length) : articleOf(reading, language, page),
  )
  const tiles = tilesOf(asked, report)
  const readings = tiles.flatMap(({ reading }) => (reading === undefined ? [] : [reading]))
  const figures = tiles.map((tile) => figureOf(tile, language))
  const [first] = readings
  const finding = first === undefined ? 'no answers today' : headlineOf(first, language).short
  const subject = `${report.title}: ${finding}`.replace(/\s+/g, ' ')
  return {
    language: locale,
    title: report.title,
    period: periodLine(usual, compared, asked, language),
    lead: leadOf(readings, { asked: asked.length, failed }, language),
    subject: input.sample ? `[Sample] ${subject}` : subject,
    ...(input.sample ? { sample: 'This is a sample: its events are made up, so none of its figures is real.' } : {}),
    figures,
    articles,
    colophon: colophonOf(input, { asked: asked.length, failed, articles, figures }, language),
    ...(report.owner === undefined ? {} : { owner: report.owner }),
  }
}

type Asked = { readonly query: Query } & (
  | { readonly reading: Reading; readonly failure?: undefined }
  | { readonly failure: FailureResult; readonly reading?: undefined }
)

function tilesOf(asked: readonly Asked[], report: Report): Asked[] {
  if (report.figures.length === 0) return asked.slice(0, tilesUnlessNamed)
  return report.figures.flatMap((name) => asked.filter(({ query }) => query.name === name))
}

function figureOf({ query, reading }: Asked, { locale, numbers }: Language): Figure {
  const label = subjectOf(query, locale).leading
  if (reading === undefined) {
    const changes = [{ direction: 'same', verdict: 'neutral', amount: 'no answer', against: '' }] as const
    return { query: query.name, label, value: noNumber, changes }
  }
  return {
    query: query.name,
    label,
    value: numbers.figure(reading.level, reading.format),
    changes: tileChanges(reading, numbers),
  }
}

/** The timeframe that most questions speak of (the first of equally many), and what it is compared with. */
function usualPeriods(
  asked: readonly Asked[],
  report: Report,
  at: Temporal.Instant,
): { usual: Period; compared: Period | undefined } {
  const spans = asked.map(({ reading, failure }) => {
    return reading?.period ?? (failure === undefined ? undefined : periodOf(failure.timeframe, failure.timezone))
  })
  const known = spans.filter((span) => span !== undefined)
  const keyOf = ({ start, end }: Period) => `${start.epochMilliseconds} ${end.epochMilliseconds}`
  const groups = [...Map.groupBy(known, keyOf).values()].sort((a, b) => b.length - a.length)
  const now = at.toString()
  const usual = groups[0]?.[0] ?? periodOf({ start: now, end: now }, report.timezone)
  const speaking = asked.flatMap(({ reading }) =>
    reading !== undefined && keyOf(reading.period) === keyOf(usual) ? [reading] : [],
  )
  const compared = speaking.find(({ comparisons }) => comparisons.length > 0)?.comparisons[0]?.period
  return { usual, compared }
}

/** `Monday 9 to Sunday 15 November 2026, Berlin time. Compared with 2 to 8 November.` */
function periodLine(usual: Period, compared: Period | undefined, asked: readonly Asked[], { dates }: Language): string {
  const running = asked.some(({ reading }) => reading?.running === true && reading.period.end.equals(usual.end))
  const span = dates.span(usual, { weekdays: true, year: true })
  const line = `${span}${running ? ' so far' : ''}, ${zoneName(usual.start.timeZoneId)}.`
  if (compared === undefined) return line
  return `${line} Compared with ${dates.span(compared, { year: compared.start.year !== usual.start.year })}.`
}

/** `Asked of … on 16 November 2026 at 08:00.`, how many questions, what is attached, and what the words mean. */
function colophonOf(
  { askedOf, at, report, attachments, answers }: Parameters<typeof composeEdition>[0],
  page: { asked: number; failed: number; articles: readonly Article[]; figures: readonly Figure[] },
  { dates, numbers }: Language,
): string[] {
  const of = askedOf.length === 0 ? '' : ` of ${listed(askedOf)}`
  const moment = dates.moment(at.toZonedDateTimeISO(report.timezone))
  const questions = `${numbers.whole(page.asked)} ${page.asked === 1 ? 'question' : 'questions'}`
  const answered =
    page.failed === 0 ? (page.asked === 1 ? 'answered' : 'all answered') : `${numbers.whole(page.asked - page.failed)} answered`
  const files = `${numbers.whole(attachments)} ${attachments === 1 ? 'file' : 'files'} attached.`
  const repeated = [...answers.values()].some(
    (one) => one.shape !== 'failure' && one.notes.some(({ kind }) => kind === 'duplicates'),
  )
  const steady = JSON.stringify([page.articles, page.figures]).includes(aboutTheSame)
  return [
    `Asked${of} on ${moment}.`,
    `${questions}, ${answered}.`,
    ...(attachments === 0 ? [] : [files]),
    ...(repeated ? ['Events that arrived twice are counted once.'] : []),
    ...(steady ? ['“About the same” is a change no larger than chance makes.'] : []),
  ]
}
