import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'

/** What each place may import, and what it may not, as lines of a file that stands there. */
const rooms: Readonly<Record<string, { readonly allowed: readonly string[]; readonly refused: readonly string[] }>> = {
  'lib/timeframe.ts': {
    allowed: ["import './errors.ts'", "import './expression/parse.ts'", "import 'zod'", "import 'temporal-polyfill'"],
    refused: [
      "import './http.ts'",
      "import './store/keys.ts'",
      "import './sources/index.ts'",
      "import './sources/lake/client.ts'",
      "import './email/mailer.ts'",
      "import './report/run.ts'",
      "import './report/editorial/compose.ts'",
      "import './project/load.ts'",
      "import './sample/index.ts'",
      "import '../functions/cli.ts'",
      "import '../cdk/app.ts'",
      "import 'node:fs'",
      "import 'node:fs/promises'",
      "import 'node:child_process'",
      "import 'node:process'",
      "import 'yaml'",
    ],
  },
  'lib/expression/parse.ts': {
    allowed: ["import './tokens.ts'", "import '../errors.ts'"],
    refused: ["import '../http.ts'", "import '../store/keys.ts'", "import '../sources/source.ts'", "import 'node:fs'"],
  },
  'lib/schedule/parse.ts': { allowed: ["import './times.ts'"], refused: ["import '../report/run.ts'", "import 'node:net'"] },
  'lib/http.ts': {
    allowed: ["import './http/door.ts'"],
    refused: ["import './query.ts'", "import './sources/source.ts'", 'await fetch(address)'],
  },
  'lib/http/door.ts': {
    allowed: ["import './reply.ts'", "import '../errors.ts'", "import 'undici'", "import 'node:zlib'"],
    refused: ["import '../query.ts'", "import '../http.ts'", "import '../sources/source.ts'", "import '../store/store.ts'"],
  },
  'lib/store/s3.ts': {
    allowed: [
      "import './store.ts'",
      "import '../errors.ts'",
      "import '../ledger.ts'",
      "import '../mailbox.ts'",
      "import '@aws-sdk/client-s3'",
    ],
    refused: [
      "import '../query.ts'",
      "import '../http.ts'",
      "import '../sources/index.ts'",
      "import '../sources/lake/client.ts'",
      "import '../email/mailer.ts'",
      "import '../report/run.ts'",
      "import '../project/project.ts'",
      "import '@duckdb/node-api'",
      "import '@aws-sdk/client-ses'",
    ],
  },
  'lib/email/message.ts': {
    allowed: ["import './draw.ts'", "import '../edition.ts'", "import '../mailbox.ts'", "import '@aws-sdk/client-ses'"],
    refused: [
      "import '../store/store.ts'",
      "import '../sources/lake/client.ts'",
      "import '../report/run.ts'",
      "import '../report/editorial/compose.ts'",
      "import '../project/project.ts'",
      "import '../http.ts'",
      "import '@aws-sdk/client-s3'",
    ],
  },
  'lib/sources/source.ts': {
    allowed: ["import '../query.ts'", "import '../timeframe.ts'"],
    refused: ["import '../http.ts'", "import './lake/client.ts'", "import '../store/store.ts'", "import '../project/project.ts'"],
  },
  'lib/sources/index.ts': { allowed: ["import './lake/index.ts'"], refused: ["import './mixpanel/client.ts'"] },
  'lib/sources/mixpanel/client.ts': {
    allowed: [
      "import './schema.ts'",
      "import '../source.ts'",
      "import '../reference.ts'",
      "import '../../http.ts'",
      "import '../../query.ts'",
    ],
    refused: [
      "import '../lake/client.ts'",
      "import '../index.ts'",
      "import '../../http/door.ts'",
      "import '../../store/store.ts'",
      "import '../../email/mailer.ts'",
      "import '../../report/run.ts'",
      "import '../../project/project.ts'",
      "import '../../sources/lake/client.ts'",
      "import '../../../functions/environment.ts'",
      "import '@duckdb/node-api'",
    ],
  },
  'lib/sources/mixpanel/questions/funnel.ts': {
    allowed: ["import './days.ts'", "import '../client.ts'", "import '../../source.ts'", "import '../../../timeframe.ts'"],
    refused: [
      "import '../../lake/client.ts'",
      "import '../../index.ts'",
      "import '../../../store/store.ts'",
      "import '../../../report/run.ts'",
    ],
  },
  'lib/sources/lake/client.ts': {
    allowed: ["import './sql.ts'", "import '../source.ts'", "import '../../segments.ts'", "await import('@duckdb/node-api')"],
    refused: [
      "import '../mixpanel/client.ts'",
      "import '../../http.ts'",
      "import '../../store/keys.ts'",
      "import '@aws-sdk/client-s3'",
    ],
  },
  'lib/sources/keen/client.ts': {
    allowed: ["import '../../http.ts'"],
    refused: ["import '../mixpanel/client.ts'", "import '../../store/store.ts'"],
  },
  'lib/project/load.ts': {
    allowed: ["import './tree.ts'", "import '../query.ts'", "import '../sources/index.ts'", "import 'yaml'"],
    refused: [
      "import '../sources/lake/client.ts'",
      "import '../store/store.ts'",
      "import '../email/mailer.ts'",
      "import '../report/run.ts'",
      "import '../sample/index.ts'",
      "import '../http.ts'",
    ],
  },
  'lib/sample/index.ts': {
    allowed: ["import './days.ts'", "import '../project/project.ts'", "import '../expression.ts'"],
    refused: [
      "import '../store/store.ts'",
      "import '../email/mailer.ts'",
      "import '../sources/source.ts'",
      "import '../sources/lake/client.ts'",
      "import '../report/run.ts'",
      "import '../project/load.ts'",
    ],
  },
  'lib/report/run.ts': {
    allowed: [
      "import './editorial/compose.ts'",
      "import '../sources/source.ts'",
      "import '../store/claims.ts'",
      "await import('../email/index.ts')",
      "import '../project/project.ts'",
    ],
    refused: [
      "import '../sources/index.ts'",
      "import '../sources/lake/client.ts'",
      "import '../project/load.ts'",
      "import '../sample/index.ts'",
      "import '../http.ts'",
      "import '../../functions/cli.ts'",
      "import '@aws-sdk/client-s3'",
    ],
  },
  'lib/report/editorial/compose.ts': {
    allowed: ["import './titles.ts'", "import '../ask.ts'", "import '../../edition.ts'", "import '../../project/project.ts'"],
    refused: ["import '../../sources/lake/client.ts'", "import '../../http.ts'", "import '../../../functions/cli.ts'"],
  },
  'lib/some-new-room/index.ts': {
    allowed: ["import './page.ts'", "import '../query.ts'"],
    refused: ["import '../store/store.ts'", "import '../http.ts'", "import 'undici'"],
  },
  'functions/cli.ts': {
    allowed: ["import './environment.ts'", "import '../lib/store/open.ts'", "import '@aws-sdk/client-s3'"],
    refused: [
      "import '../cdk/broadsheet.ts'",
      "import '../test/servers/s3.ts'",
      "import 'aws-cdk-lib'",
      "import 'aws-cdk-lib/aws-s3'",
      "import 'constructs'",
      'export const home = process.env.HOME',
    ],
  },
  'functions/environment.ts': { allowed: ['export const home = process.env.HOME'], refused: ["import '../cdk/broadsheet.ts'"] },
  'cdk/broadsheet.ts': {
    allowed: ["import '../lib/project/load.ts'", "import '../functions/environment.ts'", "import 'aws-cdk-lib'"],
    refused: ["import '../test/servers/s3.ts'"],
  },
}

