import type { ExportStep } from '../lib/export/run.ts'

/** The live display of an export on a terminal, plain lines elsewhere, nothing with `--json`; all on stderr. */
export interface ExportBoard {
  readonly progress: (step: ExportStep) => void
  readonly received: (bytes: number) => void
  readonly waits: (wait: { readonly at: Date; readonly why: string }) => void
  say(line: string): void
  /** Leaves the display as it is; may be called again. */
  end(): void
}

const redrawn = 250

export function exportBoard({ quiet, plain }: { readonly quiet: boolean; readonly plain: boolean }): ExportBoard {
  const out = process.stderr
  const live = !quiet && !plain && out.isTTY === true && (out.columns ?? 0) > 0
  const begun = performance.now()
  const running = new Set<string>()
  let planned = 0
  let done = 0
  let events = 0
  let bytes = 0
  let waiting: string | undefined
  let shown = 0
  let timer: NodeJS.Timeout | undefined

  function clear(): void {
    if (shown > 0) out.write('\r\x1b[2K')
    shown = 0
  }
  function draw(): void {
    if (!live) return
    clear()
    const line = words().slice(0, (out.columns ?? 80) - 1)
    out.write(line)
    shown = line.length
  }
  function words(): string {
    const seconds = Math.max(0.001, (performance.now() - begun) / 1000)
    const share = planned === 0 ? 0 : done / planned
    const wide = (out.columns ?? 80) < 100 ? 8 : 20
    const filled = Math.round(share * wide)
    const bar = `${'█'.repeat(filled)}${'░'.repeat(wide - filled)}`
    const rest = done === 0 ? undefined : (seconds / done) * (planned - done)
    const parts = [
      `${bar} ${done}/${counted(planned, 'window')}`,
      ...(waiting === undefined ? [] : [waiting]),
      `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`,
      counted(events, 'event'),
      ...(rest === undefined || planned === done ? [] : [`about ${duration(rest)} left`]),
      ...(waiting === undefined ? [...running].slice(0, 2) : []),
    ]
    return parts.join('  ')
  }
  function say(line: string): void {
    if (quiet) return
    clear()
    out.write(`${line}\n`)
    draw()
  }

  return {
    say,
    received(count) {
      bytes += count
      waiting = undefined
    },
    progress(step) {
      switch (step.step) {
        case 'planned':
          waiting = undefined
          planned = done + step.windows.length
          if (live && timer === undefined) timer = setInterval(draw, redrawn).unref()
          if (!live) say(`${counted(step.windows.length, 'window')} to export, ${step.kept} kept already`)
          return
        case 'began':
          running.add(step.window)
          return draw()
        case 'ended':
          running.delete(step.window)
          done += 1
          events += step.lines
          if (!live) say(`${step.window} ${step.outcome}, ${counted(step.lines, 'event')} (${done} of ${planned})`)
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
      const clock = at.toLocaleTimeString('en-GB')
      waiting = `waiting until ${clock}`
      say(`waiting until ${clock}: ${why} (Ctrl-C is safe: run it again and it goes on)`)
    },
    end() {
      clearInterval(timer)
      timer = undefined
      clear()
    },
  }
}

/** `1 window`, `2,000 windows` */
export function counted(many: number, word: string): string {
  return `${many.toLocaleString('en-US')} ${word}${many === 1 ? '' : 's'}`
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}
