import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { link, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { installPeer } from './export-peer.ts'
import { exportProject } from './export-project.ts'

/**
 * Exports against `curl | gzip -t`, which reads the same bytes to check the same checksum and keeps nothing, and against the
 * npm package mixpanel-import; every one a whole process, in turn, all on loopback. Ratios are medians of pairs.
 */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly value: number
  /** At most; `least` turns it around. */
  readonly limit: number | null
  readonly least?: true
}

interface Usage {
  readonly seconds: number
  readonly cpu: number
  readonly megabytes: number
}

const here = import.meta.dirname
const root = join(here, '..', '..')
const day = '2026-08-01'
const account = {
  BENCH_ACCOUNT: 'bench:secret-of-the-bench',
  AWS_ACCESS_KEY_ID: 'a',
  AWS_SECRET_ACCESS_KEY: 'b',
  AWS_REGION: 'us-east-1',
}

/** `pairs` of each; `events` of the largest day is three times as many. */
export async function exportFigures(folder: string, { events, pairs }: { events: number; pairs: number }): Promise<Figure[]> {
  const days = { one: join(folder, 'one'), three: join(folder, 'three'), ninety: join(folder, 'ninety') }
  for (const each of Object.values(days)) await mkdir(each, { recursive: true })
  await script('export-events.ts', join(days.one, `${day}.json.gz`), String(events), day, '1')
  await script('export-events.ts', join(days.three, `${day}.json.gz`), String(events * 3), day, '1')
  const first = join(days.ninety, `${day}.json.gz`)
  await script('export-events.ts', first, String(Math.round(events / 90)), day, '1')
  for (let more = 1; more < 90; more += 1) {
    await link(first, join(days.ninety, `${Temporal.PlainDate.from(day).add({ days: more }).toString()}.json.gz`))
  }
  const sink = await server('export-sink.ts')
  const [one, three, ninety] = [
    await server('export-vendor.ts', days.one),
    await server('export-vendor.ts', days.three),
    await server('export-vendor.ts', days.ninety),
  ]
  try {
    const peer = await installPeer(join(folder, 'peer'), one.url)
    const to = (last: number) => Temporal.PlainDate.from(day).add({ days: last }).toString()
    const words = (last: number, format: string) => `from: ${day}, to: ${to(last)}, order: oldest, format: [${format}]`
    const projects = {
      raw: await exportProject(join(folder, 'raw'), one.url, words(1, 'json')),
      raw3: await exportProject(join(folder, 'raw3'), three.url, words(1, 'json')),
      raw90: await exportProject(join(folder, 'raw90'), ninety.url, words(90, 'json')),
      both: await exportProject(join(folder, 'both'), one.url, words(1, 'json, parquet')),
    }
    const ours = (project: keyof typeof projects, store = join(folder, 'store')) =>
      exportOnce(folder, projects[project], store, sink.url)
    const theirs = (where: string) => measured(folder, ['node', peer, day, where], { AWS_ENDPOINT_URL_S3: sink.url })
    const file = join(folder, 'theirs.ndjson')

    const rounds: Record<'raw' | 'curl' | 's3' | 'both' | 'peer' | 'peerS3', Usage>[] = []
    for (let round = 0; round < pairs; round += 1) {
      rounds.push({
        curl: await curl(folder, one.url),
        raw: await ours('raw'),
        peer: await theirs(file),
        s3: await ours('raw', 's3://bench'),
        peerS3: await theirs('s3://bench/theirs.ndjson'),
        both: await ours('both'),
      })
    }
    const parquet = await sizes(join(folder, 'store'))
    const three1 = await ours('raw3')
    const ninety1 = await ours('raw90')
    const of = (ratio: (round: (typeof rounds)[number]) => number) => median(rounds.map(ratio))
    return [
      {
        name: 'verified raw export of a day, wall against curl | gzip -t',
        unit: 'ratio',
        value: of(({ raw, curl }) => raw.seconds / curl.seconds),
        limit: 0.8,
      },
      {
        name: 'verified raw export of a day, CPU against curl | gzip -t',
        unit: 'ratio',
        value: of(({ raw, curl }) => raw.cpu / curl.cpu),
        limit: 1.15,
      },
      { name: 'verified raw export of a day, peak memory', unit: 'MB', value: of(({ raw }) => raw.megabytes), limit: 200 },
      {
        name: 'three times the events, peak memory against once',
        unit: 'ratio',
        value: of(({ raw }) => three1.megabytes / raw.megabytes),
        limit: 1.1,
      },
      { name: 'verified raw export of 90 days', unit: 's', value: ninety1.seconds, limit: null },
      {
        name: 'with Parquet, wall against the raw export',
        unit: 'ratio',
        value: of(({ both, raw }) => both.seconds / raw.seconds),
        limit: 4.5,
      },
      { name: 'with Parquet, peak memory', unit: 'MB', value: of(({ both }) => both.megabytes), limit: 430 },
      { name: 'Parquet, bytes against the gzip', unit: 'ratio', value: parquet, limit: 0.75 },
      {
        name: 'to a file, mixpanel-import’s wall against ours',
        unit: 'ratio',
        value: of(({ peer, raw }) => peer.seconds / raw.seconds),
        limit: 2.5,
        least: true,
      },
      {
        name: 'to S3, mixpanel-import’s wall against ours',
        unit: 'ratio',
        value: of(({ peerS3, s3 }) => peerS3.seconds / s3.seconds),
        limit: 3.5,
        least: true,
      },
      {
        name: 'to S3, our memory against mixpanel-import’s',
        unit: 'ratio',
        value: of(({ peerS3, s3 }) => s3.megabytes / peerS3.megabytes),
        limit: 0.1,
      },
    ]
  } finally {
    for (const each of [sink, one, three, ninety]) each.stop()
  }
}

