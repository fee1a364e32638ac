import { expect } from 'vitest'
import { UsageError } from '../../../../../lib/errors.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import type { Payload } from '../../../../servers/vendor.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { refusal, startRecorder } from '../openapi/recorder.ts'
import { exchange } from './exchange.ts'
import { openDoor } from './pipelines-door.ts'

export interface Sent {
  readonly path: string
  /** The whole query, the project's id aside. */
  readonly query: Record<string, string>
}

/** What a call makes of an answer, where it sends just that. */
export async function ask(call: CallName, parameters: object, { path, query }: Sent, answer: Payload): Promise<unknown> {
  const accept = parameters !== null && 'format' in parameters && parameters.format === 'csv' ? '*/*' : 'application/json'
  return await exchange(call, parameters, { path, query: { project_id: '1234567', ...query }, headers: { accept }, answer })
}

/** The query as it goes over the wire, the project's id aside. */
export async function rawQuery(call: CallName, parameters: object): Promise<string> {
  await using recorder = await startRecorder()
  await using door = openDoor({ url: recorder.url })
  await expect(door.client.call(call, parameters)).rejects.toThrow(refusal)
  return recorder
    .take()
    .map(({ query }) => query.replace(/^project_id=1234567&?/, ''))
    .join('\n')
}

/** Why a call is refused before anything is sent. */
export async function whyNot(call: CallName, parameters: object): Promise<string> {
  await using vendor = await startVendor([])
  await using door = openDoor(vendor)
  const error = await door.client.call(call, parameters).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(UsageError)
  return (error as UsageError).message
}
