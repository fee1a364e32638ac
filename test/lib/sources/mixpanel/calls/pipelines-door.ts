import type { MixpanelOptions } from '../../../../../lib/sources/mixpanel/client.ts'
import { createMixpanelClient } from '../../../../../lib/sources/mixpanel/client.ts'
import { fakeTime } from '../../../../servers/fake-time.ts'
import type { Expected, Payload, Vendor } from '../../../../servers/vendor.ts'

/** What the secrets are that references of these suites point to. */
export const vault: Readonly<Record<string, string>> = {
  'ssm:/azure/principal': 'q~8~&=+ Ünïx',
  'secretsmanager:prod/snowflake': 'Fjord-93-kelp\n',
  'env:AZURE_SECRET': 'w1nter&barley',
  'env:SHORT': 'abc',
  'env:EMPTY': '',
}

/** A client whose secrets stand in the vault, with what it traced. */
export function openDoor(vendor: Pick<Vendor, 'url'>, options: Partial<MixpanelOptions> = {}) {
  const time = fakeTime()
  const lines: string[] = []
  const client = createMixpanelClient({
    project: '1234567',
    region: 'us',
    url: vendor.url,
    credential: async () => 'exporter.mp-service-account:k8sWq2Zr',
    credentials: 'ssm:/broadsheet/product',
    secret: async (reference) => vault[reference] ?? '',
    trace: (line) => lines.push(line),
    clock: time.clock,
    http: { sleep: time.sleep, random: time.random },
    ...options,
  })
  return { client, lines, time, [Symbol.asyncDispose]: () => client.close() }
}

/** A POST of Data Pipelines with its form, the project's id aside. */
export function posted(what: string, form: Record<string, string | readonly string[]>, answer: Payload = {}): Expected {
  return { method: 'POST', path: `/api/2.0/nessie/pipeline/${what}`, form: { project_id: '1234567', ...form }, answer }
}

/** A GET of Data Pipelines with its query, the project's id aside. */
export function got(what: string, query: Record<string, string | readonly string[]>, answer: Payload): Expected {
  return { path: `/api/2.0/nessie/pipeline/${what}`, query: { project_id: '1234567', ...query }, answer }
}
