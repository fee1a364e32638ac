import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runExport } from '../../../lib/export/run.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import type { Store } from '../../../lib/store/store.ts'
import { keysIn, linesIn, manifestIn } from './exporting.ts'
import { exportRun } from './killing.ts'
import { rowsOf } from './parquet-oracle.ts'
import { lines } from './raw.ts'

const run = promisify(execFile)
const child = join(import.meta.dirname, 'killed-export.ts')
const json = 'exports/events/json/date=2026-11-09/2026-11-09.json.gz'
const parquet = 'exports/events/parquet/date=2026-11-09/2026-11-09.parquet'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export kill '))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A manifest that says complete tells the truth; one that says replacing names what is there; without one, nothing counts. */
async function expectNoLie(store: Store): Promise<void> {
  const manifest = await manifestIn(store)
  if (manifest === undefined) return
  const one = manifest.objects
  const other = manifest.next?.objects ?? []
  const isReplacing = manifest.status === 'replacing'
  for (const { key } of [...one, ...other]) {
    const stored = await store.get(key)
    if (stored === undefined && isReplacing && !other.some((each) => each.key === key)) continue
    const body = stored?.body ?? Buffer.alloc(0)
    const sha256 = createHash('sha256').update(body).digest('hex')
    const told = [...one, ...(isReplacing ? other : [])].filter((each) => each.key === key)
    expect(told.map((each) => each.sha256)).toContain(sha256)
  }
}

async function seenIn(store: Store): Promise<string[]> {
  return (await manifestIn(store))?.lines === 0 ? [] : linesIn(store, json)
}

/** How the child ended: killed, or with the number of effects that it had. */
async function runChild(at: string, nth: number): Promise<string> {
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: join(folder, 'compiled') }
  return run(process.execPath, [child, at, String(nth)], { env }).then(
    ({ stdout }) => stdout,
    ({ signal, stderr }: { signal?: string; stderr: string }) => signal ?? stderr,
  )
}

/** `before` are what the vendor gave each time before. Between two effects nothing is done, so that before one is after another. */
async function killEverywhere(name: string, before: readonly (readonly string[])[], after: readonly string[]): Promise<number> {
  const template = join(folder, name)
  const kept = openFolder(join(template, 'store'))
  await mkdir(template)
  for (const given of before) {
    const { request, context } = await exportRun(kept, given, template)
    await runExport(request, context)
  }
  await writeFile(join(template, 'given.json'), JSON.stringify(after))

  async function killedAfter(nth: number): Promise<void> {
    const own = join(folder, `${name} ${nth}`)
    await cp(template, own, { recursive: true })
    const store = openFolder(join(own, 'store'))
    expect(await runChild(own, nth)).toBe('SIGKILL')
    await expectNoLie(store)
    // Whoever looks while nothing runs sees the old lines, the new ones, or none; never half.
    if ((await manifestIn(store))?.status === 'complete') expect([...before, after]).toContainEqual(await seenIn(store))
    const { request, context } = await exportRun(store, after, own)
    expect(await runExport(request, context)).toMatchObject({ status: 'done', failed: [] })
    expect(await manifestIn(store)).toMatchObject({ status: 'complete', lines: after.length })
    expect(await seenIn(store)).toEqual(after)
    const objects = after.length === 0 ? [] : [json, parquet]
    expect((await keysIn(store, 'exports/')).filter((key) => !key.includes('/manifests/'))).toEqual(objects)
    if (after.length > 0) expect(await rowsOf(store.locate(parquet))).toHaveLength(after.length)
    await expectNoLie(store)
    await rm(own, { recursive: true })
  }

  const whole = join(folder, `${name} whole`)
  await cp(template, whole, { recursive: true })
  const effects = Number(await runChild(whole, 0))
  let next = 1
  async function work(): Promise<void> {
    while (next <= effects) await killedAfter(next++)
  }
  // A process that starts and one that is looked at, on two processors.
  await Promise.all([work(), work(), work()])
  return effects
}

test.each<[string, (readonly string[])[], readonly string[], number]>([
  ['a first export', [], lines(60), 10],
  ['a replacement', [lines(60)], lines(80), 12],
  ['a replacement by fewer', [lines(60), lines(40)], lines(40), 12],
  ['a replacement by nothing', [lines(60), []], [], 8],
])('killed after each effect of %s, the old or the new is there, whole, and running again ends it', async (...given) => {
  const [name, before, after, effects] = given
  expect(await killEverywhere(name, before, after)).toBeGreaterThanOrEqual(effects)
})
