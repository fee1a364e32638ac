import { expect, test } from 'vitest'
import * as z from 'zod'
import { parameterWords } from '../../functions/parameter-words.ts'
import { sourceKinds } from '../../lib/sources/index.ts'
import type { SourceKind } from '../../lib/sources/source.ts'

test('needed parameters come first, each in words', () => {
  const parameters = z
    .strictObject({
      limit: z.number().int().min(1).max(10_000).optional(),
      days: z.number().int().positive().optional(),
      share: z.number().optional(),
      unit: z.enum(['hour', 'day', 'month']).optional(),
      id: z.union([z.string(), z.number().int()]).transform(String),
      events: z.array(z.string()).optional(),
      from_date: z.iso.date(),
      unbounded: z.boolean().optional(),
      sync: z.literal(true).optional(),
      extra: z.record(z.string(), z.unknown()).optional(),
    })
    .refine(() => true)
  expect(parameterWords(parameters, ['json', 'csv'])).toEqual([
    [
      { name: 'id', needed: true, words: 'text or a whole number' },
      { name: 'from_date', needed: true, words: 'a date, such as 2026-11-09' },
      { name: 'limit', needed: false, words: 'a whole number from 1 to 10000' },
      { name: 'days', needed: false, words: 'a whole number above 0' },
      { name: 'share', needed: false, words: 'a number' },
      { name: 'unit', needed: false, words: 'hour, day or month' },
      { name: 'events', needed: false, words: 'a list, each text' },
      { name: 'unbounded', needed: false, words: 'true or false' },
      { name: 'sync', needed: false, words: 'true' },
      { name: 'extra', needed: false, words: 'an object' },
      { name: 'format', needed: false, words: 'json or csv' },
    ],
  ])
})

test('a call with several forms has one list for each', () => {
  const forms = z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('a'), bucket: z.string() }),
    z.strictObject({ type: z.literal('b') }),
  ])
  expect(parameterWords(forms).map((form) => form.map(({ name, words }) => `${name}: ${words}`))).toEqual([
    ['type: "a"', 'bucket: text'],
    ['type: "b"'],
  ])
})

test('every call of every vendor can be shown', () => {
  for (const { calls } of Object.values(sourceKinds as Readonly<Record<string, SourceKind>>)) {
    for (const [name, { about, parameters, formats }] of Object.entries(calls ?? {})) {
      const shown = parameterWords(parameters, formats).flat()
      expect(about, name).not.toBe('')
      expect(
        shown.filter(({ words }) => words === '' || words === 'any value'),
        name,
      ).toEqual([])
    }
  }
})
