/**
 * Positions as near to the wanted ones as may be, in the same order, each at least `distance` after the one before and
 * all between `from` and `to`. Wanted positions must ascend. What crowds together is centred on the middle of its wishes.
 */
export function spread(
  wanted: readonly number[],
  room: { readonly distance: number; readonly from: number; readonly to: number },
): number[] {
  const { distance, from, to } = room
  const blocks: { wishes: number[]; middle: number }[] = []
  const place = (wishes: number[]) => {
    const half = ((wishes.length - 1) * distance) / 2
    const middle = wishes.reduce((sum, wish) => sum + wish, 0) / wishes.length
    return Math.max(from + half, Math.min(to - half, middle))
  }
  for (const wish of wanted) {
    let block = { wishes: [wish], middle: place([wish]) }
    for (let before = blocks.at(-1); before !== undefined; before = blocks.at(-1)) {
      if (block.middle - before.middle >= ((block.wishes.length + before.wishes.length) * distance) / 2) break
      blocks.pop()
      const wishes = [...before.wishes, ...block.wishes]
      block = { wishes, middle: place(wishes) }
    }
    blocks.push(block)
  }
  return blocks.flatMap(({ wishes, middle }) => wishes.map((_, at) => middle + (at - (wishes.length - 1) / 2) * distance))
}
