/** Written out, sixteen digits are looked for in leaps of sixteen; with `{16}` it takes twenty times as long. */
const manyDigits = new RegExp(String.raw`\d`.repeat(16))
/** Where a number may begin that has more digits than every number can hold. */
const longNumber = /(?:^|[:,[])\s*-?\d{16}/

/**
 * JSON as JSON.parse reads it, but for whole numbers beyond 2^53: they come as their digits, as text. As numbers they
 * would silently become others (12345678901234567890 would be …7000), and what is that long is an id. Throws SyntaxError.
 */
export function parseExactly(text: string): unknown {
  return parsed(text, (digits) => digits)
}

/** One text within JSON, from quote to quote; or the rest of a line that ends within one. */
const quoted = /"[^"\\]*(?:\\.[^"\\]*)*"?/gs

/**
 * JSON with its control characters as `\uXXXX`, where they stand within texts. Some writers leave them as they are, which
 * JSON does not allow; tabs and line breaks between tokens are allowed, and stay.
 */
export function escapeControls(text: string): string {
  return text.replace(quoted, (own) =>
    own.replace(/\\.|\p{Cc}/gsu, (part) => (part.length > 1 ? part : `\\u${part.charCodeAt(0).toString(16).padStart(4, '0')}`)),
  )
}

/**
 * The same for what is sent back: JSON.stringify writes those numbers as they were. Here they are objects that `isNumeral`
 * tells from others. Throws SyntaxError.
 */
export function parseToSendBack(text: string): unknown {
  return parsed(text, numerals.rawJSON)
}

/** A JSON object: neither null nor a list. */
export function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

/** Whether a value of `parseToSendBack` stands for a number. */
export function isNumeral(value: unknown): boolean {
  return numerals.isRawJSON(value)
}

/** TypeScript has no types of these. */
const numerals = JSON as unknown as { rawJSON(digits: string): object; isRawJSON(value: unknown): boolean }

function parsed(text: string, hold: (digits: string) => unknown): unknown {
  // A reviver makes it several times slower, and next to no text has such a number.
  if (!manyDigits.test(text) || !longNumber.test(text)) return JSON.parse(text)
  // The third argument has the number as it was written; TypeScript's own types have two.
  return JSON.parse(text, (_: string, value: unknown, ...[context]: readonly { readonly source?: string }[]) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
    const source = context?.source
    // A fraction and an exponent say themselves that digits may be missing.
    return source !== undefined && /^-?\d+$/.test(source) ? hold(source) : value
  })
}
