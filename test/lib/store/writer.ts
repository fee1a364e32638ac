import { openFolder } from '../../../lib/store/folder.ts'

/** `node writer.ts <folder> <key>`: replaces a big object by etag again and again, a line for each, until it is killed. */
const [folder = '', key = ''] = process.argv.slice(2)
const store = openFolder(folder)
let etag = await store.put(key, Buffer.alloc(3_000_000, 1))
for (let round = 2; etag !== undefined; round += 1) {
  process.stdout.write(`${round}\n`)
  etag = await store.put(key, Buffer.alloc(3_000_000, round % 250), { if: { etag } })
}
