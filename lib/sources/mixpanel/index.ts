import { pipeline } from 'node:stream'
import { createGzip } from 'node:zlib'
import { UsageError } from '../../errors.ts'
import { wordsOf } from '../call-words.ts'
import type { Called, CallWords, Source, SourceContext, SourceKind } from '../source.ts'
import { adviceOn } from './advice.ts'
import type { MixpanelCall } from './call.ts'
import { prepare } from './call.ts'
import { calls } from './calls/index.ts'
import type { CallName, MixpanelClient } from './client.ts'
import { createMixpanelClient } from './client.ts'
import { composedCalls } from './composed.ts'
import type { RawExport } from './export.ts'
import { exportCalls } from './export.ts'
import { exportable, exportOf } from './exporting.ts'
import { inspect } from './inspect.ts'
import { concurrency, labelOf, vendorsPerHour } from './limits.ts'
import { annotationReader } from './questions/annotations.ts'
import type { Place, Request, Site } from './questions/asking.ts'
import { questions } from './questions/index.ts'
import type { Config } from './schema.ts'
import { config } from './schema.ts'

/** Mixpanel's Query API, asked with a service account. */
export const mixpanel = {
  kind: 'mixpanel',
  schema: config,
  kinds: questions.kinds,
  calls: wordsOfCalls(),
  refuse: (own, question, context) => questions.refuse(question, siteOf(own, context)),
  datesOf: (question) => (question.kind === 'saved' && question.funnel !== undefined ? 'timeframe' : undefined),
  countsDaysIn: ({ timezone: own }, timezone) => own ?? timezone,
  limit: ({ project, region, budget }) => ({
    key: `mixpanel ${region} ${project}`,
    label: labelOf(project),
    perHour: budget?.perHour ?? vendorsPerHour,
  }),
  cost: (own, ask, context) => questions.requests(ask, siteOf(own, context)).filter(isCounted).length,
  advice: (_, asked) => adviceOn(asked),
  exports: exportable,
  open,
} satisfies SourceKind<typeof config>

function isCounted({ call, parameters }: Request): boolean {
  return prepare(call, calls[call], parameters).pools.includes('query')
}

function siteOf({ timezone }: Config, context: Pick<SourceContext, 'name' | 'timezone'>): Site {
  return { name: context.name, zone: timezone ?? context.timezone }
}

function open(own: Config, context: SourceContext): Source {
  const { project, region, credentials, workspace, url, budget } = own
  const client = createMixpanelClient({
    project,
    region,
    workspace,
    url,
    credentials,
    credential: (again) => context.credential(credentials, again),
    secret: (reference) => context.credential(reference),
    ledger: context.ledger,
    perHour: budget?.perHour,
    warn: context.warn,
    trace: context.trace,
    http: { waits: context.waits },
    clock: context.clock,
  })
  const place: Place = { ...siteOf(own, context), client, annotations: annotationReader(client), clock: context.clock }
  return {
    label: `Mixpanel (project ${project}, ${region.toUpperCase()})`,
    concurrency,
    answers: questions.answers(place),
    explain: (ask) => questions.requests(ask, place).map(({ call, parameters }) => client.describe(call, parameters)),
    export: (ask) => exportOf(client, own, ask),
    inspect: (asked) => inspect(asked, place),
    call: (name, parameters, signal) => callByName(client, name, parameters, signal),
    close: () => client.close(),
  }
}

function wordsOfCalls(): Record<string, CallWords> {
  const single = Object.entries(calls).map(([name, call]: [string, MixpanelCall]) => {
    const path = call.api === 'pipelines' ? `/nessie/pipeline${call.path}` : call.path
    return [name, { ...call, path, ...(call.csv === true ? { formats: ['json', 'csv'] } : {}) }]
  })
  return { ...wordsOf(Object.fromEntries(single)), ...composedCalls, ...exportCalls }
}

async function callByName(
  client: MixpanelClient,
  name: string,
  parameters: unknown,
  signal: AbortSignal | undefined,
): Promise<Called> {
  // The client checks them, whatever they are, against the call's own schema.
  if (name === 'export') return { bytes: packed(await client.export(parameters as never, signal)) }
  if (name === 'engageAll') return { each: client.engageAll(parameters as never, signal) }
  if (name === 'annotationsMove') return { json: await client.annotationsMove(parameters as never, signal) }
  if (name === 'exportEvents') return { each: client.exportEvents(parameters as never, signal) }
  if (!Object.hasOwn(calls, name)) throw new UsageError(`Mixpanel has no call "${name}"`)
  const answer = await client.call(name as CallName, parameters as never, signal)
  return typeof answer === 'string' ? { text: answer } : { json: answer }
}

/** What is small comes plain, and would not be the file of packed lines that whoever calls this is told of. */
function packed({ body, encoding }: RawExport): AsyncIterable<Uint8Array> {
  // Whatever fails on one side ends the other, and the reader gets it.
  return encoding === 'gzip' ? body : pipeline(body, createGzip(), () => {})
}
