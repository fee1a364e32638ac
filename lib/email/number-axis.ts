import type { SeriesChart } from '../edition.ts'
import type { Lettering } from './lettering.ts'

/** A value axis that holds all values and zero, in steps of 1, 2, 2.5 or 5 times a power of ten. */
export interface NumberAxis {
  readonly min: number
  readonly max: number
  readonly step: number
  /** Every value it marks, ascending. */
  readonly ticks: readonly number[]
  /** As the axis prints it: short. */
  readonly print: (value: number) => string
  /** As a point is labelled: in full. */
  readonly figure: (value: number) => string
}

export function numberAxis(chart: Pick<SeriesChart, 'series' | 'locale' | 'format'>, letters: Lettering): NumberAxis {
  const values = chart.series.flatMap((one) => one.values.filter((value) => value !== null))
  const highest = Math.max(0, ...values)
  const lowest = Math.min(0, ...values)
  const whole = values.every(Number.isInteger)
  const step = niceStep((highest - lowest || 1) / 4, whole)
  const first = Math.floor(lowest / step)
  const last = Math.max(first + 1, Math.ceil(highest / step))
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)) + 0)
  const min = ticks[0] ?? 0
  const max = ticks.at(-1) ?? step
  const compact = chart.format !== 'percent' && Math.max(-min, max) >= 10_000
  return { min, max, step, ticks, print: printer(chart, step, compact, letters), figure: printer(chart, step, false, letters) }
}

function niceStep(about: number, whole: boolean): number {
  const power = 10 ** Math.floor(Math.log10(about))
  const step =
    [1, 2, 2.5, 5, 10].map((times) => Number((times * power).toPrecision(3))).find((nice) => nice >= about * 0.999) ?? power * 10
  return whole ? Math.max(1, step === 2.5 ? 5 : step) : step
}

/** Prints as the locale does, where the fonts can: a number of which half is missing would be another number. */
function printer({ locale, format }: Pick<SeriesChart, 'locale' | 'format'>, step: number, compact: boolean, letters: Lettering) {
  const percent = format === 'percent'
  const currency = /^[A-Z]{3}$/.test(format) ? format : undefined
  const decimals = [0, 1, 2, 3, 4, 5].find((digits) => Number.isInteger(Number((step * 10 ** digits).toPrecision(6)))) ?? 6
  const options: Intl.NumberFormatOptions = {
    numberingSystem: 'latn',
    ...(percent ? { style: 'percent' } : {}),
    ...(currency === undefined ? {} : { style: 'currency', currency, minimumFractionDigits: 0 }),
    ...(compact
      ? { notation: 'compact', maximumFractionDigits: 1 }
      : { maximumFractionDigits: percent ? Math.max(0, decimals - 2) : decimals }),
  }
  const local = new Intl.NumberFormat(locale, options)
  const plain = new Intl.NumberFormat('en', currency === undefined ? options : { ...options, currencyDisplay: 'code' })
  return (value: number) => {
    // Fonts lack the narrow no-break space that French puts between thousands.
    const printed = local.format(value).replace(/\s/g, '\u00a0')
    return letters.draws(printed) ? printed : plain.format(value)
  }
}
