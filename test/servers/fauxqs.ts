/**
 * `node fauxqs.ts <port>`: fauxqs in a process of its own. It orders a list by the locale (`a_b`, `a-b`, `aB`) but goes
 * from page to page by bytes, and so loses keys in between (2.4.1, `s3Store.js`); here every locale orders by bytes.
 */
import { startFauxqs } from 'fauxqs'

Object.defineProperty(String.prototype, 'localeCompare', {
  value(this: string, other: string): number {
    return Buffer.compare(Buffer.from(this), Buffer.from(other))
  },
})
await startFauxqs({ port: Number(process.argv[2]), host: '127.0.0.1', logger: false })
