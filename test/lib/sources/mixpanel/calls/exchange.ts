import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { openDoor } from './pipelines-door.ts'

/** How the account of these suites' door shows itself. */
export const authorization = `Basic ${Buffer.from('exporter.mp-service-account:k8sWq2Zr').toString('base64')}`

/** What a call makes of an answer, where it sends just that request. */
export async function exchange(call: CallName, parameters: object, expected: Expected): Promise<unknown> {
  await using vendor = await startVendor([{ ...expected, headers: { authorization, ...expected.headers } }])
  await using door = openDoor(vendor)
  return await door.client.call(call, parameters)
}
