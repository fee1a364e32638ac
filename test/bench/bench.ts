import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportFigures } from './exports.ts'
import { isOver, say } from './figures.ts'
import { lakeFigures } from './lake-figures.ts'

/**
 * `npm run bench`: JSON on stdout, each figure beside its limit, exit 1 when one is passed; what goes on is told on stderr.
 * Times are of whole processes on this machine; what is compared runs in turn in this one run, and ratios are medians of
 * pairs. `BENCH_ONLY=lake` or `exports` measures one part; `BENCH_EVENTS` (a million) is for trying it out: limits are
 * those of a million.
 */
const events = Number(process.env['BENCH_EVENTS'] ?? 1_000_000)
const pairs = 3
const parts = {
  lake: (folder: string) => lakeFigures(folder, { events: Math.round(events * 0.3), pairs }),
  exports: (folder: string) => exportFigures(folder, { events, pairs }),
}
const only = process.env['BENCH_ONLY']
if (only !== undefined && !Object.hasOwn(parts, only)) throw new Error(`BENCH_ONLY is one of ${Object.keys(parts).join(', ')}`)

const folder = await mkdtemp(join(tmpdir(), 'broadsheet-bench-'))
try {
  const figures = []
  for (const [name, measure] of Object.entries(parts)) {
    if (only === undefined || only === name) figures.push(...(await measure(folder)).map((one) => ({ part: name, ...one })))
  }
  process.stdout.write(`${JSON.stringify({ node: process.version, events, pairs, figures }, null, 2)}\n`)
  const over = figures.filter(isOver)
  for (const { name, value, limit, least } of over)
    say(`past its limit: ${name}: ${value}, ${least ? 'at least' : 'at most'} ${limit}`)
  process.exitCode = over.length === 0 ? 0 : 1
} finally {
  await rm(folder, { recursive: true })
}
