/**
 * Starting a server as a process of its own: on a free loopback port, ready when it answers, ended by its process id.
 * A server that cannot start, or ends by itself, throws with what it printed; a suite that needs it fails and is not
 * skipped.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A program under the folder that REAL_SERVERS names, where `.ci/run` installed the servers that npm does not have. */
export function realServer(path: string): string {
  const folder = process.env.REAL_SERVERS
  if (folder === undefined) throw new Error('REAL_SERVERS names no folder: these suites run from .ci/run')
  return join(folder, path)
}

/** Starts a program and waits until `ready` answers any HTTP request; `stop` ends it and waits until it is gone. */
export async function launch(
  program: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly ready: string },
): Promise<{ readonly pid: number; stop(): Promise<void> }> {
  // stdin stays open and unused: some servers end when it closes.
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH ?? '', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-4000)
    })
  }
  let ended: string | undefined
  child.once('error', (error) => {
    ended = error.message
  })
  child.once('exit', (code, signal) => {
    ended = `it ended with ${signal ?? code}`
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)

  const deadline = performance.now() + 30_000
  while (!(await answers(options.ready))) {
    if (ended !== undefined || performance.now() > deadline) {
      child.kill('SIGKILL')
      process.off('exit', kill)
      throw new Error(`${program} did not start: ${ended ?? 'it does not answer'}\n${printed}`)
    }
    await sleep(25)
  }
  return {
    pid: child.pid as number,
    stop: async () => {
      process.off('exit', kill)
      await end(child)
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(1000) })).arrayBuffer()
    return true
  } catch {
    return false
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5000)
  await gone
  clearTimeout(late)
}
