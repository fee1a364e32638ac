/** The candidate that a mistyped word was most likely meant to be, or undefined where none is near. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase()
  // A third of the letters may be wrong; of a short word one.
  let best = { candidate: undefined as string | undefined, distance: Math.max(1, Math.floor(typed.length / 3)) + 1 }
  for (const candidate of candidates) {
    const distance = editDistance(typed, candidate.toLowerCase(), best.distance)
    if (distance < best.distance) best = { candidate, distance }
  }
  return best.candidate
}

/** How many letters must be changed, added, left out or swapped with their neighbour; `limit` where it is that or more. */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit
  let before: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let at = 1; at <= from.length; at += 1) {
    const next = [at]
    for (let other = 1; other <= to.length; other += 1) {
      const same = from[at - 1] === to[other - 1]
      const swapped = at > 1 && other > 1 && from[at - 1] === to[other - 2] && from[at - 2] === to[other - 1]
      next[other] = Math.min(
        (row[other] ?? 0) + 1,
        (next[other - 1] ?? 0) + 1,
        (row[other - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[other - 2] ?? 0) + 1 : limit,
      )
    }
    before = row
    row = next
  }
  return Math.min(limit, row[to.length] ?? limit)
}
