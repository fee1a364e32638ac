import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  aws,
  azureBlob,
  azureRaw,
  bigquery,
  gcsRaw,
  gcsSchema,
  s3Raw,
  snowflake,
} from '../../../lib/sources/mixpanel/calls/pipelines-forms.ts'

/** What the readme says of Mixpanel's pipelines, against what one is created with. */

const readme = readFileSync(join(import.meta.dirname, '../../../lib/export/readme.md'), 'utf8')
const [, table = ''] = readme.split('What each parameter of `nessie/pipeline/create` is here.\n\n| there | here |\n|---|---|\n')
const rows = table
  .slice(0, table.indexOf('\n\n'))
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
const named = rows.flatMap(([, there = '']) => [...there.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))

const forms = [bigquery, snowflake, aws, azureBlob, gcsSchema, s3Raw, gcsRaw, azureRaw]
const parameters = new Set(forms.flatMap(({ shape }) => Object.keys(shape)))

test('each parameter of each type of pipeline is named once, and no other', () => {
  expect(parameters.size).toBeGreaterThan(40)
  expect(named.toSorted()).toEqual([...parameters].toSorted())
})

test('each has what it is here: a word of the project file, or that there is nothing to say', () => {
  for (const [, there = '', here = ''] of rows) expect(here, there).toMatch(/`[a-z]+[:`]|nothing to say|one bucket per stack/)
})

test('each type of pipeline is named', () => {
  const line = rows.find(([, there = '']) => there.includes('`type`'))?.[1] ?? ''
  for (const { shape } of forms) for (const name of shape.type.values) expect(line).toContain(name)
})
