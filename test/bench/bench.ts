import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Temporal } from 'temporal-polyfill'
import { loadProject } from '../../lib/project/load.ts'
import { writeSample } from '../../lib/sample/index.ts'

/**
 * `npm run bench`: JSON on stdout, each figure beside its limit, exit 1 when one is passed. Times are of whole
 * processes on this machine; what is compared runs in turn in this one run, and ratios are medians of pairs.
 */
const root = join(import.meta.dirname, '..', '..')
const events = Number(process.env['BENCH_EVENTS'] ?? 300_000)
const pairs = 3

interface Run {
  readonly seconds: number
  readonly out: string
}

async function run(...args: string[]): Promise<Run> {
  const begun = performance.now()
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const [out, code] = await Promise.all([
    text(child.stdout),
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
  ])
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
  return { seconds: (performance.now() - begun) / 1000, out }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const folder = await mkdtemp(join(tmpdir(), 'broadsheet-bench-'))
try {
  const starts = [await run('functions/cli.ts', 'run', '--sample', '--json', '--store', join(folder, 'store'))]
  const example = loadProject(root)
  const at = Temporal.Instant.from('2026-11-16T07:00:00Z')
  const made = await writeSample(example, at, join(folder, 'events'), { events })
  const lake: Record<string, number>[] = []
  const plain: Run[] = []
  const whole: number[] = []
  for (let pair = 0; pair < pairs; pair += 1) {
    const ours = await run('test/bench/lake.ts', join(folder, 'events'), 'signups')
    plain.push(await run('test/bench/plain.ts', join(folder, 'events')))
    lake.push(
      JSON.parse((await run('test/bench/lake.ts', join(folder, 'events'), 'errors', 'signups', 'activation', 'active')).out),
    )
    whole.push(ours.seconds / (plain.at(-1)?.seconds ?? Number.NaN))
  }
  const of = (name: string) => median(lake.map((one) => one[name] ?? Number.NaN))
  const figures = [
    { name: 'npm start, the example on sample data', unit: 's', value: median(starts.map(({ seconds }) => seconds)), limit: 15 },
    {
      name: 'lake, whole process with one question, against a plain script that counts the same',
      unit: 'ratio',
      value: median(whole),
      limit: 1,
    },
    { name: 'lake, loading and a first question', unit: 's', value: of('errors'), limit: null },
    { name: 'lake, a segmentation once loaded', unit: 's', value: of('signups'), limit: 1 },
    { name: 'lake, a funnel of 4 steps once loaded', unit: 's', value: of('activation'), limit: 2 },
    { name: 'lake, peak memory', unit: 'MB', value: of('megabytes'), limit: 1200 },
  ]
  process.stdout.write(`${JSON.stringify({ node: process.version, events: made.events, pairs, figures }, null, 2)}\n`)
  const over = figures.filter(({ value, limit }) => limit !== null && !(value <= limit))
  for (const { name, value, limit } of over) process.stderr.write(`over its limit: ${name}: ${value} > ${limit}\n`)
  process.exitCode = over.length === 0 ? 0 : 1
} finally {
  await rm(folder, { recursive: true })
}
