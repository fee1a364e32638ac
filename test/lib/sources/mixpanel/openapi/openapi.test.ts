import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { calls } from '../../../../../lib/sources/mixpanel/calls/index.ts'
import type { MixpanelClient, MixpanelOptions } from '../../../../../lib/sources/mixpanel/client.ts'
import { createMixpanelClient } from '../../../../../lib/sources/mixpanel/client.ts'
import type { ExportParameters } from '../../../../../lib/sources/mixpanel/export.ts'
import { exportCalls } from '../../../../../lib/sources/mixpanel/export.ts'
import { fakeTime } from '../../../../servers/fake-time.ts'
import { differences, fieldLabel, formsOf, shapesOf } from './accepted.ts'
import { exceptions, otherValues, uncovered } from './exceptions.ts'
import { labelOf } from './operation.ts'
import { apis, operations } from './operations.ts'
import { type Recorded, type Recorder, refusal, startRecorder } from './recorder.ts'
import { type Asked, type Name, olderForms, requests, waysIn } from './requests.ts'
import { judge, type Verdict } from './validate.ts'

const names = Object.keys(requests) as Name[]
const table: readonly Asked[] = names.flatMap((name) => requests[name].map((parameters) => ({ name, parameters })))
const inFiles = table.filter(({ name }) => uncovered[name] === undefined)
const outside = table.filter(({ name }) => uncovered[name] !== undefined)
const described = inFiles.flatMap(({ name, parameters }) => (name === 'export' ? [] : [{ name, parameters }]))
const excused = new Set(exceptions.map(({ problem }) => problem))

let recorder: Recorder
beforeAll(async () => {
  recorder = await startRecorder()
})
afterAll(() => recorder[Symbol.asyncDispose]())

function open(options: Partial<MixpanelOptions>) {
  const { clock, sleep, random } = fakeTime()
  return createMixpanelClient({
    project: '1234567',
    region: 'eu',
    credential: async () => 'reports.5b1f.mp-service-account:Zk3vQ9pLr7TnX2mB',
    credentials: 'ssm:/broadsheet/product',
    secret: async (reference) => `what ${reference} holds & more`,
    clock,
    http: { sleep, random },
    ...options,
  })
}

function sendBy(client: MixpanelClient, name: Name, parameters: object): Promise<unknown> {
  return name === 'export' ? client.export(parameters as ExportParameters) : client.call(name, parameters)
}

/** The one request that a call sends. */
async function send({ name, parameters, options }: Asked): Promise<Recorded> {
  // The files know data views on the query host alone.
  const workspace = name !== 'export' && calls[name].api === 'query' ? '99' : undefined
  const client = open({ url: recorder.url, workspace, ...options })
  await expect(sendBy(client, name, parameters)).rejects.toThrow(refusal)
  await client.close()
  const [recorded, ...more] = recorder.take()
  if (recorded === undefined || more.length > 0) throw new Error(`${name} sent ${more.length + 1} requests`)
  return recorded
}

const verdicts = new Map<Asked, Promise<Verdict>>()

function verdictOf(asked: Asked): Promise<Verdict> {
  const known = verdicts.get(asked)
  if (known !== undefined) return known
  const verdict = send(asked).then(judge)
  verdicts.set(asked, verdict)
  return verdict
}

/** One after the other: the recorder tells requests apart by their order alone. */
async function verdictsOf(all: readonly Asked[]): Promise<Verdict[]> {
  const found: Verdict[] = []
  for (const asked of all) found.push(await verdictOf(asked))
  return found
}

describe('requests', () => {
  test.each([...inFiles, ...waysIn])('$name $parameters', async (asked) => {
    const { problems } = await verdictOf(asked)
    expect(problems.filter((problem) => !excused.has(problem))).toEqual([])
  })

  test('meet every exception, or it is needed no more', async () => {
    const met = new Set((await verdictsOf([...inFiles, ...waysIn])).flatMap(({ problems }) => problems))
    expect([...excused].filter((problem) => !met.has(problem))).toEqual([])
  })

  test.each(olderForms)('of an older form are let through, and in no file: $parameters', async (asked) => {
    const { problems } = await verdictOf(asked)
    expect(problems.filter((problem) => !excused.has(problem))).not.toEqual([])
  })

  test('of calls that no file covers are, taken together, what is said of them', async () => {
    const met = new Map<string, Set<string>>()
    for (const asked of outside) {
      const { problems } = await verdictOf(asked)
      met.set(asked.name, new Set([...(met.get(asked.name) ?? []), ...problems]))
    }
    for (const [name, problems] of met) expect([...problems], name).toEqual(uncovered[name as keyof typeof uncovered]?.problems)
  })

  test.each(described)('go to the hosts of each region: $name $parameters', async (asked) => {
    const { path } = await send(asked)
    const { operation } = await verdictOf(asked)
    const servers = operation === undefined ? [] : apis[operation.file].servers
    const addresses = (['us', 'eu', 'in'] as const).map((region) => {
      // It says what would be sent, and sends nothing.
      const [method, address] = open({ region }).describe(asked.name, asked.parameters).split(' ')
      return `${method} ${address}`
    })
    expect(addresses).toEqual(servers.map((server) => `${operation?.method} ${new URL(server).origin}${path}`))
  })
})

describe('calls', () => {
  test('of the client are all here', () => {
    expect(names.toSorted()).toEqual([...Object.keys(calls), 'export'].toSorted())
    expect(Object.keys(uncovered).filter((name) => !names.includes(name as Name))).toEqual([])
  })

  test.each(names)('of %s use every parameter that it takes', (name) => {
    const sets: readonly object[] = [...table, ...olderForms]
      .filter((asked) => asked.name === name)
      .map((asked) => asked.parameters)
    const unused = formsOf(parametersOf(name)).flatMap(({ shape, fields }) => {
      const own = sets.filter((set) => shape === undefined || ('type' in set && set.type === shape))
      const used = new Set(own.flatMap((set) => Object.keys(set)))
      return [...fields.keys()].filter((field) => !used.has(field)).map((field) => `${shape ?? name} ${field}`)
    })
    expect(unused).toEqual([])
  })
})

describe('the files', () => {
  test('have no operation that no call makes', async () => {
    const made = new Set((await verdictsOf(inFiles)).map(({ operation }) => operation))
    expect(operations.filter((operation) => !made.has(operation)).map(labelOf)).toEqual([])
  })

  test('have no parameter that no call sends', async () => {
    const sent = (await verdictsOf(inFiles)).flatMap(({ operation, shape, sent }) =>
      operation === undefined ? [] : sent.map((name) => fieldLabel(operation, shape, name)),
    )
    const documented = operations.flatMap((operation) => [
      ...operation.parameters.map(({ name }) => fieldLabel(operation, undefined, name)),
      ...shapesOf(operation).flatMap(({ shape, fields }) => fields.map(({ name }) => fieldLabel(operation, shape, name))),
    ])
    expect(documented.filter((label) => !sent.includes(label))).toEqual([])
  })

  test('have the values and bounds that calls let through', async () => {
    const found: string[] = []
    for (const name of names) {
      const [asked] = inFiles.filter((one) => one.name === name)
      const operation = asked === undefined ? undefined : (await verdictOf(asked)).operation
      const forms = operation === undefined ? [] : formsOf(parametersOf(name)).map((form) => differences(operation, form))
      found.push(...forms.flat())
    }
    expect(found.toSorted()).toEqual(otherValues.map(({ problem }) => problem).toSorted())
  })
})

function parametersOf(name: Name) {
  return (name === 'export' ? exportCalls.export : calls[name]).parameters
}
