import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A folder with a project whose export copies days of a vendor on loopback. */
export async function exportProject(folder: string, vendor: string, words: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const yaml = `timezone: UTC
sources:
  product: { kind: mixpanel, project: 1234567, credentials: env:BENCH_ACCOUNT, url: ${vendor} }
exports:
  events: { source: product, data: events, ${words} }
`
  await writeFile(join(folder, 'broadsheet.yaml'), yaml)
  return folder
}
