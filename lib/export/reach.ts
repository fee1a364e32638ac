import type { Temporal } from 'temporal-polyfill'

const day = 86_400

/** So many seconds before a time: whole days by its calendar, so that a change of the clocks makes none of them longer. */
export function longBefore(time: Temporal.ZonedDateTime, seconds: number): Temporal.ZonedDateTime {
  const days = Math.floor(seconds / day)
  return time.subtract({ days }).subtract({ seconds: seconds - days * day })
}

const atOnce = 16

/** Does the same with each of many, some at a time; what they give, in their order. Throws what the first one throws. */
export async function inBatches<Item, Value>(items: readonly Item[], work: (item: Item) => Promise<Value>): Promise<Value[]> {
  const values: Value[] = []
  for (let at = 0; at < items.length; at += atOnce) {
    values.push(...(await Promise.all(items.slice(at, at + atOnce).map(work))))
  }
  return values
}
