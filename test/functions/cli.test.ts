import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runCommand } from './command.ts'
import { startVendor } from './vendor.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'our reports '))
})
afterEach(() => rm(folder, { recursive: true }))

/** A project secret, in the shape that Mixpanel gives it. */
const env = { PROJECT_SECRET: '0123456789abcdef'.repeat(2) }
const broadsheet = (...args: string[]) => runCommand(args, env)

const file = `timezone: Europe/Berlin
sources:
  own: { kind: lake, events: ./events }
defaults: { source: own, compare: [previous] }
reports:
  weekly:
    schedule: cron(0 8 ? * MON *)
    queries:
      signups:
        segmentation: { event: 'Anmeldung „neu“ 🎉', on: land }
        timeframe: previous_1_week
      path:
        funnel: { steps: ['Anmeldung „neu“ 🎉', "It's done"], within: 2 days }
        timeframe: previous_1_week
`

/** Events of the two weeks before Monday 16 November 2026, in Mixpanel's format. */
function events(): string {
  const lines: string[] = []
  for (let user = 0; user < 40; user += 1) {
    const time = Date.UTC(2026, 10, 2 + (user % 14), 12) / 1000
    const properties = (at: number, id: string) => ({
      time: at,
      distinct_id: `u${user}`,
      $insert_id: id,
      land: user % 3 === 0 ? 'DE' : 'FR',
    })
    lines.push(JSON.stringify({ event: 'Anmeldung „neu“ 🎉', properties: properties(time, `a${user}`) }))
    if (user % 2 === 0) lines.push(JSON.stringify({ event: "It's done", properties: properties(time + 3600, `b${user}`) }))
  }
  return `${lines.join('\n')}\n`
}

async function writeProject(text = file): Promise<string> {
  const path = join(folder, 'a project')
  await mkdir(join(path, 'events'), { recursive: true })
  await writeFile(join(path, 'broadsheet.yaml'), text)
  await writeFile(join(path, 'events', 'all.ndjson.gz'), gzipSync(events()))
  return path
}

const at = ['--at', '2026-11-16']

describe('run', () => {
  test('answers a project of one’s own, from a path with spaces, as one JSON document', async () => {
    const path = await writeProject()
    const store = join(folder, 'the store')
    const { code, out, err } = await broadsheet('run', 'weekly', '--project', path, '--store', store, '--json', ...at)
    expect(err).toBe('')
    expect(code).toBe(0)
    const { runs } = JSON.parse(out)
    expect(runs[0]).toMatchObject({ run: 'weekly/20261116T070000Z', status: 'complete', failures: [] })
    const signups = JSON.parse(await readFile(join(store, 'reports/weekly/20261116T070000Z/signups.json'), 'utf8'))
    // Forty users on fourteen days, one a day in turn: seventeen of them in the second week's days.
    const expected = Array.from({ length: 40 }, (_, user) => user % 14).filter((day) => day >= 7).length
    expect(signups.total).toBe(expected)
    expect(await readdir(join(store, 'reports/weekly/20261116T070000Z'))).toContain('email.html')
  })

  test('runs every report if none is named, beside the project file by default', async () => {
    const path = await writeProject()
    const { code, out } = await broadsheet('run', '--project', join(path, 'broadsheet.yaml'), ...at)
    expect(code).toBe(0)
    expect(out).toContain(join(path, '.broadsheet/reports/weekly/20261116T070000Z/email.html'))
  })

  test('a sample answers a file that has only a Mixpanel source, and says that it is one', async () => {
    const path = await writeProject(
      file
        .replace('own: { kind: lake, events: ./events }', 'own: { kind: mixpanel, project: 1, credentials: env:NOBODY }')
        .replace('within: 2 days', 'within: 2 days, saved: { own: 7 }'),
    )
    const { code, out, err } = await broadsheet('run', 'weekly', '--sample', '--project', path, '--json', ...at)
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(JSON.parse(out).runs[0].status).toBe('complete')
    const html = await readFile(join(path, '.broadsheet/sample/reports/weekly/20261116T070000Z/email.html'), 'utf8')
    expect(html).toMatch(/sample/i)
    expect(html).toContain('Anmeldung „neu“')
  })

  test('calls of a vendor are counted in the store, and who runs it is warned; a sample and a dry run call nobody', async () => {
    const vendor = await startVendor()
    try {
      const product = `product: { kind: mixpanel, project: 1234567, url: '${vendor.url}', credentials: env:PROJECT_SECRET }`
      const path = await writeProject(
        `${file.slice(0, file.indexOf('      path:'))}`
          .replace('own: { kind: lake, events: ./events }', product)
          .replace('source: own', 'source: product')
          .replace(', on: land', ''),
      )
      const limit = join(path, '.broadsheet/state/limits/mixpanel-us-1234567-query.json')
      for (const idle of ['--sample', '--dry-run']) {
        expect((await broadsheet('run', '--project', path, idle, ...at)).code).toBe(0)
        await expect(readFile(limit)).rejects.toThrow('ENOENT')
      }
      expect(vendor.asked).toEqual([])
      const { code, err } = await broadsheet('run', '--project', path, '--json', ...at)
      expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('March 2027') })
      const asked = vendor.asked.filter(({ event }) => event !== '')
      expect(asked.length).toBeGreaterThan(0)
      expect(JSON.parse(await readFile(limit, 'utf8')).calls).toHaveLength(asked.length)
    } finally {
      await vendor.close()
    }
  })

  test('a source without its credential is a failed run that names it', async () => {
    const path = await writeProject(
      file
        .replace('own: { kind: lake, events: ./events }', 'own: { kind: mixpanel, project: 1, credentials: env:NOBODY_SET_THIS }')
        .replace('within: 2 days', 'within: 2 days, saved: { own: 7 }'),
    )
    const { code, out } = await broadsheet('run', 'weekly', '--project', path, '--json', ...at)
    expect(code).toBe(1)
    const [run] = JSON.parse(out).runs
    expect(run.failures[0]).toMatchObject({ query: 'signups', kind: 'credential' })
    expect(run.failures[0].message).toContain('NOBODY_SET_THIS')
  })

  test('--dry-run asks nothing and keeps nothing; --explain shows the SQL', async () => {
    const path = await writeProject()
    const { code, out } = await broadsheet('run', '--project', path, '--dry-run', '--explain', ...at)
    expect(code).toBe(0)
    expect(out).toContain('signups: segmentation')
    expect(out.toLowerCase()).toContain('select')
    expect(await readdir(path)).toEqual(['broadsheet.yaml', 'events'])
  })

  test.each([
    ['an instant in the future', ['--at', '2099-01-01T00:00'], /--at 2099-01-01T00:00 is in the future/],
    ['an instant that is none', ['--at', 'monday'], /--at monday is not an instant/],
    ['a day on which it is not scheduled', ['--at', '2026-11-17'], /weekly is not scheduled on 2026-11-17/],
    ['a sample that is sent', ['--sample', '--send'], /--sample.*--send|--send.*--sample/],
    ['an option that does not exist', ['--sned'], /unknown option '--sned'/],
  ])('%s: exit 2, nothing done', async (_, args, message) => {
    const path = await writeProject()
    const { code, err } = await broadsheet('run', 'weekly', '--project', path, ...args)
    expect(err).toMatch(message)
    expect(code).toBe(2)
    expect(await readdir(path)).toEqual(['broadsheet.yaml', 'events'])
  })

  test('an unknown report names the known ones', async () => {
    const { code, err } = await broadsheet('run', 'weakly', '--project', await writeProject())
    expect([code, err]).toEqual([2, expect.stringMatching(/no report "weakly"; the project has weekly/)])
  })
})

