/** Numbers in the project's locale, with no more digits than a reader needs. */
export interface Numbers {
  /** A figure as it stands alone: `4,190`, `27.0 %`, `€1,234`, `1.9`; an en dash where there is none. */
  readonly figure: (value: number | null, format: string) => string
  /** A figure within a sentence: `27 %` where `figure` has `27.0 %`. */
  readonly inProse: (value: number, format: string) => string
  /** A part of 1 in a table of shares, of which `most` is the greatest: whole per cents, decimals where all are small. */
  readonly share: (part: number, most: number) => string
  /** A part of 1 as per cent, unsigned: 0.09 is `9 %`, 0.034 is `3.4 %`. */
  readonly percent: (part: number) => string
  /** Unsigned percentage points of a part of 1, without their unit: 0.031 is `3.1`. */
  readonly points: (part: number) => string
  /** An unsigned difference with the digits of the figure it stands beside: `0.4`. */
  readonly difference: (by: number, beside: number) => string
  /** A whole number: `4,190`. */
  readonly whole: (value: number) => string
  /** A multiple: `12×`. */
  readonly times: (factor: number) => string
}

export const noNumber = '–'

// The figure and its unit stay on one line. Intl prints 9% in English; the page is set with a space, as ISO 80000-1 has it.
const percentSign = '\u00a0%'

/** Throws RangeError where `locale` is no BCP 47 tag. Latin digits, because the sentences around them are English. */
export function numbersOf(locale: string): Numbers {
  const print = (value: number, options: Intl.NumberFormatOptions = {}) =>
    new Intl.NumberFormat(locale, { numberingSystem: 'latn', ...options }).format(value)
  const decimals = (value: number, most: number, least = 0) =>
    print(value, { maximumFractionDigits: Math.max(most, least), minimumFractionDigits: least })
  const shareOf = (part: number, most: number, least = 0) =>
    `${decimals(part * 100, honestDigits(part * 100, most), least)}${percentSign}`
  const money = (value: number, currency: string) => {
    // A large sum is told without its cents.
    const cents = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : {}
    return print(value, { style: 'currency', currency, trailingZeroDisplay: 'stripIfInteger', ...cents })
  }
  const figure = (value: number, format: string) => {
    // Beyond that the digits are not all meant, and they break a page.
    if (Math.abs(value) >= 1e15) return print(value, { notation: 'scientific', maximumSignificantDigits: 4 })
    if (format === 'number') return decimals(value, digitsFor(value))
    return format === 'percent' ? shareOf(value, 1, 1) : money(value, format)
  }
  return {
    figure: (value, format) => (value === null ? noNumber : figure(value, format)),
    inProse: (value, format) => (format === 'percent' ? shareOf(value, Math.abs(value) < 0.1 ? 1 : 0) : figure(value, format)),
    share: (part, most) => (most < 0.1 ? shareOf(part, 1, 1) : shareOf(part, 0)),
    percent: (part) => shareOf(Math.abs(part), Math.abs(part) < 0.1 ? 1 : 0),
    points: (part) => decimals(Math.abs(part) * 100, honestDigits(part * 100, 1)),
    difference: (by, beside) => decimals(Math.abs(by), Math.max(digitsFor(beside), digitsUntilSeen(by))),
    whole: (value) => decimals(value, 0),
    times: (factor) => `${decimals(factor, 0)}×`,
  }
}

function digitsFor(value: number): number {
  const size = Math.abs(value)
  if (Number.isInteger(value) || size >= 100) return 0
  return size >= 1 ? 1 : Math.max(2, digitsUntilSeen(value) + 1)
}

/** Enough digits that a small number is not printed as 0. */
function digitsUntilSeen(value: number): number {
  if (value === 0) return 0
  return Math.min(12, Math.max(0, Math.ceil(-Math.log10(Math.abs(value)))))
}

/** Enough digits that what is nearly nothing or nearly all is not printed as 0 % or 100 %. */
function honestDigits(percent: number, digits: number): number {
  for (let enough = digits; enough < 8; enough += 1) {
    const printed = Math.abs(Number(percent.toFixed(enough)))
    if ((printed !== 0 || percent === 0) && (printed !== 100 || Math.abs(percent) === 100)) return enough
  }
  return digits
}
