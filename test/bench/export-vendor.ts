import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/**
 * `node export-vendor.ts <folder>`: answers an export of a day with `<folder>/<from_date>.json.gz`, as fast as it is
 * taken; prints its address.
 */
const [folder = ''] = process.argv.slice(2)
const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://vendor')
  const file = join(folder, `${searchParams.get('from_date')}.json.gz`)
  response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip', 'content-length': statSync(file).size })
  createReadStream(file, { highWaterMark: 256 * 1024 }).pipe(response)
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`))
