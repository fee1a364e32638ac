import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DataError, UsageError } from '../../../lib/errors.ts'
import { convertRows, convertToParquet } from '../../../lib/export/parquet.ts'
import type { Line } from './parquet-oracle.ts'
import { columnsOf, converted, idOf, inFolder, microsOf, readBack, rowsOf, withoutRepeats } from './parquet-oracle.ts'

const seed = Number(process.env['SEED'] ?? 20261109)

function line(properties: Readonly<Record<string, unknown>> = {}, event = 'A'): string {
  return JSON.stringify({ event, properties: { time: 1_785_542_400, distinct_id: 'u1', ...properties } })
}

/** A line with this text where a property's value is. */
function written(value: string): string {
  return `{"event":"A","properties":{"time":1785542400,"distinct_id":"u1","p":${value}}}`
}

describe('a value', () => {
  test.each([
    // What was written, the cell, whether `_strings` names it.
    ['"DE"', 'DE', false],
    ['""', '', false],
    ['"a\\"b\\\\c\\/d\\u00e9\\n"', 'a"b\\c/dé\n', false],
    ['"a\\u2028b\u2029"', 'a\u2028b\u2029', false],
    ['"a\\u0000b"', 'a\u0000b', false],
    ['"\\ud83d\\ude00"', '😀', false],
    ['5', '5', false],
    ['-1.5', '-1.5', false],
    ['12345678901234567890', '12345678901234567890', false],
    ['-12345678901234567890123456789', '-12345678901234567890123456789', false],
    ['1e400', '1e400', false],
    ['true', 'true', false],
    ['null', 'null', false],
    ['[1, "x", null]', '[1,"x",null]', false],
    ['{"b":{"a":"5"}}', '{"b":{"a":"5"}}', false],
    // Spelled otherwise, of the same value.
    ['1e3', '1000.0', false],
    ['1.10', '1.1', false],
    ['0.1234567890123456789', '0.12345678901234568', false],
    ['"5"', '5', true],
    ['"-0.5e3"', '-0.5e3', true],
    ['" 5"', ' 5', true],
    ['"\\t5\\n"', '\t5\n', true],
    ['"true"', 'true', true],
    ['"false"', 'false', true],
    ['"null"', 'null', true],
    ['"[1]"', '[1]', true],
    ['"{}"', '{}', true],
    ['"\\"x\\""', '"x"', true],
    ['"[\\"\\\\ud800\\"]"', '["\\ud800"]', true],
    ['"12345678901234567890"', '12345678901234567890', true],
    ['"2026-08-01"', '2026-08-01', false],
    ['"10.0.0.1"', '10.0.0.1', false],
    ['"-"', '-', false],
    ['"+5"', '+5', false],
    ['"05"', '05', false],
    ['"[object Object]"', '[object Object]', false],
    ['"True"', 'True', false],
    ['" x"', ' x', false],
  ])('%s is %j', async (text, cell, isListed) => {
    await inFolder(async (folder) => {
      // Beside a null, values are read another way.
      for (const lines of [[written(text)], [written(text), written('null')]]) {
        const { rows } = await converted(folder, lines)
        expect(rows[0]).toMatchObject({ p: cell, _strings: isListed ? ['p'] : null })
      }
    })
  })

  test('that is absent is NULL, and one that is null is a text', async () => {
    await inFolder(async (folder) => {
      const { rows } = await converted(folder, [line({ a: null }), line({ b: { c: null } }), line()])
      expect(rows.map(({ a, b }) => [a, b])).toEqual([
        ['null', null],
        [null, '{"c":null}'],
        [null, null],
      ])
    })
  })

  test('may be hundreds of a megabyte each, which DuckDB takes at a time', async () => {
    await inFolder(async (folder) => {
      const long = 'x'.repeat(950_000)
      const { result } = await converted(
        folder,
        Array.from({ length: 300 }, (_, at) => line({ p: `${at} ${long}` })),
      )
      expect(result).toMatchObject({ rows: 300, duplicates: 0 })
    })
  })

  test('may be a megabyte or nested a thousand times, and a line longer than DuckDB expects', async () => {
    await inFolder(async (folder) => {
      const deep = `${'['.repeat(1000)}${']'.repeat(1000)}`
      const long = 'é'.repeat(600_000)
      const longer = 'x'.repeat(6_000_000)
      const { rows } = await converted(folder, [written(deep), line({ p: long }), line({ p: longer })])
      expect(rows.map(({ p }) => p)).toEqual([deep, long, longer])
    })
  })

  test('that stands twice in one object is the first', async () => {
    await inFolder(async (folder) => {
      const { rows } = await converted(folder, ['{"event":"A","properties":{"time":1,"p":1,"p":2}}'])
      expect(rows[0]).toMatchObject({ p: '1' })
    })
  })

  test('with half of a surrogate pair has U+FFFD in its place, and the line counts as mended', async () => {
    await inFolder(async (folder) => {
      const lines = [written('"cut \\ud83d"'), written('"\\udE00 \\\\ud800 \\ud83d\\ude00 \\uD83D\\ud83d"'), written('"x"')]
      const { result, rows } = await converted(folder, lines)
      expect(rows.map(({ p }) => p)).toEqual(['cut \ufffd', '\ufffd \\ud800 😀 \ufffd\ufffd', 'x'])
      expect(result).toMatchObject({ rows: 3, mended: 2 })
      expect(await readdir(folder)).toEqual(['lines.json.gz', 'rows.parquet'])
    })
  })
})

