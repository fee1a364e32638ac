/**
 * SES for `npm test`: aws-ses-v2-local, which keeps what it is sent and lets it be read back parsed. A process of its
 * own, because it keeps mails in a global and dies at an SES action it does not know (GetSendQuota).
 */
import { createRequire } from 'node:module'
import { freePort, launch } from './launch.ts'

/** A mail as SES was given it, parsed by mailparser. */
export interface KeptMail {
  readonly messageId: string
  readonly from: string
  readonly replyTo: readonly string[]
  readonly destination: { readonly to: readonly string[]; readonly cc: readonly string[]; readonly bcc: readonly string[] }
  readonly subject: string
  readonly body: { readonly html?: string; readonly text?: string }
  /** `content` is base64. */
  readonly attachments: readonly {
    readonly content: string
    readonly contentType: string
    readonly filename?: string
    readonly size: number
  }[]
}

export interface SesServer {
  readonly endpoint: string
  readonly pid: number
  /** For a process whose SDK shall talk to this server. */
  readonly env: Readonly<Record<string, string>>
  /** All mails since the start or the last `clear`, oldest first. */
  mails(): Promise<KeptMail[]>
  clear(): Promise<void>
  stop(): Promise<void>
}

export async function startSes(): Promise<SesServer> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const program = createRequire(import.meta.url).resolve('aws-ses-v2-local/dist/cli.js')
  const { pid, stop } = await launch(process.execPath, [program, '--host', '127.0.0.1', '--port', String(port)], {
    ready: `${endpoint}/health-check`,
  })
  return {
    endpoint,
    pid,
    env: { AWS_ENDPOINT_URL_SES: endpoint, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    mails: async () => ((await (await fetch(`${endpoint}/store`)).json()) as { emails: KeptMail[] }).emails,
    clear: async () => {
      const answer = await fetch(`${endpoint}/clear-store`, { method: 'POST' })
      if (!answer.ok) throw new Error(`the store of mails does not clear: ${answer.status}`)
    },
    stop,
  }
}
