/** At most so many characters, with an ellipsis where some were cut; controls become spaces. */
export function clip(text: string, most: number): string {
  const characters = Array.from(text.replace(/\p{Cc}/gu, ' '))
  return characters.length <= most
    ? characters.join('')
    : `${characters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`
}
