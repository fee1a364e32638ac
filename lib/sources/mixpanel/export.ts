import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import * as z from 'zod'
import { RefusedError, UnavailableError, UsageError } from '../../errors.ts'
import type { HttpOptions, Opened } from '../../http.ts'
import { createHttp } from '../../http.ts'
import { splitLines } from '../../lines.ts'
import type { WithCredential } from '../credential.ts'
import type { CallWords } from '../source.ts'
import type { Credential } from './access.ts'
import { accessFor } from './access.ts'
import type { MixpanelCall } from './call.ts'
import { prepare } from './call.ts'
import { backwards, condition, forwards, listOf, range, text } from './calls/parameters.ts'
import type { ExportedEvent } from './export-lines.ts'
import { readExport } from './export-lines.ts'
import type { Caller } from './failure.ts'
import { failureOfReply } from './failure.ts'
import type { Shared } from './limits.ts'
import { admission, exportConcurrency, exportGap } from './limits.ts'

/** The answer of the vendor as it comes: JSON lines, packed by the vendor where `encoding` says so. Read or destroy `body`. */
export interface RawExport extends Pick<Opened, 'call' | 'requestId' | 'redact' | 'body'> {
  /** Answers of up to 1400 bytes come unpacked. */
  readonly encoding: 'gzip' | undefined
}

const rawExport = {
  about: 'raw events of days, as the bytes that Mixpanel sends: JSON lines, packed with gzip from 1400 bytes on',
  api: 'data',
  method: 'GET',
  path: '/export',
  sends: 'query',
  parameters: z
    .strictObject({
      ...range,
      to_date: range.to_date.describe('inclusive; days of UTC, or of the zone of a project from before 2023'),
      event: listOf(
        // The vendor's own form is JSON text; taken for a name it would export nothing.
        text.regex(/^(?!\s*\[.*\]\s*$)/s, 'give several events as a list, not as JSON text'),
        { empty: 'leave `event` out for all events', other: '`event` is a name or a list of names' },
      )
        .optional()
        .describe('all unless said'),
      where: condition.optional(),
      limit: z.number().int().min(1).max(100_000).optional(),
      time_in_ms: z.boolean().optional().describe('`time` in milliseconds; in seconds unless said'),
    })
    .refine(forwards, backwards),
  pools: ['export'],
  // Until the answer begins: a big day is counted up first.
  budget: 300_000,
} as const satisfies Omit<MixpanelCall, 'answer'>

export type ExportParameters = z.input<typeof rawExport.parameters>

/** What `broadsheet call` says of the two. */
export const exportCalls = {
  export: {
    about: 'raw events of days: JSON lines, packed with gzip',
    parameters: rawExport.parameters,
    also: ['get_export'],
    packed: true,
  },
  exportEvents: { about: 'raw events of days, one after the other', parameters: rawExport.parameters },
} as const satisfies Record<string, CallWords>

export interface Exports {
  /** Not tried again once the answer began, and not verified: `readExport` tells whether it is whole. */
  export(parameters: ExportParameters, signal?: AbortSignal): Promise<RawExport>
  /** Throws, after the events that came, where the export was cut: what was given is then not all. */
  exportEvents(parameters: ExportParameters, signal?: AbortSignal): AsyncGenerator<ExportedEvent, void>
  close(): Promise<void>
}

interface ExportOptions extends Omit<Caller, 'raw'>, Omit<Shared, 'project' | 'region'> {
  readonly workspace?: string | undefined
  /** `https://data.mixpanel.com/api/2.0` */
  readonly base: string
  readonly trace: HttpOptions['trace']
  readonly clock: HttpOptions['clock']
  readonly http?: Pick<HttpOptions, 'sleep' | 'random' | 'deadline' | 'waits'> | undefined
  readonly withCredential: WithCredential<Credential>
}

/** Through a door of their own: exports last for minutes, and the vendor counts them apart from queries. */
export function createExports(options: ExportOptions): Exports {
  const { project, workspace, base, trace, clock, withCredential } = options
  const http = createHttp({
    ...options.http,
    classify: (reply) => failureOfReply(reply, { ...options, raw: true }),
    concurrency: exportConcurrency,
    gap: exportGap,
    trace,
    clock,
  })

  async function open(name: string, parameters: object, signal?: AbortSignal): Promise<RawExport> {
    const { path, fields, pools } = prepare(name, rawExport, parameters)
    checkBegun(name, String(fields['to_date']), clock())
    const opened = await withCredential(
      (own) => accessFor(own, { ...rawExport, fields, project, workspace }, clock()),
      (access) =>
        http.open({
          method: rawExport.method,
          url: `${base}${path}`,
          query: { ...access.query, ...fields },
          headers: access.headers,
          secrets: access.secrets,
          budget: rawExport.budget,
          admit: admission(options, pools),
          signal,
        }),
    )
    return { ...opened, encoding: encodingOf(opened) }
  }

  return {
    export: (parameters, signal) => open('export', parameters, signal),
    exportEvents: (parameters, signal) => eventsOf(() => open('exportEvents', parameters, signal)),
    close: () => http.close(),
  }
}

/** Mixpanel refuses a `to_date` after its own today, whose zone is not known here: no place is further than UTC+14. */
function checkBegun(name: string, day: string, now: Date): void {
  const latest = new Date(now.getTime() + 14 * 3_600_000).toISOString().slice(0, 10)
  if (day <= latest) return
  throw new UsageError(`Mixpanel ${name}: ✖ \`to_date\` is ${day}, and nowhere is it later than ${latest}`)
}

function encodingOf({ headers, body, call, requestId }: Opened): 'gzip' | undefined {
  const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (encoding === 'identity') return undefined
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip'
  body.destroy()
  throw new RefusedError(`${call}: the answer is packed as ${encoding}; gzip was asked for`, {
    requestId,
    remedy: "if the source's `url` is a proxy, have it leave the encoding alone",
  })
}

/** The events of an export, opened when the first is asked for. Stopping early closes it. */
export async function* eventsOf(open: () => Promise<RawExport>): AsyncGenerator<ExportedEvent, void> {
  const raw = await open()
  const reader = readExport(raw)
  const lines = splitLines()
  const chunks = unpacked(raw)
  try {
    for (;;) {
      const chunk = await chunks.next().catch((error: unknown) => {
        throw error instanceof UnavailableError ? reader.cut(error) : error
      })
      if (chunk.done === true) break
      for (const line of lines.push(chunk.value)) {
        const event = reader.read(line)
        if (event !== undefined) yield event
      }
    }
    const rest = lines.end()
    const event = rest === undefined ? undefined : reader.read(rest)
    if (event !== undefined) yield event
    reader.end()
  } finally {
    raw.body.destroy()
  }
}

// With zlib's own 16 KiB, half of the time goes into the pieces; with 1 MiB, unpacking waits for whoever parses.
const chunkSize = 256 * 1024

/** The bytes of an export, unpacked. Throws UnavailableError for a gzip that is cut or damaged, as for a cut socket. */
export async function* unpacked({ body, encoding, call, requestId }: RawExport): AsyncGenerator<Buffer, void> {
  if (encoding === undefined) {
    yield* body
    return
  }
  const gunzip = createGunzip({ chunkSize })
  // Whatever fails ends the gunzip with it, and the loop throws that.
  pipeline(body, gunzip, () => {})
  try {
    yield* gunzip
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && /^Z_\w+_ERROR$/.test(String(cause.code)))) throw cause
    throw new UnavailableError(`${call}: the gzip is cut or damaged (${cause.code})`, { requestId, cause })
  }
}
