import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exportReader } from '../../../lib/export/reader.ts'
import type { ExportEntry } from '../../../lib/project/project.ts'
import type { Store } from '../../../lib/store/store.ts'
import { oddName, on, seed, where } from '../sources/lake/arbitraries.ts'
import { answersOf, frequencyAsk, funnelAsk, openLake, retentionAsk, segmentationAsk, topAsk } from '../sources/lake/folder.ts'
import { withFolder } from './exporting.ts'
import type { Day } from './keeping.ts'
import { entryOf, keepDays } from './keeping.ts'

/** On the last nothing came: questions that look further read it. */
const dates = ['2026-11-04', '2026-11-05', '2026-11-06', '2026-11-07']
const names = [
  'p',
  'n',
  oddName,
  'date',
  'event',
  'Event',
  'EVENT',
  '_strings',
  'insert_id',
  'snapshot',
  '__proto__',
  'tab\there',
]
/** As they are written in JSON: what is not of the same type, though it looks like it. */
const written = [
  ...['5', '"5"', '5.0', '"5.0"', '1e3', '1.10', '-0', '0', '12345678901234567890', '-12', '0.1', '2e-7'],
  ...['true', '"true"', 'false', '"false"', 'null', '"null"', '"NaN"', '"-Infinity"', '""', '" 5"', '"5 "', '"-"'],
  ...['[1,"a"]', '"[1,\\"a\\"]"', '{"a":{"b":null}}', '"{}"', '[]', '"["', '"\\"quoted\\""', '"\\u0000"', '"\\u2028"'],
  ...['"DE"', '"DE"', '"Zoë \\\\ it\'s"', '"2026-11-05"', '1793793600'],
]
const property = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...written))
const one = fc.record({
  event: fc.constantFrom('A', 'A', 'B', 'a', 'Sign Up'),
  second: fc.integer({ min: 0, max: 86_399 }),
  person: fc.constantFrom('"u1"', '"u1"', '"u2"', '7', '"7"', 'null', undefined),
  id: fc.constantFrom('"i1"', '"i2"', '3', 'null', undefined),
  properties: fc.uniqueArray(property, { selector: ([name]) => name, maxLength: names.length }),
  unit: fc.constantFrom(1, 1, 1000),
})
const day = fc.array(one, { minLength: 1, maxLength: 25 })

/** The same days in every way that an export can keep them: one of them has the vendor's lines alone. */
const ways: readonly { readonly words: Partial<ExportEntry>; readonly formats?: readonly ExportEntry['format'][] }[] = [
  { words: { name: 'lines' } },
  { words: { name: 'mono', format: ['parquet'] } },
  { words: { name: 'both', format: ['json', 'parquet'] } },
  { words: { name: 'multi', format: ['parquet'], schema: 'multi' } },
  { words: { name: 'changed' }, formats: [['json'], ['parquet'], ['json', 'parquet'], ['json']] },
]

function linesOf(date: string, events: readonly (typeof one extends fc.Arbitrary<infer One> ? One : never)[]): string[] {
  const midnight = Date.parse(`${date}T00:00:00Z`) / 1000
  return events.map(({ event, second, person, id, properties, unit }) => {
    const written: [string, string | undefined][] = [
      ['time', String((midnight + second) * unit)],
      ['distinct_id', person],
      ['$insert_id', id],
      ...properties,
    ]
    const body = written.flatMap(([name, value]) => (value === undefined ? [] : [`${JSON.stringify(name)}:${value}`]))
    return `{"event":${JSON.stringify(event)},"properties":{${body.join(',')}}}`
  })
}

const named = (name: string) => `properties[${JSON.stringify(name)}]`
const condition = fc
  .tuple(fc.constantFrom(...names, 'distinct_id', 'time', '$insert_id', 'nowhere'), fc.nat())
  .map(([name, at]) => {
    const it = named(name)
    const all = [
      ...[`${it} == 5`, `${it} == "5"`, `${it} != "true"`, `${it} == true`, `defined(${it})`, `not defined(${it})`],
      ...[`boolean(${it})`, `${it} in ["5", 7, true, "null"]`, `number(${it}) > 4`, `"5" in ${it}`, `string(${it}) == "5"`],
      ...[`not (${it} == ${it})`, `${it} < 1793793700`, `${it} > "D"`, `has_prefix(${it}, "N")`],
    ]
    return all[at % all.length] ?? ''
  })
