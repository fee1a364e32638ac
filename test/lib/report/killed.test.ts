import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runManifest } from '../../../lib/report/manifest.ts'
import { runReport } from '../../../lib/report/run.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import { contents, desk, monday, postOffice } from './desk.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet kill '))
})
afterAll(() => rm(folder, { recursive: true }))

/** The exit code, or the signal that ended it. */
async function child(place: string, nth: number, when: string): Promise<number | string> {
  const script = join(import.meta.dirname, 'killed-run.ts')
  const started = spawn(process.execPath, [script, place, String(nth), when], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code, signal] = (await once(started, 'exit')) as [number | null, string | null]
  return signal ?? code ?? 'nothing'
}

/** What consumers read; claims and the manifest's time of computing differ from run to run. */
async function published(place: string): Promise<Map<string, string>> {
  const all = await contents(openFolder(join(place, 'store')))
  for (const [key, body] of all) {
    // MIME boundaries are drawn by lot; the manifest's hash of the message goes with them.
    if (key.startsWith('claims/') || key.endsWith('.eml')) all.delete(key)
    if (key.endsWith('manifest.json')) {
      const manifest = runManifest.parse(JSON.parse(body))
      const objects = manifest.objects.map(({ key: object, sha256 }) =>
        object.endsWith('.eml') ? object : `${object} ${sha256}`,
      )
      all.set(key, JSON.stringify({ ...manifest, computedAt: '', objects }))
    }
  }
  return all
}

test('kill -9 at any step: called again, the run ends as if nothing had happened', async () => {
  const whole = join(folder, 'whole')
  expect(await child(whole, 0, 'before')).toBe(0)
  const expected = await published(whole)
  let kills = 0
  for (const when of ['before', 'after']) {
    for (let nth = 1; ; nth += 1) {
      const place = join(folder, `${when}-${nth}`)
      const ended = await child(place, nth, when)
      if (ended === 0) break
      expect(ended).toBe('SIGKILL')
      kills += 1
      const mailer = postOffice(place)
      const outcome = await runReport({ report: 'weekly', scheduledAt: monday, send: 'readers' }, desk(place, { mailer }))
      if (outcome.status !== 'done') throw new Error(`killed ${when} effect ${nth}: ${outcome.why}`)
      expect(await published(place), `killed ${when} effect ${nth}`).toEqual(expected)
      // Between the claim and its mark nobody can know: told as unknown, never a second mail. Everywhere else: one each.
      const taken = await mailer.taken()
      for (const { to, state } of outcome.mail) {
        const mails = taken.filter((one) => one === to).length
        expect(state === 'unknown' ? mails <= 1 : mails === 1, `killed ${when} effect ${nth}: ${to} ${state} ${mails}`).toBe(true)
      }
      expect(outcome.mail.filter(({ state }) => state === 'unknown').length).toBeLessThanOrEqual(1)
    }
  }
  expect(kills).toBeGreaterThan(30)
}, 300_000)
