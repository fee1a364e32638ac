import * as z from 'zod'
import { entriesOf, overall } from './answers.ts'

/** What stands at a date. */
export interface Dated<Own> {
  readonly date: string
  /** Of all together; undefined where the answer is split and has no such row. */
  readonly whole: Own | undefined
  /** By the values of a property, where the answer is split. */
  readonly parts: readonly { readonly name: string; readonly own: Own }[] | undefined
}

/** What the vendor works out from the others of a level, and is of nobody. */
const averages = ['$average']

/**
 * What an answer has by date, sorted. With a property to split by there is one level more, which no document shows: here
 * the values may stand within dates, or dates within values. Dates are `2026-11-09`, of saved reports midnights.
 */
export function datedOf<Own extends z.ZodType>(own: Own) {
  const leaf = own.transform((value) => ({ leaf: value }))
  const level = entriesOf(z.union([leaf, entriesOf(leaf, averages)]), averages)
  return level.transform((data, context): Dated<z.output<Own>>[] => {
    const datesFirst = data.every(([key]) => dayIn(key) !== undefined)
    const found = data.flatMap(([key, inner]): { at: string; name?: string; own: z.output<Own> }[] => {
      if (!Array.isArray(inner)) return [{ at: key, own: inner.leaf }]
      return inner.map(([other, { leaf }]) =>
        datesFirst ? { at: key, name: other, own: leaf } : { at: other, name: key, own: leaf },
      )
    })
    const stray = found.find(({ at }) => dayIn(at) === undefined)
    if (stray !== undefined) {
      context.addIssue({ code: 'custom', message: `${JSON.stringify(stray.at)} is no date` })
      return z.NEVER
    }
    return [...Map.groupBy(found, ({ at }) => dayIn(at) ?? '')]
      .map(([date, those]): Dated<z.output<Own>> => {
        const isSplit = those.some(({ name }) => name !== undefined)
        const parts = those.flatMap(({ name, own }) => (name === undefined || name === overall ? [] : [{ name, own }]))
        const whole = those.find(({ name }) => name === undefined || name === overall)
        return { date, whole: whole?.own, parts: isSplit ? parts : undefined }
      })
      .sort((a, b) => (a.date < b.date ? -1 : 1))
  })
}

/** The day of `2026-11-09` or `2026-11-09T00:00:00`, with an offset or without. */
function dayIn(text: string): string | undefined {
  const [, day] = /^(\d{4}-\d{2}-\d{2})(?:T00:00:00(?:\.0+)?(?:Z|[+-]\d{2}:\d{2})?)?$/.exec(text) ?? []
  return day !== undefined && z.iso.date().safeParse(day).success ? day : undefined
}
