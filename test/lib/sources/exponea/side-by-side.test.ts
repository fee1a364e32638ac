import { describe, expect, test } from 'vitest'
import { sideBySide } from '../../../../lib/sources/exponea/side-by-side.ts'

/** Lists of a name's items, and what was open at a time. */
function lists(sizes: Readonly<Record<string, number>>, failing?: string) {
  const open = new Set<string>()
  const made: string[] = []
  let most = 0
  async function* list(name: string, size: number): AsyncGenerator<string, void> {
    made.push(name)
    open.add(name)
    most = Math.max(most, open.size)
    try {
      for (let at = 0; at < size; at += 1) {
        await new Promise(setImmediate)
        if (name === failing && at === 1) throw new Error(`${name} fails`)
        yield `${name}${at}`
      }
    } finally {
      open.delete(name)
    }
  }
  function* all() {
    for (const [name, size] of Object.entries(sizes)) yield list(name, size)
  }
  return { all: all(), open, made, most: () => most }
}

describe('lists side by side', () => {
  test('give all that they hold, each in its order, so many at a time', async () => {
    const own = lists({ a: 3, b: 0, c: 5, d: 1, e: 2, f: 4 })
    const given: string[] = []
    for await (const item of sideBySide(own.all, 3)) given.push(item)
    expect(given.toSorted()).toEqual('a0 a1 a2 c0 c1 c2 c3 c4 d0 e0 e1 f0 f1 f2 f3'.split(' '))
    for (const name of 'acdef') {
      const items = given.filter((item) => item.startsWith(name))
      expect(items).toEqual(items.toSorted())
    }
    expect(own.most()).toBe(3)
    expect(own.open.size).toBe(0)
  })

  test('that are none give nothing', async () => {
    for await (const item of sideBySide([], 3)) throw new Error(String(item))
  })

  test('end with the first that fails, and are all closed', async () => {
    const own = lists({ a: 100, b: 100, c: 100 }, 'b')
    let given = 0
    const reading = async () => {
      for await (const _ of sideBySide(own.all, 2)) given += 1
    }
    await expect(reading()).rejects.toThrow('b fails')
    expect(given).toBeLessThan(100)
    expect(own.open.size).toBe(0)
    expect(own.made).toEqual(['a', 'b'])
  })

  test('are closed by whoever has enough, and what fails meanwhile is nobody’s', async () => {
    const own = lists({ b: 100 }, 'b')
    for await (const _ of sideBySide(own.all, 2)) {
      // Long enough for b to fail while nobody waits for it.
      for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate)
      break
    }
    expect(own.open.size).toBe(0)
  })
})
