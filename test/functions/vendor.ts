import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How a vendor answers questions about an event. */
export type Mood = 'well' | 'limited' | 'refused'

/** As much of Mixpanel's Query API on loopback as a segmentation by day takes: ten events a day. */
export interface Vendor {
  readonly url: string
  /** What each call was about, in order. */
  readonly asked: readonly { readonly event: string; readonly authorization: string | undefined }[]
  /** Answers about this event that way from now on. */
  become(mood: Mood, event: string): void
  close(): Promise<void>
}

export async function startVendor(): Promise<Vendor> {
  const asked: Vendor['asked'][number][] = []
  const moods = new Map<string, Mood>()
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://vendor')
    const event = searchParams.get('event') ?? ''
    asked.push({ event, authorization: request.headers.authorization })
    const { status, headers, body } = answerOf(moods.get(event) ?? 'well', event, searchParams)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    become: (mood, event) => void moods.set(event, mood),
    close: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function answerOf(
  mood: Mood,
  event: string,
  query: URLSearchParams,
): { status: number; headers?: Record<string, string>; body: unknown } {
  if (mood === 'limited') {
    const headers = { ratelimit: '"project";r=0;t=1800, "project-concurrency";r=4' }
    return { status: 429, headers, body: { error: 'Query rate limit exceeded', status: 'error' } }
  }
  if (mood === 'refused') return { status: 400, body: { error: 'Invalid event selector', status: 'error' } }
  const values = Object.fromEntries(days(query.get('from_date') ?? '', query.get('to_date') ?? '').map((day) => [day, 10]))
  return { status: 200, body: { legend_size: 1, data: { series: Object.keys(values), values: { [event]: values } } } }
}

/** Both ends are in. */
function days(from: string, to: string): string[] {
  const all: string[] = []
  for (let day = Date.parse(from); day <= Date.parse(to); day += 24 * 3600 * 1000)
    all.push(new Date(day).toISOString().slice(0, 10))
  return all
}
