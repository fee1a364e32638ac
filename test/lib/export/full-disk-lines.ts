import { createHash } from 'node:crypto'

/** Events with so many properties each: as lines they pack well, as Parquet each has a column. */
export function wide(count: number): string[] {
  return Array.from({ length: 3 }, (_, at) => {
    const properties = Object.fromEntries(Array.from({ length: count }, (_, each) => [`property ${each}`, at]))
    return JSON.stringify({
      event: 'A',
      properties: { time: 1_762_650_000 + at, distinct_id: 'u', $insert_id: String(at), ...properties },
    })
  })
}

/** Events that hardly pack. */
export function long(count: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const pad = createHash('sha512').update(String(at)).digest('base64')
    return JSON.stringify({ event: 'A', properties: { time: 1_762_650_000 + at, distinct_id: 'u', $insert_id: String(at), pad } })
  })
}
