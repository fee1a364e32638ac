import type { Temporal } from 'temporal-polyfill'
import type { Edition } from '../edition.ts'
import type { Drawn } from '../email/index.ts'
import type { Project, Report } from '../project/project.ts'
import type { Result } from '../result.ts'
import { toCsv } from '../result.ts'
import { composeEdition } from './editorial/compose.ts'

/** The mail of a run: worded at once, drawn and composed when somebody needs it. */
export interface Mail {
  readonly edition: Edition
  drawn(): Promise<Drawn>
  /** Recipient-neutral, dated by the schedule: what the store keeps. Undefined where the file names no sender. */
  forStore(): Promise<Uint8Array | undefined>
  forReader(to: string, date: Date): Promise<Uint8Array>
}

export function makeMail(input: {
  readonly project: Project
  readonly report: Report
  readonly at: Temporal.Instant
  readonly run: string
  readonly results: readonly Result[]
  readonly sample: boolean
  readonly askedOf: readonly string[]
}): Mail {
  const { project, report, at, run, results } = input
  const attachments =
    report.email?.attach === 'csv'
      ? results
          .filter((one) => one.shape !== 'failure')
          .map((one) => ({ filename: `${one.query}.csv`, content: toCsv(one, { forSpreadsheets: true }) }))
      : []
  const edition = composeEdition({
    locale: project.locale,
    report,
    at,
    answers: new Map(results.map((one) => [one.query, one])),
    sample: input.sample,
    askedOf: input.askedOf,
    attachments: attachments.length,
  })
  let drawing: Promise<Drawn> | undefined
  const drawn = () => {
    // Loaded here, so that a run that is finished already never pays for charts.
    drawing ??= import('../email/index.ts').then(({ drawEdition }) => drawEdition(edition))
    return drawing
  }
  const compose = async (from: string, to: string | undefined, date: Date) => {
    const { composeMessage } = await import('../email/index.ts')
    return composeMessage(await drawn(), { edition, from, to, date, run, report: report.name, attachments })
  }
  const sender = report.email?.from
  return {
    edition,
    drawn,
    forStore: async () => (sender === undefined ? undefined : compose(sender, undefined, new Date(at.epochMilliseconds))),
    forReader: (to, date) => compose(sender ?? to, to, date),
  }
}
