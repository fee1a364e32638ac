import type { ExponeaOptions } from '../../../../lib/sources/exponea/client.ts'
import { createExponeaClient } from '../../../../lib/sources/exponea/client.ts'
import { fakeTime } from '../../../servers/fake-time.ts'
import type { Expected, Payload, Vendor } from '../../../servers/vendor.ts'

/** A client of the vendor on loopback, as the suites of Exponea open it. */

export const project = '2b6a7c10-91d4-11f0-8d3c-0242ac120002'
export const key = 'k7c2f9'
export const secret = 'qT8/vW+zR4=nB1xL'
export const basic = (password = secret, user = key) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

export function open(vendor: Pick<Vendor, 'url'>, options: Partial<ExponeaOptions> = {}) {
  const time = fakeTime()
  const lines: string[] = []
  const client = createExponeaClient({
    project,
    url: vendor.url,
    credential: async () => JSON.stringify({ key, secret }),
    credentials: 'ssm:/broadsheet/crm',
    trace: (line) => lines.push(line),
    clock: time.clock,
    http: { sleep: time.sleep, random: time.random },
    ...options,
  })
  return { client, time, lines, [Symbol.asyncDispose]: () => client.close() }
}

/** One request as the vendor expects it: `POST data/customers/export-one`. */
export function asked(call: string, sent: Pick<Expected, 'json' | 'query'>, answer: Payload): Expected {
  const [method = '', api = '', path = ''] = /^(\w+) (track|data)(\/.*)$/.exec(call)?.slice(1) ?? []
  return {
    method,
    path: `/${api}/v2/projects/${project}${path}`,
    headers: { authorization: basic(), 'content-type': sent.json === undefined ? undefined : 'application/json' },
    ...sent,
    answer,
  }
}

export const good = (body: object): Payload => ({ body: { ...body, success: true } })

export async function failureOf(
  attempt: () => unknown,
): Promise<Error & { readonly remedy?: string; readonly requestId?: string }> {
  try {
    await attempt()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const given: Item[] = []
  for await (const item of items) given.push(item)
  return given
}

/** What came, and the error after it. */
export async function until<Item>(items: AsyncIterable<Item>): Promise<{ given: Item[]; error: unknown }> {
  const given: Item[] = []
  try {
    for await (const item of items) given.push(item)
    return { given, error: undefined }
  } catch (error) {
    return { given, error }
  }
}
