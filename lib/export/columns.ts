import { createHash } from 'node:crypto'

/**
 * How an export's columns and files are called. Names are given once, are kept by the export, and are never given to
 * another: what a day found first may be followed by anything.
 *
 * Properties keep their names, so that `"$browser"` and `"Plan (new)"` are asked for as in the vendor's own words, in
 * quotes where SQL wants them. Glue and Athena read names in small letters and take most characters in quotes, but none
 * with a comma, a colon, a semicolon or a backtick, nor more than 255 characters: such a column is in the file, for
 * DuckDB and everything else that reads Parquet, and a table's columns cannot list it.
 */
export type Names = ReadonlyMap<string, string>

/**
 * The columns that every file has, what the folders of the layout call their parts (`event=…`, `date=…`, `snapshot=…`) and
 * tables the first of them, and what DuckDB and the splitting by events name columns while they work.
 */
export const reserved = [
  ...['event', 'distinct_id', 'time', 'insert_id', '_strings'],
  ...['date', 'snapshot', 'event_slug'],
  ...['file_row_number', '_part'],
] as const

/**
 * A column for each property: those of `known` as they are, and new ones in the order of their names. A name that is
 * reserved, or differs from another's only in case, gets `_1`, `_2` …: of new ones that with more capitals, since people
 * write names in small letters where it makes no difference. The same known and found names give the same columns, in
 * whatever order they were found.
 */
export function growColumns(known: Names, found: Iterable<string>, more: readonly string[] = []): Map<string, string> {
  return grow(known, byCapitals(found), [...reserved, ...more, ''], function* (property) {
    const name = withoutControls(property)
    yield name
    for (let at = 1; ; at += 1) yield `${name}_${at}`
  })
}

const longestSlug = 80

/** A name's small letters, digits and hyphens, for a path: `Sign Up` is `sign-up`. Empty where it has none of them. */
export function slugOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}+/gu, '')
  const words = plain.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return words.join('-').slice(0, longestSlug).replace(/-$/, '')
}

/** A slug for each event, grown as columns are. Where another event has it, or nothing is left of the name, a hash follows. */
export function growSlugs(known: Names, found: Iterable<string>): Map<string, string> {
  return grow(known, [...found].toSorted(byCodeUnits), [''], function* (event) {
    const slug = slugOf(event)
    yield slug
    const hash = createHash('sha256').update(event).digest('hex')
    for (let length = 6; length <= hash.length; length += 1) yield `${slug === '' ? 'event' : slug}-${hash.slice(0, length)}`
  })
}

/** Each new name in its order gets the first of its candidates that nobody has. */
function grow(
  known: Names,
  found: Iterable<string>,
  taken: readonly string[],
  candidates: (name: string) => Iterable<string>,
): Map<string, string> {
  const names = new Map(known)
  const used = new Set([...taken, ...known.values()].map(folded))
  for (const name of found) {
    if (names.has(name)) continue
    for (const candidate of candidates(name)) {
      if (used.has(folded(candidate))) continue
      used.add(folded(candidate))
      names.set(name, candidate)
      break
    }
  }
  return names
}

/** Not by the machine's language: the order is part of what is kept. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** By code units; those that differ in case alone stand together, the one with fewer capitals before the others. */
function byCapitals(names: Iterable<string>): string[] {
  const capitals = (name: string) => [...name].filter((sign) => sign !== folded(sign)).length
  const alike = Map.groupBy([...names].toSorted(byCodeUnits), folded)
  return [...alike.values()].flatMap((some) => some.toSorted((one, other) => capitals(one) - capitals(other)))
}

function folded(name: string): string {
  return name.toLowerCase()
}

/** No SQL can write U+0000 in a name, and no table shows the others. */
function withoutControls(name: string): string {
  return name.replace(/\p{Cc}/gu, '_')
}
