import { Temporal } from 'temporal-polyfill'
import { UsageError } from '../lib/errors.ts'

/** Throws UsageError unless the value of an option is a day. */
export function checkDay(word: string, value: string | undefined): void {
  if (value === undefined) return
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(value) && Temporal.PlainDate.from(value).toString() === value) return
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw new UsageError(`${word} ${value} is not a day`, {
    remedy: 'write it like 2026-11-09; --to is the day after the last one',
  })
}
