import type { BroadsheetError } from '../../errors.ts'
import { CredentialError, RefusedError, UnavailableError, WaitError } from '../../errors.ts'
import type { Reply } from '../../http.ts'
import { beginning, retryAfter, secondsAfter } from '../../http.ts'
import type { Region } from './schema.ts'
import { regions } from './schema.ts'

/** Whom a call is made for, so that a message can name it. */
export interface Caller {
  readonly project: string
  readonly region: Region
  /** Where the service account stands, such as `ssm:/name`. */
  readonly credentials: string
  /** The call is the raw export, which is what a lake would be made of. */
  readonly raw?: boolean | undefined
}

const lakeRound = ', or ask a lake: raw export is not part of that limit, and its events answer the same question'
const hour = 3600
/** Mixpanel's own word for how long a concurrent query is waited for (`t=10`). */
const concurrencyPause = 10
/** For exports the vendor gives no time, and they run for minutes. */
const exportsPause = 60

/**
 * What a reply means, undefined for a good answer. The vendor's text is kept. From the API's documentation and, for 402,
 * 403 and the headers of 429, from what public clients met in 2026.
 */
export function failureOfReply(reply: Reply, caller: Caller): BroadsheetError | undefined {
  const { call, status, requestId } = reply
  const said = errorIn(reply.json)
  const message = `${call} ${status}: ${said ?? beginning(reply.text)}`
  const refused = (remedy: string, everywhere = false) => new RefusedError(message, { requestId, remedy, everywhere })
  const account = (remedy: string, everywhere = true) => new CredentialError(message, { requestId, remedy, everywhere })
  const pipelines = call.includes('/nessie/')
  const wayRound = caller.raw === true || pipelines ? '' : lakeRound

  if (status >= 500 || status === 408) return transient(reply, message)
  if (status >= 200 && status < 300) {
    // The older API answers errors with 200, too, as a text. Anything else may be data: a property called `error` is one of
    // the names that the top properties of an event have for keys.
    if (reply.json !== null && !saysError(reply.json)) return undefined
    return refused('ask another way; the text is what Mixpanel says of it')
  }
  if (status === 429) return tooMany(reply, message)
  // Bad credentials can be a 400.
  if (status === 401 || /unable to authenticate/i.test(message)) {
    return account(`put a service account of project ${caller.project} that has not expired into ${caller.credentials}`)
  }
  if (/invalid api signature/i.test(message)) return account(`check the api_key and api_secret in ${caller.credentials}`)
  // A signature is good for ten minutes from the sender's own time.
  if (/expired request/i.test(message)) return account('set the clock of this machine, or use a service account')
  if (status === 402) return refused(`upgrade the Mixpanel plan${wayRound}`, true)
  const days = tooFarBack.exec(message)?.[1]
  if (days !== undefined) return refused(`the Mixpanel plan goes back ${days} days: ask for less, upgrade it${wayRound}`)
  if (/date range exceeds/i.test(message)) return refused('ask for fewer days at a time; the text is what Mixpanel says of it')
  if (status === 403) {
    const role = pipelines ? 'the role Admin or Owner in' : 'access to'
    // A role may let some calls through.
    return account(`give the service account in ${caller.credentials} ${role} project ${caller.project}`, false)
  }
  if (/invalid project id for cluster/i.test(message)) {
    const others = regions.filter((region) => region !== caller.region)
    return refused(
      `project ${caller.project} does not live in ${caller.region}: set the source's \`region\` to ${others.join(' or ')}`,
      true,
    )
  }
  if (/to_date cannot be later than today/i.test(message)) {
    return refused(
      'end with a day that has begun where Mixpanel counts days: the time zone of the project, and UTC for exports of projects created since 2023',
    )
  }
  if (status === 412) return refused('mend the script; the text is what its run ended with')
  if (status === 404) return refused(missing(call))
  if (status < 400) return refused("Mixpanel redirects nobody: check the source's `url`")
  return refused('check what was sent; the text is what Mixpanel says of it')
}

/** What to look at where nothing is found: most calls name nothing that could be gone. */
function missing(call: string): string {
  if (/\/nessie\/pipeline\/(?:edit|pause|resume|cancel|status|timeline)$/.test(call)) {
    return 'look up the name with pipelinesJobs; a pipeline that was canceled is gone'
  }
  if (/^(?!POST).*\/(?:funnels|insights|arb_funnels|annotations\/[^/]+)$/.test(call) && !/\/annotations\/tags$/.test(call)) {
    return 'look up the id in Mixpanel; it may have been deleted, or be of another project'
  }
  const place = "check the source's `project` and `region`, and its `url` if it has one"
  if (/\/(?:retention|engage)$/.test(call)) return `look up the id of the saved report or cohort, if one was named; else ${place}`
  return place
}