describe('columns', () => {
  test('are the same on every day: first those of all events, then properties by name', async () => {
    await inFolder(async (folder) => {
      const first = await converted(folder, [line({ b: 1, a: 'x', $insert_id: 'i' })])
      const second = await converted(folder, [line({ a0: 2 })], { columns: first.result.columns })
      expect(Object.fromEntries(second.result.columns)).toEqual({ a: 'a', b: 'b', a0: 'a0' })
      expect(await columnsOf(join(folder, 'rows.parquet'))).toEqual([
        ['event', 'VARCHAR'],
        ['distinct_id', 'VARCHAR'],
        ['time', 'TIMESTAMP'],
        ['insert_id', 'VARCHAR'],
        ['a', 'VARCHAR'],
        ['a0', 'VARCHAR'],
        ['b', 'VARCHAR'],
        ['_strings', 'VARCHAR[]'],
      ])
      expect(second.rows[0]).toMatchObject({ a: null, a0: '2', b: null, _strings: null })
    })
  })

  test('may have the name of anything that the SQL calls its own', async () => {
    const sql = await readFile(join(import.meta.dirname, '../../../lib/export/parquet-sql.ts'), 'utf8')
    const names = [...new Set([...sql.matchAll(/\b(?:as|from|lambda|table|into|join) (\w+)/g)].map(([, name = '']) => name))]
    expect(names).toEqual(expect.arrayContaining(['place', 'nth', 'vs', 'odd', 'gone', 'rows', 'v']))
    const all = [...names, ...names.map((name) => name.toUpperCase()), 'key', 'KEY', 'filename', 'file_index', 'n', 'c']
    const properties = Object.fromEntries(all.map((name, at) => [name, at % 2 === 0 ? String(at) : `v${at}`]))
    const line = JSON.stringify({ event: 'A', properties: { time: 1, distinct_id: 'u', $insert_id: 'i', ...properties } })
    await inFolder(async (folder) => {
      for (const split of [undefined, new Map<string, string>()]) {
        const { result, rows } = await converted(folder, [line, line], { ...(split && { split, to: join(folder, 'split') }) })
        expect(result).toMatchObject({ rows: 1, duplicates: 1 })
        for (const [name, value] of Object.entries(properties)) {
          const column = result.columns.get(name) ?? ''
          expect([name, rows[0]?.[column]]).toEqual([name, value])
          expect(String(rows[0]?.['_strings']).split(',').includes(column)).toBe(!value.startsWith('v'))
        }
      }
    })
  })

  test('hold properties of any name, and _strings names the column', async () => {
    const names = ['', 'a.b', "it's", 'q"t', '😀', '__proto__', 'constructor', '$x', '/', '~', '~1', '*', 'a\u0000b', 'a\nb', '1']
    const taken = [
      'event',
      'Time',
      'insert_id',
      '_strings',
      'date',
      'DATE',
      'file_row_number',
      '_part',
      'plan',
      'Plan',
      'properties',
    ]
    const all = [...names, ...taken]
    await inFolder(async (folder) => {
      const properties = Object.fromEntries(all.map((name, at) => [name, at % 2 === 0 ? String(at) : `v${at}`]))
      const text = `{"event":"A","properties":{"time":1,"distinct_id":"u",${all.map((name, at) => `${JSON.stringify(name)}:${JSON.stringify(at % 2 === 0 ? String(at) : `v${at}`)}`)}}}`
      expect(Object.keys(properties)).toHaveLength(all.length)
      for (const split of [undefined, new Map<string, string>()]) {
        const { result, rows } = await converted(folder, [text, text], { ...(split && { split, to: join(folder, 'split') }) })
        expect([...result.columns.keys()].toSorted()).toEqual(all.toSorted())
        for (const [at, name] of all.entries()) {
          const column = result.columns.get(name) ?? ''
          expect([column, rows[0]?.[column]]).toEqual([column, at % 2 === 0 ? String(at) : `v${at}`])
          expect(String(rows[0]?.['_strings']).split(',').includes(column)).toBe(at % 2 === 0)
        }
      }
    })
  })

  test('may be a thousand in little memory', async () => {
    await inFolder(async (folder) => {
      const lines = Array.from({ length: 3000 }, (_, at) =>
        line(Object.fromEntries(Array.from({ length: 40 }, (_, nth) => [`property ${(at * 7 + nth) % 1000}`, `${nth}`]))),
      )
      const { result, rows } = await converted(folder, lines)
      expect(result).toMatchObject({ rows: 3000, duplicates: 0 })
      expect(result.columns.size).toBe(1000)
      expect(rows[1]?.['property 46']).toBe('39')
      expect(rows[1]?.['property 47']).toBeNull()
      expect(rows[1]?.['_strings']).toHaveLength(40)
    })
  })

  test('that are dropped are not there', async () => {
    await inFolder(async (folder) => {
      const { result, rows } = await converted(folder, [line({ email: 'a@b', plan: 'x' })], { drop: ['email'] })
      expect([...result.columns.keys()]).toEqual(['plan'])
      expect(rows[0]).not.toHaveProperty('email')
      const again = await converted(folder, [line({ email: 'a@b' })], { drop: ['email'], columns: new Map([['email', 'email']]) })
      expect(again.rows[0]).toMatchObject({ email: null })
    })
  })

  test('are guessed from the first lines, and what comes later is not lost', async () => {
    await inFolder(async (folder) => {
      const begin = Array.from({ length: 20_001 }, () => line({ A: '5' }))
      const options = { columns: new Map([['b', 'b']]) }
      const last = async (...properties: Readonly<Record<string, unknown>>[]) => {
        const { result, rows } = await converted(folder, [...begin, ...properties.map((own) => line(own))], options)
        expect(result.rows).toBe(begin.length + properties.length)
        const column = String(result.columns.get('A'))
        expect(rows[0]).toMatchObject({ [column]: '5', _strings: [column] })
        return { columns: [...result.columns], row: rows.at(-1) }
      }
      expect(await last({ b: 1 })).toMatchObject({
        columns: [
          ['b', 'b'],
          ['A', 'A'],
        ],
        row: { A: null, b: '1' },
      })
      // Of two that differ in case the one with fewer capitals has it, wherever they were found.
      const grown = await last({ a: 2, b: 1 })
      expect(grown).toMatchObject({
        columns: [
          ['b', 'b'],
          ['a', 'a'],
          ['A', 'A_1'],
        ],
      })
    })
  })

  test('a null behind the first lines is told from nothing', async () => {
    await inFolder(async (folder) => {
      const begin = Array.from({ length: 20_001 }, () => line({ a: '5' }))
      const { rows } = await converted(folder, [...begin, line({ a: null }), line({})])
      expect(rows.slice(-2).map(({ a }) => a)).toEqual(['null', null])
    })
  })

  test('of many lines are all there with two threads, each with its own, and once', async () => {
    await inFolder(async (folder) => {
      const lines = Array.from({ length: 130_000 }, (_, at) => line({ $insert_id: `i${at % 129_000}`, a: at % 129_000, b: 'x' }))
      const options = { threads: 2, drop: ['b'] }
      const { result, rows } = await converted(folder, lines, options)
      expect([result.rows, result.duplicates, [...result.columns.keys()]]).toEqual([129_000, 1000, ['a']])
      expect(new Set(rows.map(({ insert_id, a }) => `${insert_id} ${a}`))).toEqual(
        new Set(Array.from({ length: 129_000 }, (_, at) => `i${at} ${at}`)),
      )
    })
  })

  test('of many events are split a few at a time, so that memory does', async () => {
    await inFolder(async (folder) => {
      const lines = Array.from({ length: 12_000 }, (_, at) => {
        const names = Array.from({ length: 20 }, (_own, nth) => [`p${((at % 60) * 7 + nth) % 200}`, `v${nth} ${at % 97}`])
        const properties = { ...Object.fromEntries(names), time: 1_785_542_400, distinct_id: `d${at}`, $insert_id: `i${at}` }
        return JSON.stringify({ event: `Event ${at % 60}`, properties })
      })
      const { result } = await converted(folder, lines, { to: join(folder, 'events'), split: new Map() })
      expect(result.files.map(({ rows }) => rows)).toEqual(Array.from({ length: 60 }, () => 200))
      expect(result.columns.size).toBe(200)
    })
  })

  test('of events without any are none, in files of their own, too, and whatever the folder is called', async () => {
    await inFolder(async (folder) => {
      const own = join(folder, 'event=push')
      await mkdir(own)
      const event = JSON.stringify({ event: 'Sign Up', properties: { time: 1_785_542_400, distinct_id: 'u', $insert_id: 'i' } })
      const { result, rows } = await converted(own, [event, event], { to: join(own, 'events'), split: new Map() })
      expect([result.duplicates, [...result.events], rows.map((row) => row['event'])]).toEqual([1, [['Sign Up', 1]], ['Sign Up']])
    })
  })

  test('that are known in plenty are looked for first, and only those that are there are read', async () => {
    await inFolder(async (folder) => {
      const columns = new Map(Array.from({ length: 60 }, (_, at) => [`known ${at}`, `known ${at}`]))
      const begin = Array.from({ length: 20_001 }, () => line({ a: 1 }))
      const { result, rows } = await converted(folder, [...begin, line({ 'known 59': 2, late: 3 })], { columns })
      expect(result.columns.size).toBe(62)
      expect(rows.at(-1)).toMatchObject({ a: null, late: '3', 'known 59': '2', 'known 0': null })
    })
  })

  test('whose names begin with a byte order mark are those that they are', async () => {
    await inFolder(async (folder) => {
      const mark = String.fromCharCode(0xfeff)
      const { result, rows } = await converted(folder, [line({ [`${mark}plan`]: 'pro', plan: 'free' })])
      expect([...result.columns.keys()].toSorted()).toEqual(['plan', `${mark}plan`])
      expect(rows[0]).toMatchObject({ plan: 'free', [String(result.columns.get(`${mark}plan`))]: 'pro' })
      const event = JSON.stringify({ event: `${mark}Sign Up`, properties: { time: 1_785_542_400, distinct_id: 'u' } })
      const split = await converted(folder, [event], { to: join(folder, 'events'), split: new Map() })
      expect([...split.result.events]).toEqual([[`${mark}Sign Up`, 1]])
    })
  })
})

