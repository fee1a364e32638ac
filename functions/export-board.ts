import type { ExportStep } from '../lib/export/run.ts'
import type { ExportData } from '../lib/sources/source.ts'
import type { HourlyLimit } from './export-pace.ts'
import { lastMayGo } from './export-pace.ts'

/** The live display of an export on a terminal, plain lines elsewhere, nothing with `--json`; all on stderr. */
export interface ExportBoard {
  readonly progress: (step: ExportStep) => void
  readonly received: (bytes: number) => void
  readonly waits: (wait: { readonly at: Date; readonly why: string }) => void
  /** Each window takes one call of this limit: the time that is left counts it from now on. */
  limited(limit: HourlyLimit): void
  say(line: string): void
  /** Leaves the display as it is; may be called again. */
  end(): void
}

export interface BoardOptions {
  readonly quiet: boolean
  readonly plain: boolean
  /** What the lines of the export are. */
  readonly data: ExportData
  readonly clock: () => Date
  readonly out?: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>
}

const redrawn = 250
const rowWords = {
  events: ['event', 'events'],
  people: ['person', 'people'],
  customers: ['customer', 'customers'],
  catalog: ['item', 'items'],
} as const satisfies Record<ExportData, readonly [string, string]>

export function exportBoard({ quiet, plain, data, clock, out = process.stderr }: BoardOptions): ExportBoard {
  const live = !quiet && !plain && out.isTTY === true && (out.columns ?? 0) > 0
  const begun = clock().getTime()
  const running = new Set<string>()
  let limit: Omit<HourlyLimit, 'calls'> | undefined
  /** The windows that took a call, the oldest first; those before this process have no name. */
  let calls: { readonly at: Date; readonly window?: string }[] = []
  let planned = 0
  let done = 0
  let rows = 0
  let bytes = 0
  let waiting: { readonly at: Date; readonly since: number } | undefined
  /** Milliseconds that were waited: they say nothing of how long a window takes. */
  let waited = 0
  let shown = 0
  let timer: NodeJS.Timeout | undefined

  function rowsText(many: number): string {
    const [word, words] = rowWords[data]
    return counted(many, word, words)
  }
  function clear(): void {
    if (shown > 0) out.write('\r\x1b[2K')
    shown = 0
  }
  function draw(): void {
    if (!live) return
    clear()
    const line = words((out.columns ?? 80) - 1)
    out.write(line)
    shown = line.length
  }
  /** As many parts as there is room for; what matters most stands first. */
  function words(room: number): string {
    const now = clock().getTime()
    const idle = waited + (waiting === undefined ? 0 : now - waiting.since)
    const seconds = Math.max(0.001, (now - begun - idle) / 1000)
    const rest = secondsLeft(new Date(now), seconds)
    const count = `${done}/${counted(planned, 'window')}`
    const left = rest === undefined ? [] : [`about ${duration(rest)} left`]
    const parts =
      waiting === undefined
        ? [
            `${bar()} ${count}`,
            ...left,
            `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`,
            rowsText(rows),
            ...[...running].slice(0, 2),
          ]
        : [untilWords(waiting.at), count, ...left, rowsText(rows)]
    const line = parts.reduce((before, part) => (before.length + 2 + part.length > room ? before : `${before}  ${part}`))
    return line.slice(0, room)
  }
  function bar(): string {
    const wide = (out.columns ?? 80) < 100 ? 8 : 20
    const filled = planned === 0 ? 0 : Math.round((done / planned) * wide)
    return `${'█'.repeat(filled)}${'░'.repeat(wide - filled)}`
  }
  /** By the pace so far, by what the limit lets through, and by what is waited for: the longest of them. */
  function secondsLeft(now: Date, worked: number): number | undefined {
    if (planned === done) return undefined
    const each = done === 0 ? undefined : worked / done
    const wait = Math.max(limitTakes(planned - done - running.size, now), waiting === undefined ? 0 : seconds(now, waiting.at))
    if (each === undefined) return wait === 0 ? undefined : wait
    return Math.max(each * (planned - done), wait === 0 ? 0 : wait + each)
  }
  /** Seconds until the last of so many windows may be asked for. */
  function limitTakes(left: number, now: Date): number {
    if (limit === undefined) return 0
    return seconds(now, lastMayGo(left, { ...limit, calls: calls.map(({ at }) => at) }, now))
  }
  function goesOn(): void {
    if (waiting !== undefined) waited += clock().getTime() - waiting.since
    waiting = undefined
  }
  function say(line: string): void {
    if (quiet) return
    clear()
    out.write(`${line}\n`)
    draw()
  }
  function plan({ windows, kept }: Extract<ExportStep, { step: 'planned' }>): void {
    goesOn()
    // Those that were begun and refused by the limit took no call of it.
    calls = calls.filter(({ window }) => window === undefined || !running.has(window))
    running.clear()
    const isFirst = planned === 0
    planned = done + windows.length
    if (live && timer === undefined) timer = setInterval(draw, redrawn).unref()
    const takes = limitTakes(windows.length, clock())
    const atLeast = takes === 0 || limit === undefined ? '' : `; at ${limit.perHour} calls an hour at least ${duration(takes)}`
    if (!live || (isFirst && takes > 0)) say(`${counted(windows.length, 'window')} to export, ${kept} kept already${atLeast}`)
  }

  return {
    say,
    received(count) {
      bytes += count
      goesOn()
    },
    limited({ perHour, calls: before, until }) {
      limit = { perHour, until }
      calls = before.map((at) => ({ at }))
    },
    progress(step) {
      switch (step.step) {
        case 'planned':
          return plan(step)
        case 'began':
          running.add(step.window)
          if (limit !== undefined) calls = [...calls, { at: clock(), window: step.window }].slice(-limit.perHour)
          return draw()
        case 'ended':
          running.delete(step.window)
          done += 1
          rows += step.lines
          if (!live) say(`${step.window} ${step.outcome}, ${rowsText(step.lines)} (${done} of ${planned})`)
          return draw()
        case 'failed':
          running.delete(step.window)
          say(`${step.window} ${step.again ? 'is tried again' : 'FAILED'}: ${step.message}`)
          return
        case 'stopped':
          say(
            `stopped: others would fail in the same way; ${counted(step.left, 'window')} not asked for now` +
              `${step.remedy === undefined ? '' : `; ${step.remedy}`}; then run it again`,
          )
      }
    },
    waits({ at, why }) {
      waiting = { at, since: waiting?.since ?? clock().getTime() }
      say(`${untilWords(at)}: ${why} (Ctrl-C is safe: run it again and it goes on)`)
    },
    end() {
      clearInterval(timer)
      timer = undefined
      clear()
    },
  }
}

/** `1 window`, `2,000 windows` */
export function counted(many: number, word: string, words = `${word}s`): string {
  return `${many.toLocaleString('en-US')} ${many === 1 ? word : words}`
}

function untilWords(at: Date): string {
  return `waiting until ${at.toLocaleTimeString('en-GB')}`
}

function seconds(from: Date, to: Date): number {
  return Math.max(0, (to.getTime() - from.getTime()) / 1000)
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1).replace(/\.0$/, '')} h`
}
