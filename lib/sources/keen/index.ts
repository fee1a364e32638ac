import { UsageError } from '../../errors.ts'
import { wordsOf } from '../call-words.ts'
import type { Called, Source, SourceContext, SourceKind } from '../source.ts'
import { calls } from './calls/index.ts'
import type { CallName, KeenClient } from './client.ts'
import { createKeenClient } from './client.ts'
import { composedCalls } from './composed.ts'
import { exportable, exportOf } from './exporting.ts'
import { inspect } from './inspect.ts'
import { variables } from './keys.ts'
import { offlineCalls } from './offline.ts'
import type { Place, Site } from './questions/asking.ts'
import { questions } from './questions/index.ts'
import type { Config } from './schema.ts'
import { config } from './schema.ts'

/** Questions at a time. One may be several queries, of which the client lets only so many through. */
const concurrency = 6

/** Keen IO, asked with the read key. */
export const keen = {
  kind: 'keen',
  schema: config,
  kinds: questions.kinds,
  calls: { ...wordsOf(calls), ...composedCalls, ...offlineCalls },
  variables: Object.values(variables),
  exports: exportable,
  refuse: (own, question, context) => questions.refuse(question, siteOf(own, context)),
  // Its `people` are events.
  datesOf: ({ kind }) => (kind === 'people' ? 'timeframe' : undefined),
  open,
} satisfies SourceKind<typeof config>

function siteOf({ actor }: Config, { name }: Pick<SourceContext, 'name'>): Site {
  return { name, actor }
}

function open(own: Config, context: SourceContext): Source {
  const { project, credentials, url, getTimeout, postTimeout } = own
  const client = createKeenClient({
    project,
    credentials,
    url,
    getTimeout,
    postTimeout,
    credential: context.credential,
    trace: context.trace,
    http: { waits: context.waits },
    clock: context.clock,
  })
  const place: Place = { ...siteOf(own, context), client, clock: context.clock }
  return {
    label: `Keen IO (project ${project ?? `of ${variables.project}`})`,
    concurrency,
    answers: questions.answers(place),
    explain: (ask) => questions.requests(ask, place).map(({ call, parameters }) => client.describe(call, parameters)),
    inspect: (asked) => inspect(asked, place),
    export: (ask) => exportOf(client, own, ask),
    call: (name, parameters, signal) => callByName(client, name, parameters, signal),
    close: () => client.close(),
  }
}

async function callByName(
  client: KeenClient,
  name: string,
  parameters: unknown,
  signal: AbortSignal | undefined,
): Promise<Called> {
  if (parameters === null || typeof parameters !== 'object') throw new UsageError(`Keen ${name}: parameters are a JSON object`)
  // The client checks them against the call's own schema.
  if (name === 'extractionEach') return { each: client.extractionEach(parameters as never, signal) }
  if (!Object.hasOwn(keen.calls, name)) throw new UsageError(`Keen has no call "${name}"`)
  const answer = await client.call(name as CallName, parameters, signal)
  // Some answers have no body.
  return typeof answer === 'string' ? { text: answer } : { json: answer ?? null }
}