describe('who and when', () => {
  test.each([
    [{ time: 1785542400 }, { time: '1785542400000000' }],
    [{ time: 1785542400.123456 }, { time: '1785542400123456' }],
    [{ time: 1785542400123 }, { time: '1785542400123000' }],
    [{ time: -5 }, { time: '-5000000' }],
    [{ distinct_id: 12345678901 }, { distinct_id: '12345678901' }],
    [{ distinct_id: '5' }, { distinct_id: '5', _strings: null }],
    [{ distinct_id: null }, { distinct_id: null }],
    [{ distinct_id: undefined }, { distinct_id: null }],
    [{ $insert_id: 'i"1' }, { insert_id: 'i"1' }],
  ])('of %j are %j', async (properties, row) => {
    await inFolder(async (folder) => {
      expect((await converted(folder, [line(properties)])).rows[0]).toMatchObject(row)
    })
  })

  test.each([
    ['2022-07-01T12:00:00', '2022-07-01T10:00:00Z'],
    ['2022-01-01T12:00:00.5', '2022-01-01T11:00:00.500Z'],
    // Left out by the clocks, from 02:00 to 03:00.
    ['2022-03-27T01:59:59', '2022-03-27T00:59:59Z'],
    ['2022-03-27T02:30:00', '2022-03-27T01:30:00Z'],
    ['2022-03-27T03:30:00', '2022-03-27T01:30:00Z'],
    // There twice, from 02:00 to 03:00: the second.
    ['2022-10-30T01:59:59', '2022-10-29T23:59:59Z'],
    ['2022-10-30T02:30:00', '2022-10-30T01:30:00Z'],
    ['2022-10-30T03:00:00', '2022-10-30T02:00:00Z'],
  ])('local %s in Berlin is %s', async (local, instant) => {
    await inFolder(async (folder) => {
      const { rows } = await converted(folder, [line({ time: Date.parse(`${local}Z`) / 1000 })], { zone: 'Europe/Berlin' })
      expect(rows[0]?.['time']).toBe(String(Date.parse(instant) * 1000))
    })
  })

  test('need a zone that there is', async () => {
    await inFolder(async (folder) => {
      await expect(converted(folder, [line()], { zone: 'Europe/Nowhere' })).rejects.toThrow(UsageError)
    })
  })
})

