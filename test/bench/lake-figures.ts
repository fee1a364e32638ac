import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { loadProject } from '../../lib/project/load.ts'
import { writeSample } from '../../lib/sample/index.ts'
import type { Figure } from './figures.ts'
import { median, say } from './figures.ts'
import { root, run, script } from './processes.ts'

/** The example's first report, and its questions against a plain script that counts the same; whole processes in turn. */
export async function lakeFigures(folder: string, { events, pairs }: { events: number; pairs: number }): Promise<Figure[]> {
  const seconds = async (work: () => Promise<unknown>) => {
    const begun = performance.now()
    await work()
    return (performance.now() - begun) / 1000
  }
  say('the example on sample data')
  const start = await seconds(() =>
    run([process.execPath, 'functions/cli.ts', 'run', '--sample', '--json', '--store', join(folder, 'store')]),
  )
  say(`${events} events for a lake`)
  const where = join(folder, 'events')
  await writeSample(loadProject(root), Temporal.Instant.from('2026-11-16T07:00:00Z'), where, { events })
  const lake: Record<string, number>[] = []
  const whole: number[] = []
  for (let pair = 1; pair <= pairs; pair += 1) {
    say(`a lake and a plain script, ${pair} of ${pairs}`)
    const ours = await seconds(() => script('lake.ts', where, 'signups'))
    whole.push(ours / (await seconds(() => script('plain.ts', where))))
    lake.push(JSON.parse(await script('lake.ts', where, 'errors', 'signups', 'activation', 'active')))
  }
  const of = (name: string) => median(lake.map((one) => one[name] ?? Number.NaN))
  return [
    { name: 'npm start, the example on sample data', unit: 's', value: start, limit: 15 },
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
}
