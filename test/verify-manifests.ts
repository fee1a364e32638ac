import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { runManifest } from '../lib/report/manifest.ts'
import { openFolder } from '../lib/store/folder.ts'

/** `node test/verify-manifests.ts <store folder>`: every object that a manifest names is there, whole, with its hash. */
const folder = process.argv[2]
if (folder === undefined) throw new Error('say which store')
const kinds = new Set<string>()
let checked = 0
for await (const { key } of openFolder(folder).list('reports/')) {
  if (!key.endsWith('/manifest.json')) continue
  const manifest = runManifest.parse(JSON.parse(await readFile(join(folder, key), 'utf8')))
  for (const object of manifest.objects) {
    const path = join(folder, object.key)
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    if (sha256 !== object.sha256 || (await stat(path)).size !== object.bytes)
      throw new Error(`${object.key} is not what ${key} says`)
    kinds.add(object.key.split('.').at(-1) ?? '')
    checked += 1
  }
}
for (const kind of ['html', 'eml', 'csv', 'json', 'png', 'parquet']) {
  if (!kinds.has(kind)) throw new Error(`no run kept a .${kind}`)
}
console.log(`${checked} objects are what their manifests say`)
