import type { ExportOutcome } from '../lib/export/run.ts'
import type { ExportStatus, WindowState } from '../lib/export/status.ts'
import { windowStates } from '../lib/export/status.ts'

/** How an export stands, in a few lines; with the outcome of a command, what that one did, too. */
export function summary(
  { export: name, counts, oldestGap, lastSuccess, canceled, refused }: ExportStatus,
  manifests: string,
  outcome: Pick<Extract<ExportOutcome, { status: 'done' }>, 'done' | 'failed' | 'stopped'> | undefined,
): string {
  const stand = windowStates.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`)
  const tally = (state: string) => outcome?.done.filter((one) => one.state === state).length ?? 0
  const now = [
    ['kept', 'kept'],
    ['replaced', 'replaced'],
    ['unchanged', 'as before'],
    ['shrunk', 'with fewer lines, to be seen again'],
  ]
    .map(([state = '', words]) => [tally(state), words] as const)
    .concat([
      [outcome?.failed.length ?? 0, 'failed'],
      [outcome?.stopped?.left ?? 0, 'not asked for'],
    ])
    .filter(([many]) => many > 0)
    .map(([many, words]) => `${many} ${words}`)
  const lines = [
    `${name}: ${stand.join(', ') || 'no window is over yet'}`,
    ...(outcome === undefined ? [] : [`  now           ${now.join(', ') || 'nothing was due'}`]),
    ...(canceled === undefined ? [] : [`  canceled      by ${canceled.by}, ${canceled.at.slice(0, 16)}Z`]),
    ...(refused === undefined ? [] : [`  refused       each export: ${refused.message}; ${refused.remedy}`]),
    ...(oldestGap === undefined ? [] : [`  oldest gap    ${oldestGap}`]),
    ...(lastSuccess === undefined ? [] : [`  last success  ${lastSuccess.window}, ${lastSuccess.exportedAt.slice(0, 16)}Z`]),
    `  manifests     ${manifests}`,
  ]
  return `${lines.join('\n')}\n`
}

/** What is not well, each on a line; with a state chosen, all of it. */
export function listOf(windows: ExportStatus['windows'], all: boolean): string {
  const wide = Math.max(0, ...windowStates.map((state) => state.length))
  const isWell = (state: WindowState) => state === 'succeeded' || state === 'pending' || state === 'canceled'
  return windows
    .filter(({ state, message }) => all || !isWell(state) || message !== undefined)
    .map(({ window, state, tries = 0, message, remedy }) => {
      const words = [message, remedy, tries > 1 ? `${tries} tries` : undefined].filter((one) => one !== undefined).join('; ')
      return `  ${window}  ${state.padEnd(wide)}  ${words}`.trimEnd()
    })
    .map((line) => `${line}\n`)
    .join('')
}