const network = ['http', 'https', 'http2', 'tls', 'net', 'dgram'].map((module) => `import 'node:${module}'`)
const globals = ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'].map((name) => `export const door = ${name}`)
/** What no place in lib may do. */
const nowhere = ["import 'aws-cdk-lib'", "import 'constructs'", ...network, ...globals, 'export const home = process.env.HOME']
const notIn = (file: string) =>
  file.startsWith('lib/') ? [...nowhere, ...(file.startsWith('lib/http/') ? [] : ["import 'undici'"])] : []

const cases = Object.entries(rooms).flatMap(([file, { allowed, refused }]) => [
  ...allowed.map((line) => ({ file, line, refused: false })),
  ...[...refused, ...notIn(file)].map((line) => ({ file, line, refused: true })),
  // A type is an import too.
  ...refused.flatMap((line) => {
    const module = /^import ('\..*')$/.exec(line)?.[1]
    return module === undefined ? [] : [{ file, line: `import type { Some } from ${module}`, refused: true }]
  }),
])

const arrowRules = ['noRestrictedImports', 'noRestrictedGlobals', 'noProcessEnv'].map((rule) => `lint/style/${rule}`)
const start = z.object({ line: z.number() }).optional()
const reported = z.object({
  diagnostics: z.array(z.object({ category: z.string(), location: z.object({ path: z.string(), start }) })),
})

describe('arrows between the rooms run one way', () => {
  const folder = mkdtempSync(join(tmpdir(), 'arrows-'))
  const refusals = new Set<string>()

  beforeAll(() => {
    for (const file of ['.biome.json', '.gitignore']) cpSync(new URL(`../${file}`, import.meta.url), join(folder, file))
    for (const file of Object.keys(rooms)) {
      const lines = cases.filter((each) => each.file === file).map(({ line }) => line)
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), `${lines.join('\n')}\n`)
    }
    const biome = join(import.meta.dirname, '..', 'node_modules', '.bin', 'biome')
    const linted = spawnSync(biome, ['lint', '--reporter=json', '--max-diagnostics=none', '.'], { cwd: folder, encoding: 'utf8' })
    const { diagnostics } = reported.parse(JSON.parse(linted.stdout))
    expect(diagnostics.map(({ category }) => category)).not.toContain('parse')
    for (const { location } of diagnostics.filter((one) => arrowRules.includes(one.category))) {
      refusals.add(`${location.path}:${location.start?.line}`)
    }
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each(Object.keys(rooms))('%s', (file) => {
    const own = cases.filter((each) => each.file === file)
    const linted = own.map(({ line }, at) => ({ line, refused: refusals.has(`${file}:${at + 1}`) }))
    expect(linted).toEqual(own.map(({ line, refused }) => ({ line, refused })))
  })
})
