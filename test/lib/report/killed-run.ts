import { join } from 'node:path'
import { runReport } from '../../../lib/report/run.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import type { Store } from '../../../lib/store/store.ts'
import { desk, monday, postOffice } from './desk.ts'

/**
 * `node killed-run.ts <folder> <n> <before|after>`: a run that kills itself (SIGKILL) right before or right after its
 * nth effect on the outside: a put or delete in the store, or a mail handed over. Ends with exit 0 when there is no nth.
 */
const [folder = '', nth = '0', when = 'before'] = process.argv.slice(2)
let effects = 0

async function effect<Value>(work: () => Promise<Value>): Promise<Value> {
  effects += 1
  const fatal = effects === Number(nth)
  if (fatal && when === 'before') process.kill(process.pid, 'SIGKILL')
  const value = await work()
  if (fatal) process.kill(process.pid, 'SIGKILL')
  return value
}

const inner = openFolder(join(folder, 'store'))
const store: Store = {
  address: inner.address,
  locate: (key) => inner.locate(key),
  get: (key) => inner.get(key),
  list: (prefix) => inner.list(prefix),
  put: (key, body, options) => effect(() => inner.put(key, body, options)),
  upload: (key, options) => effect(() => inner.upload(key, options)),
  read: (key) => inner.read(key),
  purge: (key) => inner.purge(key),
  unfinished: (prefix) => inner.unfinished(prefix),
  delete: (key) => effect(() => inner.delete(key)),
}
const office = postOffice(folder)
const mailer = { send: (message: Parameters<typeof office.send>[0]) => effect(() => office.send(message)) }
const outcome = await runReport({ report: 'weekly', scheduledAt: monday, send: 'readers' }, desk(folder, { store, mailer }))
if (outcome.status !== 'done') throw new Error(outcome.why)
