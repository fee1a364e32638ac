/** Text for pictures: only characters that the fonts have, in no more room than there is. */
export interface Lettering {
  /** A date or a number as it can be drawn; what cannot be becomes a slash (`10月19日` is `10/19`). */
  label(text: string): string
  /** Whether nothing of it would be lost. */
  draws(text: string): boolean
  /**
   * Names as they can be drawn. One that would lose letters is called `Series 3` (`word` and its place), and `key`
   * says in full, in a sentence each for the page beside the picture, what that stands for.
   */
  names(names: readonly string[], word: string): { readonly labels: readonly string[]; readonly key: readonly string[] }
}

export function lettering(drawable: ReadonlySet<number>): Lettering {
  const draws = (text: string) => Array.from(text).every((character) => drawable.has(character.codePointAt(0) ?? 0))
  const keep = (text: string, instead: string) =>
    Array.from(visible(text), (character) => (draws(character) ? character : /\s/.test(character) ? ' ' : instead)).join('')
  const label = (text: string) =>
    keep(text, '\u0000')
      .replace(/\0+/g, '/')
      .replace(/^[\s/]+|[\s/]+$/g, '')
  const name = (text: string) => {
    const lost = Array.from(visible(text)).some((character) => /[\p{L}\p{M}\p{N}]/u.test(character) && !draws(character))
    const kept = keep(text, '').replace(/\s+/g, ' ').trim()
    return lost || !/[\p{L}\p{N}]/u.test(kept) ? undefined : kept
  }
  return {
    label,
    draws: (text) => draws(visible(text)),
    names(names, word) {
      const kept = names.map(name)
      // A name that looks like another once it is drawn would be one name for two things.
      const taken = (text: string, at: number) =>
        text !== names[at] && kept.some((other, index) => index !== at && other === text)
      const labels = kept.map((text, at) => (text === undefined || taken(text, at) ? `${word} ${at + 1}` : text))
      const key = names.flatMap((full, at) =>
        labels[at] === `${word} ${at + 1}` && full !== labels[at]
          ? [`${labels[at]}: ${full}${/[.!?]$/.test(full) ? '' : '.'}`]
          : [],
      )
      return { labels, key }
    },
  }
}

/** Composed, and without characters that have no shape of their own (joiners, variation selectors, controls). */
function visible(text: string): string {
  return text
    .normalize('NFC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/\p{Cc}/gu, ' ')
}

/** How wide Inter sets a text at a size, in the same unit; a little more rather than less. */
export function textWidth(text: string, size: number): number {
  let ems = 0
  for (const character of text) {
    if (/[!',.:;Iijl|`\s]/.test(character)) ems += 0.31
    else if (/[()[\]{}/\\ftr1-]/.test(character)) ems += 0.41
    else if (/[mwMW%@]/.test(character)) ems += 0.96
    else if (/[a-z0-9$]/.test(character)) ems += 0.62
    else ems += 0.72
  }
  return ems * size
}

/** The text, cut with an ellipsis where it is too wide. */
export function fit(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text
  const characters = Array.from(text)
  while (characters.length > 1 && textWidth(`${characters.join('')}…`, size) > width) characters.pop()
  return `${characters.join('').trimEnd()}…`
}

/** The text in so many lines at most, broken at spaces, the last one cut where it is too wide. */
export function wrap(text: string, width: number, size: number, lines: number): string[] {
  if (lines === 1 || textWidth(text, size) <= width) return [fit(text, width, size)]
  const words = text.split(' ')
  let first = words.shift() ?? ''
  while (words[0] !== undefined && textWidth(`${first} ${words[0]}`, size) <= width) first += ` ${words.shift()}`
  if (words.length === 0) return [fit(first, width, size)]
  return [fit(first, width, size), ...wrap(words.join(' '), width, size, lines - 1)]
}
