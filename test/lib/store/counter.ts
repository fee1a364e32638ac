import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { locked } from '../../../lib/store/lock.ts'

/** `node counter.ts <lock> <file> <times>`: counts a file up under a lock; without the lock, counts would be lost. */
const [lock = '', file = '', times = ''] = process.argv.slice(2)
process.stdout.write('ready\n')
await once(process.stdin, 'data')
for (let time = 0; time < Number(times); time += 1) {
  await locked(lock, async () => writeFile(file, String(Number(await readFile(file, 'utf8')) + 1)))
}
process.stdout.write('done\n')
process.stdin.destroy()
