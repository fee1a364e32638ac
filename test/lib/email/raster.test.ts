import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { characters } from '../../../lib/email/coverage.ts'
import { drawableCharacters, rasterAssets } from '../../../lib/email/raster.ts'

test('each file that drawing reads exists, and its names are those of plain files', () => {
  expect(Object.keys(rasterAssets)).toHaveLength(15)
  for (const [name, path] of Object.entries(rasterAssets)) {
    expect(name).toMatch(/^[a-z0-9_-]+\.(wasm|woff2)$/)
    expect(existsSync(path)).toBe(true)
  }
})

test('what the fonts can draw is read from the fonts, and bold has all of it', async () => {
  const drawable = await drawableCharacters()
  for (const character of 'AZaz09 äßŁőΩжЇệ€₹№−…“”')
    expect([character, drawable.has(character.codePointAt(0) ?? 0)]).toEqual([character, true])
  for (const character of '東▲🍎한ع→\u202f')
    expect([character, drawable.has(character.codePointAt(0) ?? 0)]).toEqual([character, false])
  const bold = new Set<number>()
  for (const [name, path] of Object.entries(rasterAssets)) {
    if (name.includes('-600-')) for (const code of characters(await readFile(path))) bold.add(code)
  }
  expect([...drawable].filter((code) => !bold.has(code))).toEqual([])
})

test('a bundle draws with the files beside it alone, as in a Lambda', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'broadsheet-bundle-'))
  try {
    const root = resolve(import.meta.dirname, '../../..')
    await build({
      stdin: {
        contents: `import { drawEdition } from './lib/email/index.ts'
          import { example } from './test/lib/email/example.ts'
          const { images } = await drawEdition(example)
          console.log(images.map(({ query, png }) => query + ' ' + Buffer.from(png).toString('latin1', 1, 4)).join())`,
        resolveDir: root,
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      mainFields: ['module', 'main'],
      outfile: join(folder, 'draw.mjs'),
      logLevel: 'error',
      banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
    })
    for (const [name, path] of Object.entries(rasterAssets)) await copyFile(path, join(folder, name))
    await writeFile(join(folder, 'package.json'), '{}')
    const { stdout } = await promisify(execFile)(process.execPath, ['draw.mjs'], { cwd: folder })
    expect(stdout.trim()).toBe('signups PNG,activation PNG,channels PNG,active PNG')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a mail without charts loads neither ECharts nor resvg', async () => {
  const script = `
    import { drawEdition } from './lib/email/index.ts'
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ resolve(specifier, context, next) { loaded.push(specifier); return next(specifier, context) } })
    await drawEdition({ language: 'en', title: 't', period: 'p', lead: 'l', subject: 's', figures: [], articles: [], colophon: [] })
    console.log(JSON.stringify(loaded))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: resolve(import.meta.dirname, '../../..'),
  })
  expect(stdout).not.toMatch(/echarts|resvg/)
})
