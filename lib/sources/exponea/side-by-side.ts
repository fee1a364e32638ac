/**
 * Reads so many lists at a time, each in its own order. What one of them throws ends all; stopping early closes those that
 * are open. A list is made when its turn comes.
 */
export async function* sideBySide<Item>(
  lists: Iterable<AsyncGenerator<Item, void>>,
  atATime: number,
): AsyncGenerator<Item, void> {
  type List = AsyncGenerator<Item, void>
  const waiting = lists[Symbol.iterator]()
  const open = new Map<List, Promise<{ readonly list: List; readonly next: IteratorResult<Item, void> }>>()
  function advance(list: List): void {
    const next = list.next().then((result) => ({ list, next: result }))
    // It may fail while nobody waits for it; whoever waits next is told.
    next.catch(() => {})
    open.set(list, next)
  }
  function begin(): void {
    const list = waiting.next()
    if (list.done !== true) advance(list.value)
  }
  try {
    for (let at = 0; at < atATime; at += 1) begin()
    while (open.size > 0) {
      const { list, next } = await Promise.race(open.values())
      if (next.done === true) {
        open.delete(list)
        begin()
      } else {
        advance(list)
        yield next.value
      }
    }
  } finally {
    await Promise.allSettled([...open.keys()].map((list) => list.return()))
  }
}
