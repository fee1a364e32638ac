import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it came over the wire. */
export interface Recorded {
  readonly method: string
  /** `/api/query/funnels`, not decoded. */
  readonly path: string
  /** After the question mark, not decoded. */
  readonly query: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Recorder extends AsyncDisposable {
  readonly url: string
  /** What came since it was last asked. */
  take(): Recorded[]
}

/** What the recorder says of every request, with a 400, so that no call needs an answer that fits. */
export const refusal = 'recorded, not answered'

export async function startRecorder(): Promise<Recorder> {
  const recorded: Recorded[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const [path = '', query = ''] = (request.url ?? '').split('?', 2)
      const { method = '', headers } = request
      recorded.push({ method, path, query, headers, body: Buffer.concat(chunks).toString('utf8') })
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: refusal }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => recorded.splice(0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
