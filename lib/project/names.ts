import { closest } from '../closest.ts'
import { name } from '../query.ts'
import type { Reader } from './reader.ts'
import type { Path } from './tree.ts'
import { listed, meant } from './wording.ts'

/** The names under a key, in the file's order; those that are no names, or a key that holds none, are told. */
export function namesAt(reader: Reader, path: Path): string[] {
  if (reader.raw(path) === undefined) return []
  return (reader.map(path) ?? []).filter((key) => {
    const [issue] = name.safeParse(key).error?.issues ?? []
    if (issue !== undefined) reader.mistake([...path, key], issue.message, undefined, 'key')
    return issue === undefined
  })
}

/** Whether a name is known; says so at its place where it is not. `what` is what it should be the name of. */
export function checkName(
  reader: Reader,
  path: Path,
  what: string,
  given: string,
  known: Iterable<string>,
  where?: 'key',
): boolean {
  const names = [...known]
  if (names.includes(given)) return true
  const remedy = meant(closest(given, names)) ?? (names.length === 0 ? 'there is none' : `there is ${listed(names, 'and')}`)
  reader.mistake(path, `there is no ${what} "${given}"`, remedy, where)
  return false
}

/** `error-rate` is `Error rate`. */
export function inWords(name: string): string {
  const words = name.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
