import { createHash } from 'node:crypto'
import type { Temporal } from 'temporal-polyfill'
import { parseMailbox } from '../mailbox.ts'

/**
 * Where everything of a run lies: the promise to consumers, in one place. `attempt` counts from 1; asking again (2 and
 * up) has a folder of its own, because the first answer, which was mailed, stays.
 */
export interface RunKeys {
  /** The run's id: `<report>/<scheduled instant>`, with `-2` for its second attempt. */
  readonly run: string
  readonly attempt: number
  /** With the slash at its end: the prefix of all that consumers read of this run. */
  readonly folder: string
  json(query: string): string
  csv(query: string): string
  png(query: string): string
  readonly html: string
  readonly eml: string
  /** Written last. */
  readonly manifest: string
  /** Per query, the newest run in which it was answered; one for all runs of the report. */
  readonly latest: string
  /** The same answers as rows, in Parquet. */
  readonly rows: string
  readonly claim: string
  /** Written when the last question is settled: from then on what is kept is the answer, failures included. */
  readonly settled: string
}

export function runKeys(report: string, scheduledAt: Temporal.Instant, attempt: number): RunKeys {
  const stamp = stampOf(scheduledAt, attempt)
  const folder = `${runFolder(report, scheduledAt, attempt)}/`
  const of = (query: string, extension: string) => `${folder}${checkQuery(query)}.${extension}`
  return {
    run: `${report}/${stamp}`,
    attempt,
    folder,
    json: (query) => of(query, 'json'),
    csv: (query) => of(query, 'csv'),
    png: (query) => of(query, 'png'),
    html: `${folder}email.html`,
    eml: `${folder}email.eml`,
    manifest: `${folder}manifest.json`,
    latest: `reports/${report}/latest.json`,
    rows: `results/${report}/${stamp}.parquet`,
    claim: `claims/runs/${report}/${stamp}.json`,
    settled: `claims/settled/${report}/${stamp}.json`,
  }
}

/** `reports/<report>/<YYYYMMDDTHHMMSSZ>`, with `-2` for the second attempt; no slash at its end. */
export function runFolder(report: string, scheduledAt: Temporal.Instant, attempt: number): string {
  return `reports/${checkName(report)}/${stampOf(scheduledAt, attempt)}`
}

/** Which attempt a wish to ask again was given: a retry of the same wish goes on with the same one. */
export function wishKey(report: string, scheduledAt: Temporal.Instant, wish: string): string {
  const hash = createHash('sha256').update(wish).digest('hex')
  return `claims/again/${checkName(report)}/${stampOf(scheduledAt, 1)}/${hash}.json`
}

/**
 * Who has had which mail of a run: one claim for each recipient and purpose, so that a trial never takes the readers'.
 * The recipient, a mailbox (`Ann <ann@example.com>` or the address alone), is told by a hash of its address, because no
 * reader's address stands in the store; another spelling of the name or in capitals is the same reader.
 */
export function mailClaimKey(
  report: string,
  scheduledAt: Temporal.Instant,
  attempt: number,
  recipient: string,
  purpose: string,
): string {
  const mailbox = parseMailbox(recipient)
  // Its own words quote the address.
  if ('problem' in mailbox) throw new RangeError('a recipient of a report is no mailbox')
  const hash = createHash('sha256')
    .update(JSON.stringify([mailbox.address.toLowerCase(), purpose]))
    .digest('hex')
  return `claims/mail/${checkName(report)}/${stampOf(scheduledAt, attempt)}/${hash}.json`
}

/**
 * `state/` is what all runs know together. In `state/limits/` there is one object for each hourly limit of a vendor's
 * project, named after both (`mixpanel-eu-1234567-query`): the calls that all who use the store made in the last hour.
 */
export function limitKey(name: string): string {
  return `state/limits/${checkName(name)}.json`
}

/** Whole seconds, which is all that a schedule has. */
function stampOf(instant: Temporal.Instant, attempt: number): string {
  if (!Number.isInteger(attempt) || attempt < 1) throw new RangeError(`attempts count from 1, not ${attempt}`)
  const seconds = instant.toString({ smallestUnit: 'second' }).replace(/[-:]/g, '')
  return attempt === 1 ? seconds : `${seconds}-${attempt}`
}

/** As the project file has it; what else is in a run's folder has names that no query may take. */
function checkQuery(name: string): string {
  if (name === 'manifest') throw new RangeError('a query named manifest would be kept where the manifest is')
  return checkName(name)
}

function checkName(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw new RangeError(`no name of a report, query or limit: ${JSON.stringify(name)}`)
  return name
}

/** Where everything of an export lies. */
export interface ExportKeys {
  /** The vendor's bytes of one window, or what was written of its rows: NDJSON, packed. */
  json(window: ExportPlace): string
  /** `event` is a part of the path of its own (`sign-up`) where each event is kept by itself. */
  parquet(window: ExportPlace, event?: string): string
  /** Written last; a window without one does not exist. */
  manifest(window: string): string
  /** The prefix of all manifests. */
  readonly manifests: string
  /** The prefixes of all objects. */
  readonly objects: readonly string[]
  readonly claim: (window: string) => string
  /** What is known of a window that has yet to be kept, or that may have shrunk. */
  readonly trouble: (window: string) => string
  readonly troubles: string
  /** When a window was looked at and stayed as it is kept, in milliseconds since the epoch: a listing tells it of all. */
  readonly looked: (window: string, at: number) => string
  readonly lookedAt: string
  /** What the first window fixed for all: how long one is, and which column each property has. */
  readonly settled: string
  /** Held by the one who begins the export anew. */
  readonly rebuild: string
  /** Whose ids are kept out, by their SHA-256. */
  readonly forgotten: string
  /** There while somebody canceled the export. */
  readonly canceled: string
}

export interface ExportPlace {
  readonly name: string
  /** `date=2026-11-09`, or `snapshot=2026-11-09` for what has no time. */
  readonly partition: string
}

export function exportKeys(name: string): ExportKeys {
  const own = checkName(name)
  const state = `state/exports/${own}`
  return {
    json: (window) => `exports/${own}/json/${window.partition}/${window.name}.json.gz`,
    parquet: (window, event) =>
      `exports/${own}/parquet/${event === undefined ? '' : `event=${event}/`}${window.partition}/${window.name}.parquet`,
    manifests: `exports/${own}/manifests/`,
    objects: [`exports/${own}/json/`, `exports/${own}/parquet/`],
    manifest: (window) => `exports/${own}/manifests/${window}.json`,
    claim: (window) => `claims/exports/${own}/${window}.json`,
    trouble: (window) => `${state}/windows/${window}.json`,
    troubles: `${state}/windows/`,
    looked: (window, at) => `${state}/looked/${window}.${at}.json`,
    lookedAt: `${state}/looked/`,
    settled: `${state}/settled.json`,
    rebuild: `claims/rebuilds/${own}.json`,
    forgotten: `${state}/forgotten.json`,
    canceled: `${state}/canceled.json`,
  }
}