describe('duplicates', () => {
  test('are left out, the first stays, and the order with it', async () => {
    await inFolder(async (folder) => {
      const own = (n: number, properties: object = {}, event = 'A') => line({ n, $insert_id: 'i', ...properties }, event)
      const lines = [
        own(1),
        own(2, { distinct_id: 'u2' }),
        own(3),
        own(4, {}, 'B'),
        own(5, { time: 1_785_542_401 }),
        own(6, { $insert_id: undefined }),
        own(7, { $insert_id: undefined }),
        own(8, { distinct_id: undefined }),
        own(9, { distinct_id: undefined }),
        own(10, { time: 1_785_542_400_000 }),
        own(11, { $insert_id: 'I' }),
      ]
      const { result, rows } = await converted(folder, lines)
      expect(rows.map(({ n }) => n)).toEqual(['1', '2', '4', '5', '6', '7', '8', '11'])
      expect(result).toMatchObject({ rows: 8, duplicates: 3 })
      expect([...result.events]).toEqual([
        ['A', 7],
        ['B', 1],
      ])
    })
  })

  test('are found in many thousands', async () => {
    await inFolder(async (folder) => {
      const lines = Array.from({ length: 30_000 }, (_, at) => line({ n: at, $insert_id: `i${at % 20_000}` }))
      const { result, rows } = await converted(folder, lines)
      expect(result).toMatchObject({ rows: 20_000, duplicates: 10_000 })
      expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 20_000 }, (_, at) => String(at)))
    })
  })
})

