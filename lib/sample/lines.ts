import { createChance, hash, mix } from './chance.ts'
import type { Happening } from './happenings.ts'
import type { Property } from './values.ts'

export interface LineWriter {
  /** The lines of one day in chunks of about 64 kB, some of them twice. */
  lines(happenings: readonly Happening[]): Generator<string>
  written(): { readonly events: number; readonly duplicates: number; readonly users: number }
}

const chunkLength = 65_536

/** Prints events as Mixpanel's raw export does. `end` (milliseconds since 1970) is when the last can have been received. */
export function createLineWriter(seed: string, properties: readonly Property[], end: number, repeatedShare: number): LineWriter {
  const chance = createChance(`${seed} lines`)
  const salt = hash(seed)
  const encoded = properties.map(({ name, draw }) => ({ name, key: `,${JSON.stringify(name)}:`, draw }))
  const users = new Set<number>()
  let events = 0
  let duplicates = 0

  function line({ at, event, user, settled }: Happening): string {
    const received = Math.min(end, at + Math.round(1000 * Math.exp(chance.next() < 0.01 ? 9 : 1 + chance.normal())))
    let text = `{"event":${JSON.stringify(event.name)},"properties":{"time":${at / 1000},"distinct_id":"${idOf(user, salt)}"`
    text += `,"$insert_id":"${idOf(events, ~salt)}","mp_processing_time_ms":${received}`
    for (const { name, key, draw } of encoded) {
      // What is drawn and then settled otherwise is drawn all the same: chance goes on alike.
      const drawn = draw(user, chance)
      const value = settled.has(name) ? JSON.stringify(settled.get(name)) : drawn
      if (value !== '' && value !== undefined) text += key + value
    }
    return `${text}}}\n`
  }

  return {
    *lines(happenings) {
      let chunk = ''
      for (const happening of happenings) {
        const text = line(happening)
        users.add(happening.user)
        chunk += text
        events++
        if (chance.next() < repeatedShare) {
          chunk += text
          events++
          duplicates++
        }
        if (chunk.length < chunkLength) continue
        yield chunk
        chunk = ''
      }
      if (chunk !== '') yield chunk
    },
    written: () => ({ events, duplicates, users: users.size }),
  }
}

/** 16 hexadecimal digits, different for different numbers. */
function idOf(number: number, salt: number): string {
  const first = mix(number ^ salt)
  return hex(first) + hex(mix(first ^ 0x5bd1e995))
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0')
}
