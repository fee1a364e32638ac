import { link, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { installPeer } from './export-peer.ts'
import { exportProject } from './export-project.ts'
import type { Figure } from './figures.ts'
import { median, say } from './figures.ts'
import type { Usage } from './processes.ts'
import { measured, root, script, server, shell } from './processes.ts'

const first = '2026-08-01'
/** The vendor takes 60 exports an hour, and the ledger of a store keeps to it: 90 days are two back-fills of 45. */
const backfill = 45
const account = {
  BENCH_ACCOUNT: 'bench:secret-of-the-bench',
  AWS_ACCESS_KEY_ID: 'a',
  AWS_SECRET_ACCESS_KEY: 'b',
  AWS_REGION: 'us-east-1',
}

type Round = Record<'curl' | 'raw' | 's3' | 'both', Usage> & {
  readonly peer: Usage | undefined
  readonly peerS3: Usage | undefined
}

/**
 * Exports against `curl | gzip -t`, which reads the same bytes to check the same checksum and keeps nothing, and against the
 * npm package mixpanel-import; every one a whole process, in turn, all on loopback. Ratios are medians of `pairs`; the
 * largest day has three times the events.
 */
export async function exportFigures(folder: string, { events, pairs }: { events: number; pairs: number }): Promise<Figure[]> {
  const days = await makeDays(folder, events)
  const servers = await Promise.all([
    server('export-sink.ts'),
    ...[days.one, days.three, days.many].map((place) => server('export-vendor.ts', place)),
  ])
  const [sink = '', one = '', three = '', many = ''] = servers.map(({ url }) => url)
  try {
    say('installing mixpanel-import')
    const peer = await installPeer(join(folder, 'peer'), one).catch((error: Error) => error)
    const why = peer instanceof Error ? { why: `mixpanel-import could not be installed: ${peer.message.split('\n')[0]}` } : {}
    const words = (last: number, format: string) => `from: ${first}, to: ${dayAfter(last)}, order: oldest, format: [${format}]`
    const projects = {
      raw: await exportProject(join(folder, 'raw'), one, words(1, 'json')),
      three: await exportProject(join(folder, 'raw3'), three, words(1, 'json')),
      many: await exportProject(join(folder, 'raw90'), many, words(backfill, 'json')),
      both: await exportProject(join(folder, 'both'), one, words(1, 'json, parquet')),
    }
    // As `npm run broadsheet` starts it.
    const flags = await flagsOfScript()
    const store = join(folder, 'exported')
    const ours = async (project: keyof typeof projects, place = store) => {
      await rm(store, { recursive: true, force: true })
      const args = ['export', 'events', '--json', '--project', projects[project], '--store', place]
      return measured(folder, [...flags, join(root, 'functions', 'cli.ts'), ...args], { ...account, AWS_ENDPOINT_URL_S3: sink })
    }
    const theirs = async (place: string) =>
      peer instanceof Error ? undefined : measured(folder, [peer, first, place], { ...account, AWS_ENDPOINT_URL_S3: sink })
    const curl = async (urls: string): Promise<Usage> => ({ ...(await shell(`curl -sf ${urls} | gzip -t`)), megabytes: 0 })

    // Node keeps what it made of the sources; who is measured first would pay for it.
    await ours('raw')
    const rounds: Round[] = []
    for (let round = 1; round <= pairs; round += 1) {
      say(`exports of a day, ${round} of ${pairs}`)
      const done: Round = {
        curl: await curl(`'${one}/?from_date=${first}'`),
        s3: await ours('raw', 's3://bench'),
        raw: await ours('raw'),
        peer: await theirs(join(folder, 'theirs.ndjson')),
        peerS3: await theirs('s3://bench/theirs.ndjson'),
        both: await ours('both'),
      }
      rounds.push(done)
      say(told(done))
    }
    const parquet = await parquetToGzip(store)
    say('three times the events')
    const large = await ours('three', 's3://bench')
    say('90 days')
    const listed = Array.from({ length: backfill * 2 }, (_, at) => `'${many}/?from_date=${dayAfter(at % backfill)}'`)
    const curlMany = await curl(listed.join(' '))
    const manyDays = [await ours('many'), await ours('many')]

    const of = (ratio: (round: Round) => number) => median(rounds.map(ratio))
    const peers = (ratio: (round: Round & { peer: Usage; peerS3: Usage }) => number) =>
      peer instanceof Error ? null : of((round) => ratio(round as Round & { peer: Usage; peerS3: Usage }))
    const seconds = manyDays.reduce((sum, day) => sum + day.seconds, 0)
    return [
      {
        name: 'verified raw export of a day to S3, wall against curl | gzip -t',
        unit: 'ratio',
        value: of(({ s3, curl }) => s3.seconds / curl.seconds),
        limit: 0.8,
      },
      { name: '… CPU against curl | gzip -t', unit: 'ratio', value: of(({ s3, curl }) => s3.cpu / curl.cpu), limit: 1.15 },
      { name: '… wall', unit: 's', value: of(({ s3 }) => s3.seconds), limit: null },
      { name: '… peak memory', unit: 'MB', value: of(({ s3 }) => s3.megabytes), limit: 200 },
      {
        name: '… peak memory of three times the events against once',
        unit: 'ratio',
        value: of(({ s3 }) => large.megabytes / s3.megabytes),
        limit: 1.1,
      },
      {
        name: 'verified raw export of a day to a folder, wall against curl | gzip -t',
        unit: 'ratio',
        value: of(({ raw, curl }) => raw.seconds / curl.seconds),
        limit: 0.8,
      },
      { name: '… CPU against curl | gzip -t', unit: 'ratio', value: of(({ raw, curl }) => raw.cpu / curl.cpu), limit: 1.15 },
      { name: '… peak memory', unit: 'MB', value: of(({ raw }) => raw.megabytes), limit: 200 },
      { name: 'verified raw export of 90 days, wall', unit: 's', value: seconds, limit: null },
      { name: '… wall against curl | gzip -t', unit: 'ratio', value: seconds / curlMany.seconds, limit: null },
      { name: '… peak memory', unit: 'MB', value: Math.max(...manyDays.map(({ megabytes }) => megabytes)), limit: 200 },
      {
        name: 'with Parquet, duplicates removed, wall against the raw export',
        unit: 'ratio',
        value: of(({ both, raw }) => both.seconds / raw.seconds),
        limit: 4.5,
      },
      { name: '… wall', unit: 's', value: of(({ both }) => both.seconds), limit: null },
      { name: '… peak memory', unit: 'MB', value: of(({ both }) => both.megabytes), limit: 430 },
      { name: '… bytes of Parquet against the gzip', unit: 'ratio', value: parquet, limit: 0.75 },
      {
        name: 'to a file, mixpanel-import’s wall against ours',
        unit: 'ratio',
        value: peers(({ peer, raw }) => peer.seconds / raw.seconds),
        limit: 2.5,
        least: true,
        ...why,
      },
      {
        name: 'to S3, mixpanel-import’s wall against ours',
        unit: 'ratio',
        value: peers(({ peerS3, s3 }) => peerS3.seconds / s3.seconds),
        limit: 3.5,
        least: true,
        ...why,
      },
      {
        name: 'to S3, our memory against mixpanel-import’s',
        unit: 'ratio',
        value: peers(({ peerS3, s3 }) => s3.megabytes / peerS3.megabytes),
        limit: 0.1,
        ...why,
      },
    ]
  } finally {
    for (const each of servers) each.stop()
  }
}

/** A day of `events`, one of three times as many, and days of a ninetieth, all the same. */
async function makeDays(folder: string, events: number): Promise<Record<'one' | 'three' | 'many', string>> {
  const days = { one: join(folder, 'one'), three: join(folder, 'three'), many: join(folder, 'many') }
  for (const [name, count] of [
    ['one', events],
    ['three', events * 3],
    ['many', Math.round(events / 90)],
  ] as const) {
    say(`${count} events`)
    await mkdir(days[name], { recursive: true })
    await script('export-events.ts', join(days[name], `${first}.json.gz`), String(count), first, '1')
  }
  for (let more = 1; more < backfill; more += 1) {
    await link(join(days.many, `${first}.json.gz`), join(days.many, `${dayAfter(more)}.json.gz`))
  }
  return days
}

function told(round: Round): string {
  const words = Object.entries(round).map(([name, used]) =>
    used === undefined ? `${name} not measured` : `${name} ${used.seconds.toFixed(1)} s, ${used.megabytes.toFixed(0)} MB`,
  )
  return words.join('; ')
}

function dayAfter(days: number): string {
  return Temporal.PlainDate.from(first).add({ days }).toString()
}

async function flagsOfScript(): Promise<string[]> {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: { broadsheet: string } }
  return scripts.broadsheet.split(' ').filter((word) => word.startsWith('--'))
}

/** Bytes of Parquet for each byte of gzip, of the day that is kept in both. */
async function parquetToGzip(store: string): Promise<number> {
  const at = (format: string, ending: string) => join(store, 'exports', 'events', format, `date=${first}`, `${first}.${ending}`)
  const [json, parquet] = [await stat(at('json', 'json.gz')), await stat(at('parquet', 'parquet'))]
  return parquet.size / json.size
}