describe('any lines', () => {
  const strings = fc.oneof(
    fc.constantFrom('5', 'true', 'null', '[1]', '{}', '"x"', ' 1', '-', 'NaN', '1e3', '\u2028', '[', '\\u0041', 'x'),
    fc.string({ unit: 'binary' }),
    fc.json(),
  )
  const values = fc.oneof(strings, fc.jsonValue(), fc.double({ noDefaultInfinity: true, noNaN: true }), fc.constant(null))
  const names = fc.oneof(
    fc.constantFrom('p', 'P', 'time ', '__proto__', '_strings', 'date', 'a.b', ''),
    fc.string({ unit: 'binary' }),
  )
  const lines: fc.Arbitrary<Line> = fc.record({
    event: fc.oneof(fc.constantFrom('A', 'a', 'B'), fc.string({ unit: 'binary' })),
    properties: fc
      .tuple(
        fc.record({
          time: fc.constantFrom(1785542400, 1785542401.25, 1785542400123),
          distinct_id: fc.constantFrom<unknown>('u', 5, null, undefined),
          $insert_id: fc.constantFrom<unknown>('i', 'i', 'j', 7, undefined),
        }),
        fc.dictionary(names, values, { maxKeys: 6, noNullPrototype: true }),
      )
      .map(([fixed, own]) => ({ ...own, ...fixed })),
  })

  test('come back value by value', async () => {
    await inFolder(async (folder) => {
      await fc.assert(
        fc.asyncProperty(fc.array(lines, { maxLength: 12 }), fc.boolean(), async (all, isSplit) => {
          const texts = all.map((one) => JSON.stringify(one))
          // As JSON has them: no undefined, and 0 for -0.
          const given = withoutRepeats(texts.map((one) => JSON.parse(one)))
          const options = isSplit ? { split: new Map<string, string>(), to: join(folder, 'split') } : {}
          const { result, rows } = await converted(folder, texts, options)
          expect(result).toMatchObject({ rows: given.length, duplicates: all.length - given.length })
          const wanted = isSplit ? given.toSorted((a, b) => (a.event < b.event ? -1 : a.event > b.event ? 1 : 0)) : given
          expect(rows).toHaveLength(wanted.length)
          for (const [at, { event, properties }] of wanted.entries()) {
            const row = rows[at] ?? {}
            const { time, distinct_id, $insert_id, ...own } = properties
            expect([row['event'], row['time'], row['distinct_id'], row['insert_id']]).toEqual([
              event,
              microsOf(time),
              idOf(distinct_id),
              idOf($insert_id),
            ])
            for (const [name, column] of result.columns) {
              const isThere = Object.hasOwn(own, name)
              expect([name, readBack(row, column)]).toEqual([name, isThere ? own[name] : undefined])
            }
            for (const name of Object.keys(own)) expect(result.columns.has(name)).toBe(true)
          }
        }),
        { seed, numRuns: 60 },
      )
    })
  })
})

