import type { Note, SeriesBody } from './result.ts'

/** One part of an answer split by a property, its numbers known for every bucket and window. */
export interface Segment {
  readonly name: string
  /** The values of both properties, outer first, where it is split by two. */
  readonly path?: readonly string[]
  /** One for each bucket of the trend. */
  readonly values: readonly (number | null)[]
  /** Of the timeframe. */
  readonly total: number | null
  /** Of each compared period, in the question's order; null where the period lacks the segment. */
  readonly compared: readonly (number | null)[]
  /** Of the folded rest alone: how many segments are in it. */
  readonly folded?: number
}

export interface Arranged {
  readonly segments: Segment[]
  readonly notes: Note[]
  /** How many segments are in `Other`, or left out where numbers do not add up. */
  readonly folded: number
}

/** What the folded rest is called; it stands last. */
export const otherName = 'Other'

/**
 * The largest segments first (equal ones by name), at most `limit` of them. The rest becomes one more, `Other`, where the
 * measure adds up (general, sum); uniques and averages do not, so the rest is left out. Either way a note says how many.
 * `clean` drops what Mixpanel spells as empty or `undefined`, and pairs with such a value; the answer's total still counts
 * it, so a note says how much of the total that is, where the measure adds up. A real segment called Other is quoted beside
 * a folded one.
 */
export function arrangeSegments(
  segments: readonly Segment[],
  { limit, clean, adds }: { readonly limit: number; readonly clean: boolean; readonly adds: boolean },
): Arranged {
  const isNameless = ({ name, path = [name] }: Segment) => clean && path.some((value) => value === '' || value === 'undefined')
  const kept = segments.filter((segment) => !isNameless(segment)).sort(bySize)
  const dropped = adds ? notesOfDropped(segments.filter(isNameless)) : []
  const shown = kept.slice(0, limit)
  const rest = kept.slice(limit)
  if (rest.length === 0) return { segments: shown, notes: dropped, folded: 0 }
  const many = rest.length === 1 ? '1 more segment' : `${rest.length.toLocaleString('en-US')} more segments`
  if (!adds) {
    const text = `${many} beyond the limit of ${limit} ${rest.length === 1 ? 'is' : 'are'} not shown: these numbers do not add up`
    return { segments: shown, notes: [{ kind: 'other', text }], folded: rest.length }
  }
  const text = `${otherName} holds ${many} beyond the limit of ${limit}`
  return { segments: [...quoteOther(shown), fold(rest)], notes: [...dropped, { kind: 'other', text }], folded: rest.length }
}

function notesOfDropped(dropped: readonly Segment[]): Note[] {
  const total = addUp(dropped.map((segment) => segment.total))
  if (total === null || total === 0) return []
  const text = `${total.toLocaleString('en-US')} of the total ${total === 1 ? 'has no value and is' : 'have no value and are'} not shown`
  return [{ kind: 'unset', text }]
}

/** What a pair of values is called: `ES / Pro`. A value with such a stroke is quoted, so that no two pairs are called the same. */
export function nameOfPath(path: readonly string[]): string {
  return path.map((value) => (/ \/ |^\/ | \/$/.test(value) ? JSON.stringify(value) : value)).join(' / ')
}

/** A segment as a result's series. */
export function seriesOf({ name, path, values, total, folded }: Segment): SeriesBody['series'][number] {
  const whole = { name, ...(path === undefined ? {} : { path: [...path] }), values: [...values], total }
  return folded === undefined ? whole : { ...whole, folded }
}

function bySize(a: Segment, b: Segment): number {
  const [first, second] = [a.total ?? Number.NEGATIVE_INFINITY, b.total ?? Number.NEGATIVE_INFINITY]
  if (first !== second) return first > second ? -1 : 1
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

function fold(rest: readonly Segment[]): Segment {
  const column = (pick: (segment: Segment) => number | null | undefined) => addUp(rest.map((segment) => pick(segment) ?? null))
  return {
    name: otherName,
    values: (rest[0]?.values ?? []).map((_, at) => column(({ values }) => values[at])),
    total: column(({ total }) => total),
    compared: (rest[0]?.compared ?? []).map((_, at) => column(({ compared }) => compared[at])),
    folded: rest.length,
  }
}

/** Null is "nothing there", so it adds nothing; only nothing but null stays null. */
function addUp(numbers: readonly (number | null)[]): number | null {
  return numbers.reduce((sum, number) => (number === null ? sum : (sum ?? 0) + number), null)
}

function quoteOther(segments: readonly Segment[]): Segment[] {
  const names = new Set(segments.map(({ name }) => name))
  let quoted = otherName
  while (names.has(quoted)) quoted = `"${quoted}"`
  return segments.map((segment) => (segment.name === otherName ? { ...segment, name: quoted } : segment))
}
