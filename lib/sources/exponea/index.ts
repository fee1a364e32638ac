import { UsageError } from '../../errors.ts'
import { wordsOf } from '../call-words.ts'
import type { Called, CallWords, Source, SourceContext, SourceKind } from '../source.ts'
import { adviceOn } from './advice.ts'
import { calls } from './calls/index.ts'
import type { CallName, ExponeaClient } from './client.ts'
import { concurrency, createExponeaClient } from './client.ts'
import { composedCalls } from './composed.ts'
import { exportCalls } from './export.ts'
import { exportable, exportOf } from './exporting.ts'
import { inspect } from './inspect.ts'
import type { Place } from './questions/asking.ts'
import { analysesOf } from './questions/asking.ts'
import { questions } from './questions/index.ts'
import type { Config } from './schema.ts'
import { config } from './schema.ts'

/** Calls that are several requests, or one that comes bit by bit. */
const severalCalls = { ...composedCalls, ...exportCalls } satisfies Record<string, CallWords>
type SeveralName = keyof typeof severalCalls

/** Exponea, by now Bloomreach Engagement: what is saved there as an analysis, and every call of its API. */
export const exponea = {
  kind: 'exponea',
  schema: config,
  kinds: questions.kinds,
  calls: { ...wordsOf(calls), ...severalCalls },
  refuse: (_, question, { name }) => questions.refuse(question, { name }),
  // No call takes dates.
  datesOf: ({ kind }) => (kind === 'funnel' ? 'saved' : undefined),
  advice: (_, asked) => adviceOn(asked),
  exports: exportable,
  open,
} satisfies SourceKind<typeof config>

function open({ project, url, credentials, id }: Config, context: SourceContext): Source {
  const client = createExponeaClient({
    project,
    url,
    credentials,
    credential: (again) => context.credential(credentials, again),
    trace: context.trace,
    http: { waits: context.waits },
    clock: context.clock,
  })
  const place: Place = { name: context.name, client: analysesOf(client) }
  return {
    label: `Exponea (project ${project})`,
    concurrency,
    answers: questions.answers(place),
    explain: (ask) => questions.requests(ask, place).map(({ call, parameters }) => client.describe(call, parameters)),
    inspect: (asked) => inspect(asked, { ...place, timezone: context.timezone }),
    export: (ask) => exportOf(client, { id }, ask),
    call: (name, parameters, signal) => callByName(client, name, parameters, signal),
    close: () => client.close(),
  }
}

/** The client checks parameters, whatever they are, against the call's own schema. */
async function callByName(
  client: ExponeaClient,
  name: string,
  parameters: unknown,
  signal: AbortSignal | undefined,
): Promise<Called> {
  if (Object.hasOwn(severalCalls, name)) {
    const given = client[name as SeveralName](parameters as never, signal)
    return Symbol.asyncIterator in given ? { each: given } : { json: await given }
  }
  if (!Object.hasOwn(calls, name)) throw new UsageError(`Exponea has no call "${name}"`)
  const answer = await client.call(name as CallName, parameters as never, signal)
  return typeof answer === 'string' ? { text: answer } : { json: answer }
}
