import { describe, expect, test } from 'vitest'
import type { ExponeaClient } from '../../../../lib/sources/exponea/client.ts'
import type { Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { asked, open } from './door.ts'

/** One call: what is sent for it, and what its answer is read as. */
export interface Exchange {
  /** What the vendor calls it. */
  readonly sdk: string
  /** `POST data/customers/export-one` */
  readonly request: string
  readonly json?: unknown
  readonly query?: Record<string, string>
  readonly answer: Payload
  readonly use: (client: ExponeaClient) => Promise<unknown>
  readonly gives: unknown
}

/** A test for each, named by what the vendor calls it. */
export function answersAll(whose: string, exchanges: readonly Exchange[]): void {
  describe(`of ${whose}:`, () => {
    test.each(exchanges)('$sdk', async ({ request, json, query, answer, use, gives }) => {
      const sent = { ...(json === undefined ? {} : { json }), ...(query === undefined ? {} : { query }) }
      await using vendor = await startVendor([asked(request, sent, answer)])
      await using door = open(vendor)
      expect(await use(door.client)).toEqual(gives)
    })
  })
}
