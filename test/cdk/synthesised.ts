import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from 'aws-cdk-lib'
import { App, Stack } from 'aws-cdk-lib'
import { afterAll } from 'vitest'
import type { BroadsheetProps } from '../../cdk/broadsheet.ts'
import { Broadsheet } from '../../cdk/broadsheet.ts'

/** The feature flags that the app is synthesised with. */
const { context: flags } = JSON.parse(readFileSync(new URL('../../cdk/cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>
}

const scratch = mkdtempSync(join(tmpdir(), 'broadsheet-cdk-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** An app that bundles nothing; the template does not depend on the code. */
export function quickApp(): App {
  return new App({ context: { ...flags, 'aws:cdk:bundling-stacks': [] }, outdir: mkdtempSync(join(scratch, 'out-')) })
}

/** A project file in a folder of its own. */
export function projectFile(yaml: string): string {
  const file = join(mkdtempSync(join(scratch, 'project ')), 'broadsheet.yaml')
  writeFileSync(file, yaml)
  return file
}

interface Options {
  readonly app?: App
  readonly id?: string
  readonly env?: Environment
  readonly props?: Partial<BroadsheetProps>
}

export function stackOf(yaml: string, options: Options = {}): Stack {
  const { app = quickApp(), id = 'Reports', env } = options
  const stack = new Stack(app, id, env === undefined ? {} : { env })
  new Broadsheet(stack, 'Broadsheet', { project: projectFile(yaml), ...options.props })
  return stack
}

/** Two reports on two vendors' projects, one of them in another zone, and a source that no report asks. */
export const twoReports = `
timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, credentials: ssm:/broadsheet/product }
  shop: { kind: mixpanel, project: 7654321, timezone: America/New_York, credentials: secretsmanager:broadsheet/shop }
  idle: { kind: mixpanel, project: 42, credentials: ssm:/broadsheet/idle }
defaults:
  email: { from: Reports <reports@example.com> }
reports:
  weekly-growth:
    title: Weekly growth
    schedule: cron(0 8 ? * MON *)
    queries:
      signups: { source: product, segmentation: { event: Sign Up }, timeframe: previous_1_week }
    email: { to: [growth@example.com] }
  shop-pulse:
    title: Shop pulse
    timezone: America/New_York
    schedule: rate(1 day)
    queries:
      orders: { source: shop, segmentation: { event: Order }, timeframe: previous_1_day }
    email: { to: [shop@example.com] }
`

/** Two exports of the same: one of days in the vendor's zone and as Parquet, one of hours in the file's zone. */
export const twoExports = `${twoReports}
exports:
  events: { source: shop, data: events, from: 2026-01-01, at: '03:05' }
  purchases: { source: collected, data: events, events: [purchases], from: 2026-01-01, every: hour, format: [json] }
`.replace('sources:', 'sources:\n  collected: { kind: keen, project: 5f1e0c, credentials: secretsmanager:broadsheet/keen }')
