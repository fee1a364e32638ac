import { expect, test } from 'vitest'
import * as z from 'zod'
import { wrongParameters } from '../../../lib/sources/wrong.ts'

const id = z.union([z.string().regex(/^\d+$/, 'an id has digits only'), z.number().int()])
const parameters = z.strictObject({
  name: z.string().min(1).optional(),
  code: z.string().min(4).max(6).optional(),
  day: z.iso.date().optional(),
  at: z.iso.datetime().optional(),
  many: z.number().int().positive().max(10_000).optional(),
  share: z.number().min(0.5).lt(1).optional(),
  on: z.boolean().optional(),
  unit: z.enum(['hour', 'day']).optional(),
  names: z.array(z.string().min(1)).min(1).max(2).optional(),
  id: id.optional(),
  shape: z.union([z.strictObject({ a: z.number() }), z.strictObject({ b: z.number(), c: z.number() })]).optional(),
  own: z.string('give a name of your own').optional(),
  link: z.url().optional(),
})

test.each<[object, ...string[]]>([
  [{ name: '' }, '`name` is an empty text'],
  [{ name: 5 }, '`name` is text, not a number'],
  [{ name: null }, '`name` is text, not null'],
  // A text may be a secret.
  [{ on: 'secret' }, '`on` is true or false, not text'],
  [{ code: 'abc' }, '`code` has 4 characters at least'],
  [{ code: 'abcdefg' }, '`code` has 6 characters at most'],
  [{ day: '2026-11-09T10:00' }, '`day` is a date without a time, such as 2026-11-09'],
  [{ day: '2026-02-30' }, '`day` is a date, and there is no 2026-02-30'],
  [{ day: '2026-02-30 10:00' }, '`day` is a date, and there is no 2026-02-30'],
  [{ day: 'today' }, '`day` is a date, such as 2026-11-09, not "today"'],
  [{ day: 'x'.repeat(50) }, `\`day\` is a date, such as 2026-11-09, not "${'x'.repeat(40)}…"`],
  [{ day: '' }, '`day` is a date, such as 2026-11-09, not an empty text'],
  [{ at: '2026-11-09' }, '`at` is a time, such as 2026-11-09T08:00:00Z, not "2026-11-09"'],
  [{ many: 0 }, '`many` is above 0, not 0'],
  [{ many: 10_001 }, '`many` is 10,000 at most, not 10001'],
  [{ many: 1.5 }, '`many` is a whole number, not 1.5'],
  [{ many: '5' }, '`many` is a number, not text'],
  [{ share: 0.1 }, '`share` is 0.5 at least, not 0.1'],
  [{ share: 1 }, '`share` is below 1, not 1'],
  [{ unit: 'hourly' }, '`unit` is hour or day, not "hourly"; write hour'],
  [{ unit: 'Daily' }, '`unit` is hour or day, not "Daily"; write day'],
  [{ unit: 'dya' }, '`unit` is hour or day, not "dya"; did you mean day?'],
  [{ unit: ['day'] }, '`unit` is hour or day, not a list'],
  [{ names: [] }, '`names` is an empty list'],
  [{ names: ['a', 'b', 'c'] }, '`names` has 2 entries at most'],
  [{ names: ['a', ''] }, '`names[1]` is an empty text'],
  [{ names: { a: 1 } }, '`names` is a list, not an object'],
  [{ id: 'x' }, '`id`: an id has digits only'],
  [{ id: true }, '`id` is text or a number, not true'],
  [{ id: 2 ** 60 }, '`id` is more than a number can hold exactly'],
  [{ shape: { b: 1 } }, '`shape.c` is needed'],
  [{ shape: { a: 1, d: 1 } }, '`shape` takes no `d`'],
  [{ shape: { b: 1, c: 'x' } }, '`shape.c` is a number, not text'],
  [{ shape: 'a' }, '`shape` is an object, not text'],
  [{ own: 5 }, '`own`: give a name of your own'],
  [{ link: 'x y' }, '`link` is no url'],
  [{ nam: 'x', many: -1 }, '`many` is above 0, not -1', 'there is no parameter `nam`; did you mean name?'],
])('%j is told in plain words', (given, ...lines) => {
  expect(wrongParameters({ parameters }, given).split('\n')).toEqual(lines.map((line) => `✖ ${line}`))
})

test('what is missing is named, with what it would be where that is known', () => {
  const { name, unit, names, shape, own } = parameters.shape
  const all = { name, unit, id: parameters.shape.id, names, shape, own }
  const needed = z.strictObject(Object.fromEntries(Object.entries(all).map(([key, one]) => [key, one.unwrap()])))
  expect(wrongParameters({ parameters: needed }, {}).split('\n')).toEqual([
    '✖ `name` is needed',
    '✖ `unit` is needed: hour or day',
    '✖ `id` is needed',
    '✖ `names` is needed',
    '✖ `shape` is needed',
    '✖ `own` is needed: give a name of your own',
  ])
  const forms = z.discriminatedUnion('type', [z.strictObject({ type: z.literal('a') }), z.strictObject({ type: z.literal('b') })])
  expect(wrongParameters({ parameters: forms }, {})).toBe('✖ `type` is needed: a or b')
  expect(wrongParameters({ parameters: forms }, { type: 'c' })).toBe('✖ `type` is a or b, not "c"')
})

test.each([
  [[1], 'a list'],
  [null, 'null'],
  ['{}', 'text'],
  [5, 'a number'],
])('%j is no parameters', (given, kind) => {
  expect(wrongParameters({ parameters }, given)).toBe(`✖ parameters are a JSON object, not ${kind}`)
})