async function exportOnce(folder: string, project: string, store: string, sink: string): Promise<Usage> {
  if (!store.startsWith('s3://')) await rm(store, { recursive: true, force: true })
  const args = ['node', join(root, 'functions', 'cli.ts'), 'export', 'events', '--json', '--project', project, '--store', store]
  return measured(folder, args, { AWS_ENDPOINT_URL_S3: sink })
}

/** Whole processes: what bash and its children used, curl's part included. */
async function curl(folder: string, url: string): Promise<Usage> {
  const times = join(folder, 'curl.txt')
  const begun = performance.now()
  await run(['bash', '-c', `curl -s '${url}/?from_date=${day}' | gzip -t; times > '${times}'`], {})
  const seconds = (performance.now() - begun) / 1000
  const [, children = ''] = (await readFile(times, 'utf8')).trim().split('\n')
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  )
  return { seconds, cpu, megabytes: Number.NaN }
}

async function measured(folder: string, [, ...args]: string[], env: NodeJS.ProcessEnv): Promise<Usage> {
  const usage = join(folder, `usage-${performance.now()}.json`)
  const begun = performance.now()
  await run([process.execPath, '--import', join(here, 'usage.ts'), ...args], { ...account, ...env, BENCH_USAGE: usage })
  const seconds = (performance.now() - begun) / 1000
  const used = JSON.parse((await readFile(usage, 'utf8')).trim().split('\n').at(-1) ?? '') as Usage
  return { ...used, seconds }
}

async function run([command = '', ...args]: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000)
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${said}`)
}

async function script(name: string, ...args: string[]): Promise<void> {
  await run([process.execPath, join(here, name), ...args], {})
}

async function server(name: string, ...args: string[]): Promise<{ readonly url: string; stop(): void }> {
  const child = spawn(process.execPath, [join(here, name), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { url: line.toString().trim(), stop: () => void child.kill() }
}

/** Bytes of Parquet for each byte of gzip, of the day that is kept in both. */
async function sizes(store: string): Promise<number> {
  const at = (format: string, ending: string) => join(store, 'exports', 'events', format, `date=${day}`, `${day}.${ending}`)
  const [json, parquet] = [await stat(at('json', 'json.gz')), await stat(at('parquet', 'parquet'))]
  return parquet.size / json.size
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