describe('lines that are none', () => {
  const good = line()
  test.each([
    ['not JSON', '{"event":"A","properties":{"time":1}', 'line 3: this is not JSON'],
    ['the vendor’s last word', 'terminated early', 'line 3: this is not JSON'],
    ['two objects', `${good}${good}`, 'line 3: this is not JSON'],
    ['a number', '5', 'line 3: this is not an object'],
    ['null', 'null', 'line 3: this is not an object'],
    ['a list', `[${good}]`, 'line 3: this is not an object'],
    ['no event', '{"properties":{"time":1}}', 'line 3: there is no event'],
    ['an event that is no text', '{"event":5,"properties":{"time":1}}', 'line 3: there is no event'],
    ['no properties', '{"event":"A"}', 'line 3: there are no properties'],
    ['properties that are a text', '{"event":"A","properties":"time"}', 'line 3: there are no properties'],
    ['no time', '{"event":"A","properties":{}}', 'line 3: there is no time'],
    ['a time that is a text', '{"event":"A","properties":{"time":"1785542400"}}', 'line 3: there is no time'],
    ['a time beyond all times', '{"event":"A","properties":{"time":1e15}}', 'line 3: there is no time'],
  ])('%s', async (_, bad, message) => {
    await inFolder(async (folder) => {
      const failed = converted(folder, [good, '', bad, good])
      await expect(failed).rejects.toThrow(DataError)
      await expect(failed).rejects.toThrow(`lines.json.gz, ${message}`)
      expect(await readdir(folder)).toEqual(['lines.json.gz'])
    })
  })

  test('invalid UTF-8', async () => {
    await inFolder(async (folder) => {
      const from = join(folder, 'lines.json')
      await writeFile(
        from,
        Buffer.concat([
          Buffer.from(`${good}\n{"event":"A","properties":{"time":1,"p":"`),
          Buffer.from([0xff, 0x22]),
          Buffer.from('}}\n'),
        ]),
      )
      await expect(convertToParquet({ from: [from], to: join(folder, 'x'), scratch: folder })).rejects.toThrow(
        'line 2: this is not UTF-8',
      )
    })
  })

  test('a gzip that is cut at the end of a line', async () => {
    await inFolder(async (folder) => {
      const from = join(folder, 'cut.gz')
      const whole = gzipSync(`${good}\n`.repeat(1000))
      await writeFile(from, whole.subarray(0, -8))
      await expect(convertToParquet({ from: [from], to: join(folder, 'x'), scratch: folder })).rejects.toThrow('the gzip is cut')
      await writeFile(from, gzipSync(''))
      // Whoever counted saw more.
      const short = convertToParquet({ from: [from], to: join(folder, 'x'), scratch: folder, lines: 1000 })
      await expect(short).rejects.toThrow('of 1000 lines 0 are in Parquet')
      expect(await readdir(folder)).toEqual(['cut.gz'])
    })
  })
})

