import { CredentialError } from '../../../../lib/errors.ts'
import type { CallName, KeenOptions } from '../../../../lib/sources/keen/client.ts'
import { createKeenClient } from '../../../../lib/sources/keen/client.ts'
import type { KeyKind } from '../../../../lib/sources/keen/keys.ts'
import { fakeTime } from '../../../servers/fake-time.ts'
import type { Expected, Vendor } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'

export const keys = { write: 'W-9f2c41d7', read: 'R-51be77a0', master: 'M-c03d8e64' } as const
/** Where the project of these suites lives. */
export const base = '/3.0/projects/5f1e0c'

/** A reader of variables, and what it was asked for. */
export function variables(set: Readonly<Record<string, string>>) {
  const asked: string[] = []
  return {
    asked,
    async read(reference: string): Promise<string> {
      asked.push(reference)
      const value = set[reference]
      if (value !== undefined) return value
      throw new CredentialError(`${reference.slice(4)} is not set`)
    },
  }
}

export function openDoor(vendor: Pick<Vendor, 'url'>, options: Partial<KeenOptions> = {}) {
  const time = fakeTime()
  const lines: string[] = []
  const client = createKeenClient({
    project: '5f1e0c',
    url: vendor.url,
    credentials: 'ssm:/broadsheet/shop',
    credential: async () => JSON.stringify(keys),
    trace: (line) => lines.push(line),
    clock: time.clock,
    http: { sleep: time.sleep, random: time.random },
    ...options,
  })
  return { client, time, lines, [Symbol.asyncDispose]: () => client.close() }
}

/** What a call makes of an answer, where it sends just those requests, each with the key it should have. */
export async function exchange(
  name: CallName,
  parameters: object,
  ...requests: readonly (Expected & { readonly key: KeyKind })[]
): Promise<unknown> {
  await using vendor = await startVendor(
    requests.map(({ key, path, headers, ...request }) => ({
      ...request,
      path: `${base}${path}`,
      headers: { authorization: keys[key], 'content-type': 'application/json', 'keen-sdk': 'broadsheet', ...headers },
    })),
  )
  await using door = openDoor(vendor)
  return await door.client.call(name, parameters)
}

/** What is said of parameters that are wrong; nothing is sent. */
export async function complaint(name: CallName, parameters: object): Promise<string> {
  await using vendor = await startVendor([])
  await using door = openDoor(vendor)
  try {
    return `nothing: ${JSON.stringify(await door.client.call(name, parameters))}`
  } catch (error) {
    return String(error)
  }
}
