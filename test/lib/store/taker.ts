import { createInterface } from 'node:readline'
import { WaitError } from '../../../lib/errors.ts'
import { storeLedger } from '../../../lib/store/ledger.ts'
import { openStore } from '../../../lib/store/open.ts'

/**
 * `node taker.ts <store> <limit> <per hour>`: says `ready`; for each line `{"now","most"}` it is that time (milliseconds
 * since 1970), takes as many calls as it gets, `most` at most, and says `{"taken","until"}`: how many those were, and
 * until when it was told to wait.
 */
const [address = '', name = '', perHour = ''] = process.argv.slice(2)
let now = 0
const store = openStore(address)
const ledger = storeLedger(store, { clock: () => new Date(now) })
await store.get('nothing')
process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const told: { readonly now: number; readonly most: number } = JSON.parse(line)
  now = told.now
  let taken = 0
  let until: number | undefined
  while (taken < told.most && until === undefined) {
    try {
      await ledger.take({ name, perHour: Number(perHour) })
      taken += 1
    } catch (error) {
      if (!(error instanceof WaitError)) throw error
      until = error.until.getTime()
    }
  }
  process.stdout.write(`${JSON.stringify({ taken, until })}\n`)
}
