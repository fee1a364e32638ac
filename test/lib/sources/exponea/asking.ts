import { exponea } from '../../../../lib/sources/exponea/index.ts'
import { config } from '../../../../lib/sources/exponea/schema.ts'
import type { Answers, Source } from '../../../../lib/sources/source.ts'
import type { Expected, Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'

export const project = '2b6a11c4-0f6e-11eb'

/** Monday 16 November 2026, 08:00 in Berlin, when the asks of these suites are scheduled. */
export const scheduled = { execution_time: 1_794_812_400, timezone: 'Europe/Berlin' }

export interface TableSent {
  readonly name?: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

/** What the vendor is sent for a saved analysis, with the table that it answers, or with another answer. */
export function analysis(kind: string, asked: object, answer: TableSent | Payload): Expected {
  const table = 'header' in answer ? { body: { name: 'Weekly', success: true, ...answer } } : answer
  return {
    method: 'POST',
    path: `/data/v2/projects/${project}/analyses/${kind}`,
    json: { analysis_id: '60645', ...asked, format: 'table_json' },
    headers: { authorization: `Basic ${Buffer.from('key-7:Zk3vQ9pLr7TnX2mB').toString('base64')}` },
    answer: table as Payload,
  }
}

/** Opens an Exponea source named `crm` against a vendor that expects just these calls, and uses it. */
export async function withExponea<Out>(expected: readonly Expected[], use: (source: Source) => Promise<Out>): Promise<Out> {
  await using vendor = await startVendor(expected)
  const source = exponea.open(config.parse({ kind: 'exponea', project, credentials: 'env:CRM', url: vendor.url }), {
    name: 'crm',
    folder: '/',
    timezone: 'Europe/Berlin',
    credential: async () => 'key-7:Zk3vQ9pLr7TnX2mB',
    trace: () => {},
    clock: () => new Date('2026-11-20T12:00:00Z'),
  })
  try {
    return await use(source)
  } finally {
    await source.close?.()
  }
}

/** How a source answers a kind of question; it has to. */
export function answering<Kind extends keyof Answers>(source: Source, kind: Kind): NonNullable<Answers[Kind]> {
  const answer = source.answers[kind]
  if (answer === undefined) throw new Error(`no ${kind}`)
  return answer
}
