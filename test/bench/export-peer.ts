import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * The npm package mixpanel-import in a folder of its own, with the vendor's address and S3's changed: neither can be said
 * from outside. Gives the path of a script: `node peer.mjs <day> <file or s3://bucket/key>`.
 */
export async function installPeer(folder: string, vendor: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}')
  await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', 'mixpanel-import@3.1.43'], {
    cwd: folder,
  })
  const components = join(folder, 'node_modules', 'mixpanel-import', 'components')
  const change = async (file: string, from: RegExp, to: string) => {
    const text = await readFile(join(components, file), 'utf8')
    if (!from.test(text)) throw new Error(`${file} of mixpanel-import has no ${from}`)
    await writeFile(join(components, file), text.replace(from, to))
  }
  await change('job.js', /https:\/\/data\.mixpanel\.com\/api\/2\.0\/export/g, `${vendor}/api/2.0/export`)
  await change('exporters.js', /region: job\.s3Region\n/, 'region: job.s3Region, forcePathStyle: true,\n')
  const script = join(folder, 'peer.mjs')
  await writeFile(
    script,
    `import mixpanelImport from 'mixpanel-import'
const [day, where] = process.argv.slice(2)
const s3 = where.startsWith('s3://') ? { s3Region: 'us-east-1', s3Key: 'a', s3Secret: 'b' } : {}
await mixpanelImport(
  { acct: 'svc', pass: 'secret', project: '1234567' },
  null,
  { recordType: 'export', start: day, end: day, where, verbose: false, showProgress: false, logs: false, ...s3 },
)
`,
  )
  return script
}
