import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * `node export-sink.ts`: as much of S3 as an upload needs, on loopback, which throws the bytes away: what is measured is who
 * sends, not a disk. Prints its address.
 */
const server = createServer((request, response) => {
  const { searchParams, pathname } = new URL(request.url ?? '/', 'http://sink')
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  request.on('end', () => {
    const [, bucket, ...key] = pathname.split('/')
    const name = `<Bucket>${bucket}</Bucket><Key>${key.join('/')}</Key>`
    const xml = (body: string) =>
      response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${body}`)
    if (request.method === 'POST' && searchParams.has('uploads')) {
      xml(`<InitiateMultipartUploadResult>${name}<UploadId>1</UploadId></InitiateMultipartUploadResult>`)
    } else if (request.method === 'POST') {
      xml(`<CompleteMultipartUploadResult>${name}<ETag>"${bytes}"</ETag></CompleteMultipartUploadResult>`)
    } else if (request.method === 'PUT') {
      response.writeHead(200, { etag: `"${bytes}"` }).end()
    } else if (searchParams.has('list-type')) {
      xml(`<ListBucketResult><Name>${bucket}</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>`)
    } else if (request.method === 'DELETE') {
      response.writeHead(204).end()
    } else {
      response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>')
    }
  })
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`))
