import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runExport } from '../../../lib/export/run.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import type { Store } from '../../../lib/store/store.ts'
import { exportRun } from './killing.ts'

/** An export whose process is killed after its n-th effect on the store: `node killed-export.ts <folder> <n>`; tells how many there are. */
const [folder = '', nth = '0'] = process.argv.slice(2)
let effects = 0

async function effect<Value>(work: () => Promise<Value>): Promise<Value> {
  const value = await work()
  effects += 1
  if (effects === Number(nth)) process.kill(process.pid, 'SIGKILL')
  return value
}

const inner = openFolder(join(folder, 'store'))
const store: Store = {
  ...inner,
  put: (key, body, options) => effect(() => inner.put(key, body, options)),
  delete: (key) => effect(() => inner.delete(key)),
  async upload(key, options) {
    const upload = await effect(() => inner.upload(key, options))
    return {
      write: (bytes) => effect(() => upload.write(bytes)),
      finish: () => effect(() => upload.finish()),
      abort: () => upload.abort(),
    }
  },
}
const given = JSON.parse(readFileSync(join(folder, 'given.json'), 'utf8')) as string[]
const { request, context } = await exportRun(store, given, folder)
const outcome = await runExport(request, context)
if (outcome.status !== 'done') throw new Error(JSON.stringify(outcome))
process.stdout.write(String(effects))