/** Without the past it is about the length of a range, which any plan refuses. */
const tooFarBack = /date range exceeds (\d+) days into the past/i

/** How many days the plan of the project lets anyone look back, where that is why a call was refused. */
export function historyDays(error: unknown): number | undefined {
  const days = error instanceof RefusedError ? tooFarBack.exec(error.message)?.[1] : undefined
  return days === undefined ? undefined : Number(days)
}

/** Whether a call was refused because what it names is not there, or not there any more. */
export function isMissing(error: unknown): boolean {
  return error instanceof RefusedError && /^\S+ \S+ 404: /.test(error.message)
}

/** The text of `{"error": …}`; undefined where there is none. */
export function errorIn(json: unknown): string | undefined {
  if (json === null || typeof json !== 'object' || !('error' in json)) return undefined
  // Annotations answer `"error": null` or "" when all is well.
  if (json.error === null || json.error === '' || json.error === false) return undefined
  return typeof json.error === 'string' ? json.error : JSON.stringify(json.error)
}

function saysError(json: unknown): boolean {
  return errorIn(json) !== undefined && typeof (json as { readonly error: unknown }).error === 'string'
}

function transient(reply: Reply, message: string): BroadsheetError {
  const { requestId } = reply
  const until = retryAfter(reply)
  return until === undefined ? new UnavailableError(message, { requestId }) : new WaitError(message, { requestId, until })
}

/**
 * Three kinds share the status. The hour's window and the concurrency limit have a `RateLimit` header that shows which
 * of the two is at 0; a shed load has neither. Texts of 2022 show the same numbers, for proxies that drop headers.
 */
function tooMany(reply: Reply, message: string): BroadsheetError {
  const { requestId } = reply
  const wait = (until: Date, remedy: string) => new WaitError(message, { requestId, until, remedy })
  const over = hourEnds(reply)
  if (over !== undefined) {
    return wait(over, 'the project has used up its queries of the hour; whoever else asks the same project takes part in it')
  }
  const running = rateLimits(reply).get('project-concurrency')
  const atATime = /(\d+)\/(\d+) queries running concurrently/i.exec(message)
  if (running?.left === 0 || (running === undefined && isOver(atATime))) {
    return wait(running?.until ?? pauseAfter(reply, concurrencyPause), 'too many queries of the project run at a time')
  }
  if (/too many export requests in progress/i.test(message)) {
    return wait(
      retryAfter(reply) ?? pauseAfter(reply, exportsPause),
      'others export from the project, too; it takes 100 exports at a time',
    )
  }
  return transient(reply, message)
}

/** When there is room again, where a 429 says that the hour of the project is used up; undefined for other kinds. */
export function hourEnds(reply: Reply): Date | undefined {
  const window = rateLimits(reply).get('project')
  const inLastHour = /(\d+)\/(\d+) queries running in the last hour/i.exec(reply.text)
  const used = window?.left === 0 || (window === undefined && isOver(inLastHour))
  if (!used) return undefined
  return window?.until ?? retryAfter(reply) ?? pauseAfter(reply, hour)
}

/** Of our own numbers of seconds. */
function pauseAfter({ receivedAt }: Reply, seconds: number): Date {
  return new Date(receivedAt.getTime() + seconds * 1000)
}

function isOver(used: RegExpExecArray | null): boolean {
  return used !== null && Number(used[1]) >= Number(used[2])
}

/** `"project";r=0;t=3600, "project-concurrency";r=3`: what is left of each limit, and when it resets (`t` in seconds). */
function rateLimits(reply: Reply): Map<string, { readonly left: number; readonly until: Date | undefined }> {
  const limits = new Map<string, { readonly left: number; readonly until: Date | undefined }>()
  for (const item of (reply.headers.ratelimit ?? '').split(',')) {
    const [name, left] = [/"([^"]+)"/.exec(item)?.[1], /;\s*r=(\d+)/.exec(item)?.[1]]
    const seconds = /;\s*t=(\d+)/.exec(item)?.[1]
    if (name === undefined || left === undefined) continue
    limits.set(name, { left: Number(left), until: seconds === undefined ? undefined : secondsAfter(reply, Number(seconds)) })
  }
  return limits
}
