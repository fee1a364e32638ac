import type { Sql } from './sql.ts'
import { allOf, anyOf } from './sql.ts'

/**
 * One event serves one step. Events at different times are different events, so this matters only among a user's events
 * of one time, a tie: steps i to j can be taken within one when each of them gets an event of its own. By Hall's theorem that
 * is so when, for every set of these steps, at least as many events match some step of it as there are steps in it. Steps of
 * different event names never compete, so the sets are those of steps that share a name.
 */
export interface TieGroups {
  /** Columns to count in a tie: how many events match some step of a set. */
  readonly counts: readonly Sql[]
  /** How far a chain gets within a tie when its next step is `from`: the last step taken, or NULL. */
  extent(from: number): Sql
  /** Columns of the first step's segments: the least name among the events that match the same steps. */
  readonly names: readonly Sql[]
  /** The segment of a chain that begins in a tie and takes the steps up to `last` (an SQL expression) there. */
  name(last: Sql): Sql
}

/** Beyond this many steps of one event name the sets are too many. */
export const mostOfOneName = 5

/** Steps count from 1; a hit has a truth `m1`, `m2` … for each, and a text `name` if segments are asked for. */
export function tieGroups(eventNames: readonly string[]): TieGroups {
  const steps = eventNames.map((name, at) => ({ name, step: at + 1 }))
  const families = [...Map.groupBy(steps, ({ name }) => name).values()].map((family) => family.map(({ step }) => step))
  const sets = families.flatMap(subsets)
  const rivals = families[0] ?? []
  const kinds = subsets(rivals).filter((kind) => kind[0] === 1)

  const enough = (set: readonly number[]) => `${countName(set)} >= ${set.length}`
  /** Steps `from` to `to` are possible if those to `to - 1` are: only the sets with `to` are new. */
  const oneMore = (from: number, to: number) =>
    allOf(sets.filter((set) => set.at(-1) === to && set.every((step) => step >= from)).map(enough))
  /** An event that matches the steps of `kind` may be the first while others take those from 2 to `last`. */
  const mayBegin = (kind: readonly number[], last: number) =>
    subsets(rivals.filter((step) => step > 1 && step <= last)).map((set) => {
      const own = set.some((step) => kind.includes(step)) ? 1 : 0
      return `${countName(set)} >= ${set.length + own}`
    })

  return {
    counts: sets.map((set) => `count_if(${anyOf(set.map((step) => `m${step}`))}) as ${countName(set)}`),
    extent(from) {
      const cases = steps
        .slice(from - 1)
        .map(({ step }) => `when not (${oneMore(from, step)}) then ${step === from ? 'null' : step - 1}`)
      return `case ${cases.join(' ')} else ${steps.length} end`
    },
    names: kinds.map((kind) => {
      const exactly = rivals.map((step) => (kind.includes(step) ? `m${step}` : `not m${step}`))
      return `min(name) filter (${allOf(exactly)}) as ${kindName(kind)}`
    }),
    name(last) {
      const cases = kinds.map((kind) => {
        const eligible = steps.map(({ step }) => `when ${step} then ${allOf(mayBegin(kind, step))}`)
        return rivals.length === 1
          ? kindName(kind)
          : `case when case ${last} ${eligible.join(' ')} end then ${kindName(kind)} end`
      })
      return cases.length === 1 ? (cases[0] as Sql) : `least(${cases.join(', ')})`
    },
  }
}

function countName(set: readonly number[]): Sql {
  return `n_${set.join('_')}`
}

function kindName(kind: readonly number[]): Sql {
  return `name_${kind.join('_')}`
}

/** All but the empty one, each in ascending order. */
function subsets(items: readonly number[]): number[][] {
  const sets: number[][] = []
  for (const item of items) sets.push([item], ...sets.map((set) => [...set, item]))
  return sets
}
