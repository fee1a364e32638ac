import { appendFileSync } from 'node:fs'

/** `node --import ./usage.ts …` with BENCH_USAGE=<file>: what the process used, as a line of JSON, when it ends. */
const file = process.env['BENCH_USAGE']
const begun = performance.now()
process.once('exit', () => {
  if (file === undefined) return
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const seconds = (performance.now() - begun) / 1000
  appendFileSync(file, `${JSON.stringify({ seconds, cpu: (userCPUTime + systemCPUTime) / 1e6, megabytes: maxRSS / 1024 })}\n`)
})
