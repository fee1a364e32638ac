import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { projectJsonSchema } from '../../../lib/project/json-schema.ts'
import { right, spoilt } from './written.ts'

const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(projectJsonSchema())
const accepts = (yaml: string) => validate(parse(yaml, { merge: true }))

test('the schema for editors accepts what loads: the example, anchors, ids without quotes', () => {
  const example = readFileSync(join(import.meta.dirname, '..', '..', '..', 'broadsheet.yaml'), 'utf8')
  expect([accepts(example), validate.errors]).toEqual([true, null])
  expect([accepts(right), validate.errors]).toEqual([true, null])
  expect(accepts(`x-mine: { a: 1 }\n${right}`)).toBe(true)
  expect(accepts(spoilt('within: 7 days', 'within: 7 days, saved: { product: 7509 }'))).toBe(true)
})

test.each([
  ['timezone:', 'timezoen:'],
  ['schedule:', 'shedule:'],
  ['{ event: Sign Up }', '{ evnt: Sign Up }'],
  ['[Sign Up, Invite]', '[Sign Up]'],
  ['kind: mixpanel', 'kind: amplitude'],
  ['to: [growth@example.com]', 'to: growth@example.com'],
  ['  weekly:', '  Weekly Growth:'],
])('it marks %s → %s', (from, to) => {
  expect(accepts(spoilt(from, to))).toBe(false)
})

test('it says what words mean, for editors to show', () => {
  const text = JSON.stringify(projectJsonSchema())
  expect(text).toContain('words of EventBridge Scheduler')
  expect(text.match(/"description"/g)?.length).toBeGreaterThan(15)
})
