import { openStore } from '../../../lib/store/open.ts'

/** `node uploader.ts <address> <key>`: sends more than two parts of an object, tells it, and never ends it. */
const [address = '', key = ''] = process.argv.slice(2)
const upload = await openStore(address).upload(key)
for (let count = 0; count < 33; count += 1) await upload.write(Buffer.alloc(1024 * 1024, count))
process.stdout.write('sent\n')
await new Promise((_, never) => setTimeout(never, 600_000))