describe('files', () => {
  test('may be plain, several, with blank lines and without a last line break, or empty', async () => {
    await inFolder(async (folder) => {
      const [one, two, to] = [join(folder, 'one'), join(folder, 'two.gz'), join(folder, 'x.parquet')]
      await writeFile(one, `${line({ n: 1, $insert_id: 'i' })}\r\n\n  \n${line({ n: 2 })}`)
      await writeFile(two, `${line({ n: 3, $insert_id: 'i' })}\n`)
      await writeFile(join(folder, 'none'), '')
      const result = await convertToParquet({ from: [one, two, join(folder, 'none')], to, scratch: folder })
      expect(result).toMatchObject({ rows: 2, duplicates: 1 })
      expect((await rowsOf(to)).map(({ n }) => n)).toEqual(['1', '2'])
      // Members one behind the other, as some vendors pack.
      await writeFile(two, Buffer.concat([gzipSync(`${line({ n: 4 })}\n`), gzipSync(`${line({ n: 5 })}\n`)]))
      expect(await convertToParquet({ from: [two], to, scratch: folder })).toMatchObject({ rows: 2 })
      await expect(convertToParquet({ from: [one, two], to, scratch: folder })).rejects.toThrow(UsageError)
    })
  })

  test('without lines make a file without rows', async () => {
    await inFolder(async (folder) => {
      const { result, rows } = await converted(folder, [], { columns: new Map([['p', 'p']]) })
      expect(result).toMatchObject({ rows: 0, duplicates: 0, mended: 0 })
      expect(rows).toEqual([])
      const columns = (await columnsOf(join(folder, 'rows.parquet'))).map(([name]) => name)
      expect(columns).toEqual(['event', 'distinct_id', 'time', 'insert_id', 'p', '_strings'])
      expect((await converted(folder, [], { split: new Map(), to: join(folder, 'split') })).result.files).toEqual([])
    })
  })

  test('are the same bytes for the same lines, and are replaced', async () => {
    await inFolder(async (folder) => {
      const lines = Array.from({ length: 9000 }, (_, at) => line({ n: at, word: `w${at % 7}` }))
      const to = join(folder, 'rows.parquet')
      const { result } = await converted(folder, lines)
      const first = await readFile(to)
      expect(result.bytes).toBe(first.length)
      await writeFile(to, 'something else')
      await converted(folder, lines)
      expect((await readFile(to)).equals(first)).toBe(true)
    })
  })

  test('are one for each event, named by its slug', async () => {
    await inFolder(async (folder) => {
      const events = ['Sign Up', 'sign up', 'a/b', '注册', ...Array.from({ length: 150 }, (_, at) => `Event ${at}`)]
      const lines = events.flatMap((event, at) => [
        line({ n: at, $insert_id: 'i' }, event),
        line({ n: at, $insert_id: 'i' }, event),
        line({ n: -at }, event),
      ])
      const to = join(folder, 'split')
      const { result } = await converted(folder, lines, { split: new Map([['sign up', 'sign-up']]), to })
      expect(result).toMatchObject({ rows: 2 * events.length, duplicates: events.length })
      expect(result.slugs.get('sign up')).toBe('sign-up')
      expect(result.slugs.get('Sign Up')).toMatch(/^sign-up-[0-9a-f]{6}$/)
      expect((await readdir(to)).toSorted()).toEqual([...result.slugs.values()].map((slug) => `${slug}.parquet`).toSorted())
      for (const { path, event, rows } of result.files) {
        const at = events.indexOf(event ?? '')
        expect(rows).toBe(2)
        expect((await rowsOf(path)).map(({ event, n }) => [event, n])).toEqual([
          [event, String(at)],
          [event, String(at === 0 ? 0 : -at)],
        ])
      }
      expect((await columnsOf(result.files[0]?.path ?? '')).map(([name]) => name)).toEqual([
        'event',
        'distinct_id',
        'time',
        'insert_id',
        'n',
        '_strings',
      ])
      expect((await readdir(folder)).toSorted()).toEqual(['lines.json.gz', 'split'])
    })
  })

  test('of other data have the columns they are said to have', async () => {
    await inFolder(async (folder) => {
      const [from, to] = [join(folder, 'people'), join(folder, 'people.parquet')]
      const people = [
        { $distinct_id: 'u1', $properties: { plan: 'pro', distinct_id: 'x', n: '5' } },
        { $distinct_id: 7, $properties: {} },
        { $distinct_id: 'u1', $properties: { plan: 'pro' } },
      ]
      await writeFile(from, people.map((one) => `${JSON.stringify(one)}\n`).join(''))
      const result = await convertRows(
        { from: [from], to, scratch: folder },
        { ids: ['$distinct_id'], properties: '$properties' },
      )
      expect(result).toMatchObject({ rows: 3, duplicates: 0 })
      expect(result.events.size).toBe(0)
      expect(await rowsOf(to)).toMatchObject([
        { distinct_id: 'u1', distinct_id_1: 'x', n: '5', plan: 'pro', _strings: ['n'] },
        { distinct_id: '7', distinct_id_1: null, n: null, plan: null, _strings: null },
        { distinct_id: 'u1', plan: 'pro' },
      ])
      await writeFile(from, '{"$distinct_id":"u","$properties":5}\n')
      const bad = convertRows({ from: [from], to, scratch: folder }, { ids: ['$distinct_id'], properties: '$properties' })
      await expect(bad).rejects.toThrow('people, line 1: there are no $properties')
    })
  })
})

