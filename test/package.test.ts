import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startVendor } from './servers/vendor.ts'

/** What `npm pack` makes, installed beside its dependencies in a project of somebody else's. */
const root = join(import.meta.dirname, '..')
const run = promisify(execFile)
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'installed package '))
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root })
  const [packed = ''] = await readdir(folder)
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, 'broadsheet'), { recursive: true })
  await run('tar', ['-xzf', join(folder, packed), '-C', join(modules, 'broadsheet'), '--strip-components', '1'])
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name))
  }
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the client of Mixpanel is usable alone, as broadsheet/mixpanel', async () => {
  await using vendor = await startVendor([
    {
      path: '/api/query/funnels/list',
      query: { project_id: '1234567' },
      headers: { authorization: `Basic ${Buffer.from('reports:Zk3vQ9pLr7TnX2mB').toString('base64')}` },
      answer: { body: [{ funnel_id: 7509, name: 'Activation' }] },
    },
  ])
  await writeFile(
    join(folder, 'ask.ts'),
    `import { createMixpanelClient } from 'broadsheet/mixpanel'
const client = createMixpanelClient({
  project: '1234567', region: 'eu', url: ${JSON.stringify(vendor.url)},
  credential: async () => 'reports:Zk3vQ9pLr7TnX2mB', credentials: 'env:ACCOUNT',
})
const funnels: { id: string; name: string }[] = await client.funnelsList()
console.log(JSON.stringify(funnels))
await client.close()
`,
  )
  // The types that are packed are those that a compiler finds.
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--skipLibCheck', '--types', 'node', '--ignoreConfig']
  await run(join(root, 'node_modules', '.bin', 'tsc'), [...strict, 'ask.ts'], { cwd: folder })
  const { stdout } = await run(process.execPath, ['ask.ts'], { cwd: folder })
  expect(JSON.parse(stdout)).toEqual([{ id: '7509', name: 'Activation' }])
})

test('so are those of Keen and Exponea, as broadsheet/keen and broadsheet/exponea', async () => {
  await using vendor = await startVendor([
    {
      method: 'POST',
      path: '/3.0/projects/5f1e0c/queries/count',
      headers: { authorization: 'a-key-that-reads' },
      json: { event_collection: 'purchases', timeframe: 'previous_1_day' },
      answer: { body: { result: 21 } },
    },
    {
      path: '/track/v2/projects/2b6a-11/system/time',
      headers: { authorization: `Basic ${Buffer.from('key:a-secret').toString('base64')}` },
      answer: { body: { success: true, errors: [], time: 1_763_000_000.5 } },
    },
  ])
  await writeFile(
    join(folder, 'both.ts'),
    `import { createKeenClient, decryptScopedKey, encryptScopedKey } from 'broadsheet/keen'
import { createExponeaClient } from 'broadsheet/exponea'
const url = ${JSON.stringify(vendor.url)}
const keen = createKeenClient({ project: '5f1e0c', url, credentials: 'env:KEEN', credential: async () => '{"read":"a-key-that-reads"}' })
const exponea = createExponeaClient({ project: '2b6a-11', url, credentials: 'env:CRM', credential: async () => 'key:a-secret' })
const [row] = await keen.count({ event_collection: 'purchases', timeframe: 'previous_1_day' })
const time: number = await exponea.systemTime()
const master = '0'.repeat(64)
const allowed = decryptScopedKey(master, encryptScopedKey(master, { allowed_operations: ['read'] }))
console.log(JSON.stringify([row?.value, time, allowed]))
await Promise.all([keen.close(), exponea.close()])
`,
  )
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--skipLibCheck', '--types', 'node', '--ignoreConfig']
  await run(join(root, 'node_modules', '.bin', 'tsc'), [...strict, 'both.ts'], { cwd: folder })
  const { stdout } = await run(process.execPath, ['both.ts'], { cwd: folder })
  expect(JSON.parse(stdout)).toEqual([21, 1_763_000_000.5, { allowed_operations: ['read'] }])
})

test('the command line runs as JavaScript', async () => {
  const { stdout } = await run(
    process.execPath,
    [join('node_modules', 'broadsheet', 'dist', 'functions', 'cli.js'), 'schema', 'result'],
    {
      cwd: folder,
    },
  )
  expect(JSON.parse(stdout)).toHaveProperty('anyOf')
})
