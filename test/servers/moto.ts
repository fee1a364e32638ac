/**
 * The AWS around the store: SES v1 (refuses an unverified sender, as SES does), SSM, Scheduler and more, all at one
 * endpoint. For suites named `*.real.test.ts`; needs `$REAL_SERVERS/venv/bin/moto_server`.
 */
import { freePort, launch, realServer } from './launch.ts'

export interface MotoServer {
  readonly endpoint: string
  readonly pid: number
  /** For a process whose SDK shall talk to this server for every service. */
  readonly env: Readonly<Record<string, string>>
  /** Forgets everything that was made in it. */
  reset(): Promise<void>
  stop(): Promise<void>
}

export async function startMoto(): Promise<MotoServer> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const { pid, stop } = await launch(realServer('venv/bin/moto_server'), ['-H', '127.0.0.1', '-p', String(port)], {
    ready: `${endpoint}/moto-api/`,
  })
  return {
    endpoint,
    pid,
    env: { AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    reset: async () => {
      const answer = await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' })
      if (!answer.ok) throw new Error(`moto does not reset: ${answer.status}`)
    },
    stop,
  }
}