const split = fc.oneof(fc.constantFrom(...names, 'distinct_id', 'time', '$insert_id').map(named), on)
const framing = { timeframe: { start: '2026-11-04', end: '2026-11-07' }, timezone: 'UTC', at: '2026-11-16T08:00:00Z' } as const

type Lake = ReturnType<typeof answersOf>
const question = fc
  .record({ where: fc.oneof(condition, condition, where), on: split, name: fc.constantFrom(...names), at: fc.nat({ max: 8 }) })
  .map(({ where, on, name, at }) => {
    const asks: ((lake: Lake) => Promise<object>)[] = [
      (lake) => lake.segmentation(segmentationAsk({ event: 'A', on, where }, framing)),
      (lake) => lake.segmentation(segmentationAsk({ event: 'A', on: named(name), type: 'unique' }, framing)),
      (lake) => lake.segmentation(segmentationAsk({ event: 'B', type: 'sum', of: named(name), where }, framing)),
      (lake) => lake.segmentation(segmentationAsk({ event: ['A', 'a', 'Sign Up'], where }, framing)),
      (lake) => lake.funnel(funnelAsk({ steps: [{ event: 'A', where }, 'B'], within: '1 day', on: named(name) }, framing)),
      // biome-ignore lint/suspicious/noThenProperty: the word of the project file
      (lake) => lake.retention(retentionAsk({ first: 'A', then: 'any', unit: 'day', where, on: named(name) }, framing)),
      (lake) => lake.frequency(frequencyAsk({ event: 'any', unit: 'day', of: 'hour', on: named(name), where }, framing)),
      (lake) => lake.top(topAsk({ what: 'properties' }, framing)),
      (lake) => lake.top(topAsk({ what: 'values', property: named(name), limit: 50, type: 'unique' }, framing)),
    ]
    return { where, on, name, at, ask: asks[at] ?? asks[0] }
  })

/** But for the note on what was there twice, which Parquet has no more. */
function told(body: object): unknown {
  const { notes, ...rest } = body as { notes?: readonly { readonly kind: string }[] }
  return JSON.parse(JSON.stringify({ ...rest, notes: notes?.filter(({ kind }) => kind !== 'duplicates') }))
}

async function ask(
  store: Store,
  entry: ExportEntry,
  questions: readonly ((lake: Lake) => Promise<object>)[],
): Promise<unknown[]> {
  const exported = exportReader({ store, entry: () => entry, zone: () => 'UTC', scratch: tmpdir(), clock: () => new Date() })
  const lake = openLake({ kind: 'lake', export: entry.name }, { exported })
  try {
    return await Promise.all(
      questions.map(async (one) => {
        try {
          return told(await one(answersOf(lake)))
        } catch (error) {
          // Random conditions may be none: of all ways the same.
          return String(error).replaceAll(`export ${entry.name} `, 'export … ')
        }
      }),
    )
  } finally {
    await lake.close?.()
  }
}

test('a report is answered alike, however an export keeps its days', { timeout: 300_000 }, async () => {
  let answered = 0
  const world = fc.record({ days: fc.tuple(day, day, day), questions: fc.array(question, { minLength: 24, maxLength: 24 }) })
  await fc.assert(
    fc.asyncProperty(world, async ({ days, questions }) => {
      const asks = questions.flatMap(({ ask }) => (ask === undefined ? [] : [ask]))
      await withFolder(async (store) => {
        let wanted: unknown[] | undefined
        for (const { words, formats } of ways) {
          const entry = entryOf(words)
          const kept = dates.map((date, at): Day => {
            const format = formats?.[at]
            return { date, lines: linesOf(date, days[at] ?? []), ...(format === undefined ? {} : { format }) }
          })
          await keepDays(store, entry, kept)
          const answers = await ask(store, entry, asks)
          wanted ??= answers
          expect(answers, entry.name).toEqual(wanted)
        }
        answered += (wanted ?? []).filter((answer) => typeof answer === 'object').length
      })
    }),
    { seed, numRuns: 8, endOnFailure: true },
  )
  expect(answered).toBeGreaterThan(150)
})
