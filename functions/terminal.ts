import { Listr, ListrLogger, ProcessOutput } from 'listr2'
import type { Edition, Figure } from '../lib/edition.ts'
import { byReason } from '../lib/report/failures.ts'
import type { RunOutcome, RunProgress } from '../lib/report/run.ts'
import type { FailureResult } from '../lib/result.ts'
import type { Store } from '../lib/store/store.ts'

/** Progress goes to stderr: stdout holds what was asked for. */
export interface ProgressBoard {
  /** A step of its own, such as making up events; shows `title` while it works and what it returns when it is done. */
  step<Value>(
    title: string,
    work: (tell: (line: string) => void) => Promise<Value>,
    done?: (value: Value) => string,
  ): Promise<Value>
}

/** Live on a terminal, plain lines elsewhere, nothing with `--json`. */
export function progressBoard(options: { readonly quiet: boolean; readonly plain: boolean }): ProgressBoard {
  const logger = () => new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr), useIcons: true })
  const live =
    !options.plain &&
    !options.quiet &&
    process.stderr.isTTY === true &&
    process.stdout.isTTY === true &&
    process.stdout.columns > 0
  return {
    async step(title, work, done) {
      if (options.quiet) return work(() => undefined)
      if (!live) {
        const tell = (line: string) => void process.stderr.write(`  ${line}\n`)
        process.stderr.write(`${title} …\n`)
        const value = await work(tell)
        if (done !== undefined) tell(done(value))
        return value
      }
      let value: unknown
      const list = new Listr(
        [
          {
            title,
            task: async (_, task) => {
              const worked = await work((line) => {
                task.output = line
              })
              value = worked
              if (done !== undefined) task.title = `${title}: ${done(worked)}`
            },
          },
        ],
        { renderer: 'default', registerSignalListeners: false, rendererOptions: { logger: logger(), collapseErrors: false } },
      )
      await list.run()
      return value as Awaited<ReturnType<typeof work>>
    },
  }
}

/** One line for each thing that happens in a run. */
export function printProgress(event: RunProgress): string {
  switch (event.step) {
    case 'asking':
      return `asking ${event.query}`
    case 'kept':
      return `${event.query} is kept already`
    case 'answered':
      return `${event.query} is answered`
    case 'failed':
      return `${event.query} FAILED: ${event.why}`
    case 'left out':
      return `${event.query} is left out: ${event.why}`
    case 'waiting':
      return `${event.query} waits: ${event.why}`
    case 'drawing':
      return 'drawing the mail'
    case 'sending':
      return 'sending'
    case 'publishing':
      return 'writing the manifest'
  }
}

/** What came out of a run, for a person: the figures, what failed, and where to look. */
export function printOutcome(outcome: Extract<RunOutcome, { status: 'done' }>, store: Store): string {
  const { edition } = outcome
  const width = Math.max(...edition.figures.map((figure) => figure.label.length), 0)
  const folder = outcome.keys.at(-1)?.replace(/manifest\.json$/, '') ?? ''
  const file = (name: string) => store.locate(`${folder}${name}`)
  const asked = new Date(outcome.manifest.computedAt).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
  const lines = [
    '',
    `${edition.title}. ${edition.period}`,
    ...(edition.sample === undefined ? [] : [edition.sample]),
    '',
    ...edition.figures.map((figure) => `  ${figure.label.padEnd(width)}  ${printFigure(figure, edition)}`),
    '',
    ...byReason(outcome.failures, (failure) => failure).map(printFailures),
    ...(outcome.complete ? [] : [`  asked ${asked}; when it is mended, --again asks anew`]),
    ...outcome.mail.map((mail) => `  mail to ${mail.to}: ${mail.state}${mail.reason === undefined ? '' : ` (${mail.reason})`}`),
    ...(outcome.failures.length + outcome.mail.length > 0 ? [''] : []),
    `  open      ${file('email.html')}`,
    // Without readers or a sender there is no message, only the page.
    ...(outcome.keys.some((key) => key.endsWith('/email.eml')) ? [`  mail      ${file('email.eml')}`] : []),
    `  manifest  ${file('manifest.json')} (${outcome.keys.length} objects)`,
  ]
  return `${lines.join('\n')}\n`
}

/** Those that failed for one reason. */
function printFailures(failures: readonly FailureResult[]): string {
  const queries = failures.map(({ query }) => query).join(', ')
  const [{ kind, message, remedy } = { kind: 'bug', message: '', remedy: undefined }] = failures
  return `  ${kind === 'sample' ? 'LEFT OUT' : 'FAILED'} ${queries}: ${message}${remedy === undefined ? '' : `; ${remedy}`}`
}

function printFigure(figure: Figure, edition: Edition): string {
  const arrows = { up: '▲ ', down: '▼ ', same: '', new: '' }
  const widest = Math.max(...edition.figures.map((other) => other.value.length))
  const changes = figure.changes.map((change) => `${arrows[change.direction]}${change.amount} ${change.against}`.trim())
  const note = figure.note === undefined ? [] : [figure.note]
  return [figure.value.padStart(widest), ...changes, ...note].join('   ')
}
