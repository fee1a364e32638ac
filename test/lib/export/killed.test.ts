import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { runExport } from '../../../lib/export/run.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import type { Store } from '../../../lib/store/store.ts'
import { linesIn, manifestIn } from './exporting.ts'
import { exportRun } from './killing.ts'
import { lines } from './raw.ts'

const run = promisify(execFile)
const child = join(import.meta.dirname, 'killed-export.ts')
const json = 'exports/events/json/date=2026-11-09/2026-11-09.json.gz'

/** A manifest that says complete tells the truth; one that says replacing names what is there; without one, nothing counts. */
async function expectNoLie(store: Store): Promise<void> {
  const manifest = await manifestIn(store)
  if (manifest === undefined) return
  const one = manifest.objects
  const other = manifest.next?.objects ?? []
  for (const { key } of [...one, ...other]) {
    const body = (await store.get(key))?.body ?? Buffer.alloc(0)
    const sha256 = createHash('sha256').update(body).digest('hex')
    const told = [...one, ...(manifest.status === 'replacing' ? other : [])].filter((each) => each.key === key)
    expect(told.map((each) => each.sha256)).toContain(sha256)
  }
}

async function killEverywhere(before: readonly string[] | undefined, after: readonly string[]): Promise<number> {
  let killed = 0
  for (let nth = 1; ; nth += 1) {
    for (const when of ['before', 'after']) {
      const folder = await mkdtemp(join(tmpdir(), 'export kill '))
      try {
        const store = openFolder(join(folder, 'store'))
        if (before !== undefined) {
          const { request, context } = await exportRun(store, before, folder)
          await runExport(request, context)
        }
        await writeFile(join(folder, 'given.json'), JSON.stringify(after))
        const ended = await run(process.execPath, [child, folder, String(nth), when]).then(
          () => 'done',
          (error: { signal?: string }) => error.signal,
        )
        if (ended === 'done') return killed
        expect(ended).toBe('SIGKILL')
        killed += 1
        await expectNoLie(store)
        // Whoever looks while nothing runs sees the old lines, the new ones, or none; never half.
        const seen = (await manifestIn(store))?.status === 'complete' ? await linesIn(store, json) : undefined
        if (seen !== undefined) expect([before, after]).toContainEqual(seen)
        const { request, context } = await exportRun(store, after, folder)
        expect(await runExport(request, context)).toMatchObject({ status: 'done', failed: [] })
        expect(await manifestIn(store)).toMatchObject({ status: 'complete', lines: after.length })
        expect(await linesIn(store, json)).toEqual(after)
        await expectNoLie(store)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
  }
}

test('killed before or after each effect of a first export, it is whole or not there, and running again ends it', async () => {
  expect(await killEverywhere(undefined, lines(60))).toBeGreaterThan(12)
}, 120_000)

test('killed before or after each effect of a replacement, the old or the new is there, and running again ends it', async () => {
  expect(await killEverywhere(lines(60), lines(80))).toBeGreaterThan(16)
}, 120_000)
