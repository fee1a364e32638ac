import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

/** `node plain.ts <events folder>`: what a script would do for one question: read every line, count sign-ups by day and country. */
const [folder = ''] = process.argv.slice(2)
const counts = new Map<string, number>()
const seen = new Set<string>()
for (const file of await readdir(folder)) {
  const lines = createInterface({
    input: createReadStream(join(folder, file)).pipe(createGunzip()),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  for await (const line of lines) {
    const { event, properties } = JSON.parse(line)
    const identity = `${event} ${properties.distinct_id} ${properties.time} ${properties.$insert_id}`
    if (seen.has(identity)) continue
    seen.add(identity)
    if (event !== 'Sign Up') continue
    const key = `${Math.floor(properties.time / 86_400)} ${properties.country}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
}
process.stdout.write(String(counts.size))
