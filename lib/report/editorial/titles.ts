import type { Query } from '../../query.ts'

/** A question's name as a sentence can use it. */
export interface Subject {
  /** At the start of a sentence, and as a label: `Sign-ups`. */
  readonly leading: string
  /** Within one: `sign-ups`, but `API calls` and `Stripe charges`. */
  readonly within: string
  /** Things that can be counted: `4,190 sign-ups` can be said. Where it is not sure, it is not. */
  readonly countable: boolean
}

/**
 * The title without what names the table and the axis, not the figure: a trailing ` by country` where it is split, and of
 * a count a trailing ` by hour` or ` per hour`, because the figure is the total of the period.
 */
export function subjectOf({ title, question }: Pick<Query, 'title' | 'question'>): Subject {
  const split = splitBy(question) !== undefined
  const adds = question.kind === 'segmentation' && ['general', 'unique', 'sum'].includes(question.type)
  const whole = title.trim()
  const undivided = split ? whole.replace(/(\S)\s+by\s+\S.*$/su, '$1') : whole
  const bare = adds ? undivided.replace(/(\S)\s+(?:by|per)\s+(?:minute|hour|day|week|month|year)$/iu, '$1') : undivided
  return {
    leading: /^[a-z]+(?:[\s-]|$)/.test(bare) ? bare.charAt(0).toUpperCase() + bare.slice(1) : bare,
    within: isPlainWord(bare) ? bare.charAt(0).toLowerCase() + bare.slice(1) : bare,
    countable: !/^\d/.test(bare) && isPlural(bare),
  }
}

/** The property (or two, or an expression) that a question is split by. */
export function splitBy(question: Query['question']): string | readonly string[] | undefined {
  return 'on' in question ? question.on : undefined
}

/** Before the first of these words stands what is counted: `errors per 1,000`, `users who invited`. */
const followers = /\s(?:per|in|of|from|with|without|to|for|on|at|who|that|after|within|\/)\s.*$|[,:;(–—].*$|\s-\s.*$/isu

function isPlural(title: string): boolean {
  const last = title.replace(followers, '').trim().split(/\s+/u).at(-1)?.toLowerCase() ?? ''
  return /^(?:people|women|men|children)$/.test(last) || (/^[\p{L}-]{2,}s$/u.test(last) && !/(?:ss|us|is|ics|news)$/.test(last))
}

/** Whether its first word is an English one that has its capital only from standing first. A proper name keeps its own. */
function isPlainWord(title: string): boolean {
  const [first = '', second = ''] = title.split(/\s+/u)
  // Title Case is the author's choice for the whole.
  if (/^\p{Lu}/u.test(second)) return false
  if (/^[A-Z][a-z]*(?:-[a-z]+)+$/.test(first)) return true
  return /^[A-Z][a-z]+$/.test(first) && plainWords.has(first.toLowerCase())
}

const plainWords = new Set(
  `abandoned accepted accounts activated activation active actions added adoption all answers any applications average
  basket baskets bookings bounce bounces bounced bugs buyers calls cancelled cancellations canceled carts charges chats
  checkout checkouts churn churned clicks comments completed completion conversations conversion conversions crashes
  created customers daily days deals deleted deliveries demos deposits devices distinct donations downloads engaged
  engagement entries error errors events exports failed failures feedback files finished first followers forms free
  friends funnel gross hourly hours imports inactive installs installations invitations invited invites invoices issues
  items jobs joined lapsed late leads licences licenses likes listings log logged logins lost mean median meetings
  members messages minutes monthly net new notes notifications number offers onboarding opened opens orders organic
  page paid paying payments people photos plans plays posts problems profiles projects purchases questions quarterly
  questionnaires ratings reactivated reads refunds registered registrations renewals repeat replies reports requests
  reservations responses retained retention returning returns revenue reviews sales saved search searches seats sent
  sessions shared shares signups sign slow spend started starts streams subscribers subscriptions successful support
  surveys tasks teams teammates tests tickets time total transactions trial trials turnover unique units unpaid
  unsubscribes updates upgrades uploads usage users value video videos viewers views visitors visits votes weekly
  wishlists workspaces yearly`.split(/\s+/),
)

/** Twelve and fewer are written out, as newspapers do. */
export function inWords(number: number, print: (value: number) => string): string {
  const words = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve']
  return words[number] ?? print(number)
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/** A sentence of its own: a capital where the first word has none of its own, and a full stop. */
export function asSentence(text: string): string {
  const trimmed = text.trim()
  const started = /^[a-z]+(?:[\s,;:.-]|$)/.test(trimmed) ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed
  return /[.!?…。]["”’)]?$/u.test(started) ? started : `${started}.`
}

/** One line of at most so many characters, cut at the end of a word where that is not too early. */
export function shortened(text: string, most: number): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  const characters = Array.from(line)
  if (characters.length <= most) return line
  const kept = characters.slice(0, most - 1).join('')
  const word = kept.replace(/\s+\S*$/u, '')
  return `${(word.length > most / 2 ? word : kept).trimEnd()}…`
}