describe('events that are damaged fail the run, and nothing is published as if whole', () => {
  const good = gzipSync(events())
  test.each([
    ['a cut gzip', 'all.ndjson.gz', good.subarray(0, good.length - 20), /all\.ndjson\.gz/],
    [
      'a line that is not JSON',
      'bad.ndjson',
      Buffer.from(`${events()}{"event": "X", "prop\n`),
      /events\/bad\.ndjson, line 61: this is not JSON/,
    ],
    [
      'an export that was terminated early',
      'bad.jsonl',
      Buffer.from(`${events()}terminated early\n`),
      /events\/bad\.jsonl, line 61: the export was terminated early/,
    ],
  ])('%s', async (_, name, body, where) => {
    const path = await writeProject()
    await writeFile(join(path, 'events', name), body)
    const { code, out } = await broadsheet('run', 'weekly', '--project', path, '--json', ...at)
    expect(code).toBe(1)
    const [run] = JSON.parse(out).runs
    expect(run.status).toBe('failed')
    for (const failure of run.failures) expect(failure).toMatchObject({ kind: 'data', message: expect.stringMatching(where) })
    expect(await readdir(join(path, '.broadsheet/reports/weekly/20261116T070000Z'))).not.toContain('signups.csv')
    expect(await readdir(join(path, '.broadsheet/reports/weekly'))).not.toContain('latest.json')
  })

  test('an empty folder', async () => {
    const path = await writeProject()
    await rm(join(path, 'events', 'all.ndjson.gz'))
    const { code, out } = await broadsheet('run', 'weekly', '--project', path, '--json', ...at)
    expect(code).toBe(1)
    expect(JSON.parse(out).runs[0].failures[0]).toMatchObject({ kind: 'data', message: 'events holds no events' })
  })
})

describe('check and schema', () => {
  test('check shows what was understood', async () => {
    const { code, out } = await broadsheet('check', '--project', await writeProject())
    expect(code).toBe(0)
    for (const word of ['weekly', 'Europe/Berlin', 'previous_1_week', 'segmentation', 'lake']) expect(out).toContain(word)
  })

  test('a wrong file: every mistake with its place, exit 2', async () => {
    const path = await writeProject(
      file
        .replace('Europe/Berlin', 'Europe/Berlln')
        .replace('previous_1_week', 'previous_1_weak')
        .replace('schedule:', 'shedule:'),
    )
    const { code, err } = await broadsheet('check', '--project', path)
    expect(code).toBe(2)
    expect(err).toMatch(/broadsheet\.yaml:1:11: .*Berlln/)
    expect(err).toMatch(/:7:5: .*shedule/)
    expect(err).toMatch(/:11:20: .*previous_1_weak/)
  })

  test.each(['project', 'result', 'manifest', 'export-manifest'])('the schema of a %s is JSON Schema', async (what) => {
    const { code, out } = await broadsheet('schema', what)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toHaveProperty('$schema')
  })
})
