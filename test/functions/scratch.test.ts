import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exitOf, runCommand, startCommand } from './command.ts'

let folder: string
let temporary: string
const env = () => ({ TMPDIR: temporary, MIXPANEL: 'reports:Zk3vQ9pLr7TnX2mB' })
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet scratch '))
  temporary = join(folder, 'tmp')
  await mkdir(temporary)
  await writeFile(join(folder, 'ids'), 'u3\n')
  await writeFile(
    join(folder, 'broadsheet.yaml'),
    `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: env:MIXPANEL }
exports:
  events: { source: product, data: events, from: 2099-11-09, format: [json] }
`,
  )
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Everything that lies under the temporary folder's own folders. */
async function lying(): Promise<string[]> {
  const parents = (await readdir(temporary)).filter((name) => name.startsWith('broadsheet'))
  const inside = await Promise.all(
    parents.map(async (parent) => (await readdir(join(temporary, parent))).map((name) => join(temporary, parent, name))),
  )
  return inside.flat()
}

/** A command that has made its folder and now waits for its SQL. */
async function waiting() {
  const before = await lying()
  const child = startCommand(['sql', '-', '--project', folder], env())
  const ended = exitOf(child)
  for (;;) {
    const [own] = (await lying()).filter((path) => !before.includes(path))
    if (own !== undefined) return { child, ended, own }
    await Promise.race([wait(20), once(child, 'exit').then(() => Promise.reject(new Error('it ended')))])
  }
}

test.each([[['sql', 'select 1']], [['sql']], [['export', 'events']], [['forget', 'events', 'ids']]])(
  'what a killed process laid aside is gone with the next %j, and what a living one did is not',
  async (args) => {
    const killed = await waiting()
    await mkdir(join(killed.own, 'fetched'))
    await writeFile(join(killed.own, 'fetched', 'lines.json.gz'), 'ann@example.com')
    const living = await waiting()
    killed.child.kill('SIGKILL')
    await killed.ended
    expect(await lying()).toContain(killed.own)
    const given = args.map((word) => (word === 'ids' ? join(folder, word) : word))
    expect(await runCommand([...given, '--project', folder], env())).toMatchObject({ code: 0 })
    expect(await lying()).toEqual([living.own])
    living.child.stdin.end('select 1')
    await living.ended
    expect(await lying()).toEqual([])
  },
  30_000,
)

test('it lies where nobody else reads, and not where a link stands in its place', async () => {
  const { child, ended, own } = await waiting()
  const parent = dirname(own)
  expect((await stat(parent)).mode & 0o077).toBe(0)
  child.stdin.end('select 1')
  await ended
  await rm(parent, { recursive: true })
  await symlink(folder, parent)
  const { code, err } = await runCommand(['sql', 'select 1', '--project', folder], env())
  expect([code, err]).toEqual([1, expect.stringContaining('is not a folder of your own; remove it, or set TMPDIR')])
})
