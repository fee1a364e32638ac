import { once } from 'node:events'
import { openStore } from '../../../lib/store/open.ts'

/** `node racer.ts <store> <key> <name>`: says `ready`, waits for a line, puts its name if the key is absent, says how it went. */
const [address = '', key = '', name = ''] = process.argv.slice(2)
const store = openStore(address)
// Whatever is read only once is read before the start.
await store.get(key)
process.stdout.write('ready\n')
await once(process.stdin, 'data')
process.stdout.write((await store.put(key, name, { if: 'absent' })) === undefined ? 'lost\n' : 'won\n')
process.stdin.destroy()
