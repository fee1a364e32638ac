/**
 * Whether a change is news, or no more than chance makes. Pure statistics; nothing here knows a word.
 *
 * Counts are taken as Poisson counts: events (and users) come independently of each other. For users that is on the
 * careful side, because most of them are in both periods and so cannot make a difference.
 */

/** Two periods with fewer events than this, taken together, say nothing: the tests below are approximations for many. */
export const fewest = 10

/** How many standard deviations one change, looked at alone, has to exceed. */
export const alone = 2

/** Whether two counts over equal stretches of time differ: |a − b| > z · √(a + b). */
export function countsDiffer(a: number, b: number, z = alone): boolean {
  return a + b >= fewest && Math.abs(a - b) > z * Math.sqrt(a + b)
}

/** `hits` out of `among`: people who went on out of those who entered, events for each so many others. */
export interface Rate {
  readonly hits: number
  readonly among: number
}

/** Whether two shares of people differ: |z| of the pooled proportions. Each hit is one of those it is counted among. */
export function sharesDiffer(a: Rate, b: Rate, z = alone): boolean {
  const [hits, among] = [a.hits + b.hits, a.among + b.among]
  if (a.among <= 0 || b.among <= 0 || hits < fewest || among - hits < fewest) return false
  const pooled = hits / among
  return isBeyond(a, b, Math.sqrt(pooled * (1 - pooled) * (1 / a.among + 1 / b.among)), z)
}

/** Whether two rates differ where hits are events that may be more than those they are counted among (Poisson). */
export function ratesDiffer(a: Rate, b: Rate, z = alone): boolean {
  const [hits, among] = [a.hits + b.hits, a.among + b.among]
  if (a.among <= 0 || b.among <= 0 || hits < fewest) return false
  return isBeyond(a, b, Math.sqrt((hits / among) * (1 / a.among + 1 / b.among)), z)
}

function isBeyond(a: Rate, b: Rate, deviation: number, z: number): boolean {
  return Math.abs(a.hits / a.among - b.hits / b.among) > z * deviation
}

/**
 * How many standard deviations a change has to exceed when it is the largest of many: 0.05 shared among them
 * (Bonferroni, two-sided), and never less than one alone has to.
 */
export function amongMany(tests: number): number {
  return Math.max(alone, normalQuantile(1 - 0.05 / (2 * Math.max(1, tests))))
}

/**
 * The value that a standard normal variable stays below with probability `p`, for 0.5 ≤ p < 1.
 * Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23; its error is below 0.00045.
 */
export function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - p))
  const above = 2.515517 + t * (0.802853 + t * 0.010328)
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
  return t - above / below
}

/** A part of a total, then and now. */
export interface Part {
  readonly name: string
  readonly from: number
  readonly to: number
}

/**
 * The part that made most of a change, with its share of it (above 1 where other parts moved the other way), if it made
 * at least a quarter, and clearly more than its size lets expect: where all parts moved alike, naming the largest says
 * nothing. Only for what adds up, and for a total and parts whose own changes are beyond chance.
 */
export function largestShare(
  total: { readonly from: number; readonly to: number },
  parts: readonly Part[],
): { readonly name: string; readonly share: number } | undefined {
  const change = total.to - total.from
  const [largest] = parts
    .map(({ name, from, to }) => ({ name, share: (to - from) / change, size: from / total.from }))
    .sort((a, b) => b.share - a.share)
  if (largest === undefined || largest.share < 0.25 || largest.share < 1.5 * largest.size) return undefined
  return { name: largest.name, share: largest.share }
}