describe('ends early', () => {
  test('when it is told to', async () => {
    await inFolder(async (folder) => {
      const lines = Array.from({ length: 60_000 }, (_, at) => line({ n: at, text: 'x'.repeat(200) }))
      const whole = converted(folder, lines, { lines: lines.length })
      await whole
      const controller = new AbortController()
      const reason = new Error('enough')
      const failed = converted(folder, lines, {
        lines: lines.length,
        to: join(folder, 'other.parquet'),
        signal: controller.signal,
      })
      setTimeout(() => controller.abort(reason), 100)
      await expect(failed).rejects.toBe(reason)
      expect((await readdir(folder)).toSorted()).toEqual(['lines.json.gz', 'rows.parquet'])
      await expect(converted(folder, lines, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    })
  })

  test('with a word on what to do where the disk is full, and nothing is there', async () => {
    await inFolder(async (folder) => {
      await mkdir(join(folder, 'out'))
      const lines = Array.from({ length: 20_000 }, (_, at) => line({ n: at, text: Math.sin(at) }))
      await writeFile(join(folder, 'lines'), lines.map((one) => `${one}\n`).join(''))
      const script = `
        import { convertToParquet } from ${JSON.stringify(join(import.meta.dirname, '../../../lib/export/parquet.ts'))}
        const [from, to, scratch] = process.argv.slice(1)
        const { kind, remedy, message } = await convertToParquet({ from: [from], to, scratch }).catch((error) => error)
        process.stdout.write(JSON.stringify({ kind, remedy, message }))`
      // No file may be larger than 64 KiB: to whoever writes one, as good as a full disk.
      const limited = `trap '' XFSZ; ulimit -f 64; exec "$@"`
      const args = ['--input-type=module', '-e', script, join(folder, 'lines'), join(folder, 'out', 'x.parquet'), folder]
      const { stdout, stderr } = spawnSync('bash', ['-c', limited, 'bash', process.execPath, ...args], { encoding: 'utf8' })
      expect([stderr, JSON.parse(stdout)]).toMatchObject([
        '',
        { kind: 'unavailable', remedy: expect.stringContaining('make room') },
      ])
      expect(await readdir(join(folder, 'out'))).toEqual([])
    })
  })

  test('with a word on what to do where memory is too small', async () => {
    await inFolder(async (folder) => {
      const failed = converted(folder, [line({ text: 'x'.repeat(500_000) })], { memory: '2MB' })
      await expect(failed).rejects.toMatchObject({ kind: 'refused', remedy: expect.stringContaining('give it more') })
    })
  })
})
