import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadProject } from '../lib/project/load.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

test('the README’s project file and its export are read without a mistake', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'broadsheet readme '))
  try {
    const snippets = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, snippet]) => snippet)
    expect(snippets).toHaveLength(2)
    await writeFile(join(folder, 'broadsheet.yaml'), snippets.join(''))
    const { reports, exports } = loadProject(folder)
    expect(Object.keys(reports)).toEqual(['weekly'])
    expect(exports['events']).toMatchObject({ source: 'product', sync: 5 * 86_400, order: 'newest', at: '03:00' })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('the README names the version of DuckDB’s native part that belongs to the one that is installed', async () => {
  const own = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  const { dependencies } = JSON.parse(own) as { dependencies: Record<string, string> }
  expect(readme).toContain(`@duckdb/node-bindings-linux-arm64@${dependencies['@duckdb/node-api']}`)
})
