/**
 * S3 as it is in production: versitygw keeps files in a folder, durable over kill -9, with conditional writes of its own.
 * For suites named `*.real.test.ts`; needs `$REAL_SERVERS/bin/versitygw`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, launch, realServer } from './launch.ts'
import type { S3Server } from './s3.ts'
import { s3Server } from './s3.ts'

/** With `versions`, buckets may keep what their keys held before. */
export async function startVersitygw({ versions = false } = {}): Promise<S3Server & { readonly pid: number }> {
  const aside = versions ? await mkdtemp(join(tmpdir(), 'versitygw-versions-')) : undefined
  const folder = await mkdtemp(join(tmpdir(), 'versitygw-'))
  const port = await freePort()
  const [access, secret] = ['broadsheet', 'broadsheet-secret']
  const gateway = await launch(
    realServer('bin/versitygw'),
    ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', ...(aside === undefined ? [] : ['--versioning-dir', aside]), folder],
    {
      env: { ROOT_ACCESS_KEY: access, ROOT_SECRET_KEY: secret },
      ready: `http://127.0.0.1:${port}/`,
    },
  )
  const server = s3Server(port, access, secret)
  return {
    ...server,
    pid: gateway.pid,
    stop: async () => {
      await server.stop()
      await gateway.stop()
      for (const one of [folder, aside]) if (one !== undefined) await rm(one, { recursive: true, force: true })
    },
  }
}
