import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

const here = import.meta.dirname
export const root = join(here, '..', '..')

/** What a whole process used. */
export interface Usage {
  readonly seconds: number
  readonly cpu: number
  readonly megabytes: number
}

/** What the process writes to stdout. Throws with the end of its stderr where it does not exit with 0. */
export async function run([command = '', ...args]: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000)
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${said}`)
  return out
}

/** A script of this folder. */
export function script(name: string, ...args: readonly string[]): Promise<string> {
  return run([process.execPath, join(here, name), ...args])
}

/** What `node <args>` uses; what it writes goes nowhere. */
export async function measured(folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Usage> {
  const usage = join(folder, 'usage.json')
  await rm(usage, { force: true })
  const begun = performance.now()
  await run([process.execPath, '--import', join(here, 'usage.ts'), ...args], { ...env, BENCH_USAGE: usage })
  const seconds = (performance.now() - begun) / 1000
  const used = JSON.parse((await readFile(usage, 'utf8')).trim().split('\n').at(-1) ?? '') as Usage
  return { ...used, seconds }
}

/** What a line of bash and its children use; of memory nothing is known. */
export async function shell(command: string): Promise<Omit<Usage, 'megabytes'>> {
  const begun = performance.now()
  const [, children = ''] = (await run(['bash', '-c', `set -o pipefail; ${command} || exit; times`])).trim().split('\n')
  const seconds = (performance.now() - begun) / 1000
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  )
  return { seconds, cpu }
}

/** A script of this folder that prints its address and stays until it is stopped. */
export async function server(name: string, ...args: readonly string[]): Promise<{ readonly url: string; stop(): void }> {
  const child = spawn(process.execPath, [join(here, name), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { url: line.toString().trim(), stop: () => void child.kill() }
}
