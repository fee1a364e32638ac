import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Temporal } from 'temporal-polyfill'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportWindow } from '../../../lib/export/window.ts'
import { windowsOver } from '../../../lib/export/windows.ts'
import { openStore } from '../../../lib/store/open.ts'
import { realServer } from '../../servers/launch.ts'
import type { S3Server } from '../../servers/s3.ts'
import { startVersitygw } from '../../servers/versitygw.ts'
import { exportingIn, keys } from './exporting.ts'

/** What the readme tells consumers to do, on an export of three days, one of which is being replaced. */
const root = join(import.meta.dirname, '..', '..', '..')
let s3: S3Server
let env: Record<string, string | undefined>

beforeAll(async () => {
  s3 = await startVersitygw()
  const bucket = await s3.createBucket()
  env = { PATH: process.env['PATH'], BUCKET: bucket, ...s3.env }
  const store = openStore(`s3://${bucket}`, s3.client)
  const event = (name: string, at: number) =>
    JSON.stringify({ event: name, properties: { time: at, distinct_id: 'u', note: 'two\u2028lines' } })
  const day = [...Array.from({ length: 5 }, (_, at) => event('Sign Up', at)), event('Charge', 9)]
  const exporting = await exportingIn(store, { lines: day }, { formats: ['json'] })
  const plan = { from: '2026-11-07', to: '2026-11-10', every: 'day', zone: 'UTC' } as const
  for (const window of windowsOver(plan, Temporal.Instant.from('2026-11-10T00:30:00Z'))) await exportWindow(exporting, window)
  const stored = await store.get(keys.manifest('2026-11-08'))
  const replacing = { ...JSON.parse(Buffer.from(stored?.body ?? []).toString()), status: 'replacing' }
  await store.put(keys.manifest('2026-11-08'), JSON.stringify(replacing))
})
afterAll(() => s3.stop())

async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  expect(code).toBe(0)
  return out.trim()
}

async function snippet(language: string): Promise<string> {
  const readme = await readFile(join(root, 'lib', 'export', 'readme.md'), 'utf8')
  const found = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(readme)
  if (found?.[1] === undefined) throw new Error(`the readme has no ${language}`)
  return found[1]
}

test('its TypeScript counts the complete days alone', async () => {
  expect(await run(process.execPath, ['--input-type=module-typescript', '-e', await snippet('ts')])).toBe('10 sign-ups')
})

test('its Python counts the same', async () => {
  expect(await run(realServer('venv/bin/python'), ['-c', await snippet('python')])).toBe('10 sign-ups')
})
