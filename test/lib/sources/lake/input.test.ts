import { appendFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { DataError } from '../../../../lib/errors.ts'
import type { Content } from './folder.ts'
import { answersOf, lakeOf, line, linesOf, openLake, segmentationAsk, topAsk, writeFiles } from './folder.ts'

const one = line('A', '2026-11-04T12:00:00Z', 'u', { $insert_id: '1', p: 'x' })
const many = Array.from({ length: 3000 }, (_, at) => line('A', '2026-11-04T12:00:00Z', `u${at}`, { $insert_id: String(at) }))
const zipped = gzipSync(linesOf(many))
const good = linesOf([one])

async function total(files: Readonly<Record<string, Content>>, question: object = {}): Promise<number | null> {
  await using own = await lakeOf(files)
  return (await answersOf(own.source).segmentation(segmentationAsk({ event: 'A', ...question }))).total
}

describe('damage is told with its file, and nothing is answered from the rest', () => {
  const behindTheLastLine = gzipSync(good).subarray(0, -8)
  test.each<[string, string, Content, string]>([
    ['no JSON', 'bad.ndjson', `${good}\n${good}not json\n${good}`, 'bad.ndjson, line 4: this is not JSON'],
    ['no JSON in a gzip', 'sub/bad.ndjson.gz', `${good}{"event":}\n`, 'bad.ndjson.gz, line 2: this is not JSON'],
    ['a cut line', 'bad.jsonl', `${good}{"event":"A","prop`, 'bad.jsonl, line 2: this is not JSON'],
    ['an end that says so', 'bad.json', `${good}export terminated early\n`, 'bad.json, line 2: the export was terminated early'],
    ['two on a line', 'bad.ndjson', `${good}${good.trim()}${good}`, 'bad.ndjson, line 2: this is not JSON'],
    ['an array', 'bad.json', `[${good.trim()}]`, 'bad.json, line 1: this is not an event'],
    ['no event', 'bad.ndjson', `${good}{"properties":{"time":1}}\n`, 'bad.ndjson, line 2: there is no event'],
    ['an event that is no text', 'bad.ndjson', '{"event":5,"properties":{"time":1}}', 'bad.ndjson, line 1: there is no event'],
    ['no properties', 'bad.ndjson', `${good}{"event":"A"}\n`, 'bad.ndjson, line 2: there are no properties'],
    ['properties that are a list', 'bad.ndjson', '{"event":"A","properties":[]}', 'line 1: there are no properties'],
    ['no time', 'bad.ndjson', `${good}{"event":"A","properties":{"distinct_id":"u"}}`, 'bad.ndjson, line 2: there is no time'],
    ['a time in words', 'bad.ndjson', '{"event":"A","properties":{"time":"noon"}}', 'bad.ndjson, line 1: there is no time'],
    ['a time beyond time', 'bad.ndjson', '{"event":"A","properties":{"time":1e300}}', 'bad.ndjson, line 1: there is no time'],
    ['one byte', 'bad.ndjson', 'x', 'bad.ndjson, line 1: this is not JSON'],
    [
      'another encoding',
      'bad.ndjson',
      Buffer.concat([Buffer.from(good), Buffer.from('{"event":"\xff"}\n', 'latin1')]),
      'line 2: this is not UTF-8',
    ],
    [
      'half a surrogate pair',
      'bad.ndjson',
      `${good}{"event":"A","properties":{"time":1,"p":"\\ud83e"}}`,
      'line 2: a text holds half',
    ],
    ['a cut gzip', 'bad.ndjson.gz', zipped.subarray(0, zipped.length >> 1), 'bad.ndjson.gz: the gzip is cut'],
    ['a gzip cut behind its last line', 'bad.ndjson.gz', behindTheLastLine, 'bad.ndjson.gz: the gzip is cut'],
    ['a gzip of its first bytes', 'bad.ndjson.gz', zipped.subarray(0, 15), 'bad.ndjson.gz: the gzip is cut'],
    ['an empty gzip', 'bad.ndjson.gz', Buffer.alloc(0), 'bad.ndjson.gz: the gzip is cut'],
    [
      'a gzip with a wrong checksum',
      'bad.ndjson.gz',
      Buffer.from(zipped).fill(7, zipped.length - 8, zipped.length - 4),
      'bad.ndjson.gz: the gzip is damaged',
    ],
    ['a gzip that is none', 'bad.ndjson.gz', Buffer.from(good), 'bad.ndjson.gz: the gzip is damaged'],
  ])('%s', async (_, name, content, message) => {
    const asked = total({ 'a.ndjson': good, [name]: content, 'z.ndjson.gz': good })
    await expect(asked).rejects.toThrow(DataError)
    await expect(asked).rejects.toThrow(message)
    await expect(asked).rejects.toThrow(/^events\//)
  })

  test('a byte order mark', async () => {
    await expect(total({ 'a.ndjson': `\ufeff${good}` })).rejects.toThrow('a.ndjson, line 1: there is a byte order mark')
  })

  test('a mended file is read by the next question', async () => {
    await using own = await lakeOf({ 'a.ndjson': 'x' })
    const { segmentation } = answersOf(own.source)
    await expect(segmentation(segmentationAsk({ event: 'A' }))).rejects.toThrow('line 1')
    await writeFile(join(own.folder, 'a.ndjson'), good)
    expect((await segmentation(segmentationAsk({ event: 'A' }))).total).toBe(1)
  })

  test('a folder that is missing, empty, no folder, or of two kinds', async () => {
    await using own = await lakeOf({ 'notes.txt': 'x', '.hidden.ndjson': good })
    const ask = segmentationAsk({ event: 'A' })
    await expect(answersOf(own.source).segmentation(ask)).rejects.toThrow('events holds no events')
    const other = (events: string) => answersOf(openLake({ kind: 'lake', events }, { folder: own.project })).segmentation(ask)
    await expect(other('nowhere')).rejects.toThrow('nowhere is not there')
    await symlink('/nowhere/at/all', join(own.folder, 'linked.json'))
    await expect(other('events')).rejects.toThrow('events/linked.json is not there')
    await rm(join(own.folder, 'linked.json'))
    await expect(other('events/notes.txt')).rejects.toThrow('events/notes.txt is not a folder')
    await writeFiles(own.folder, { 'a.ndjson': good, 'b.parquet': 'x' })
    await expect(answersOf(own.source).segmentation(ask)).rejects.toThrow('a.ndjson and events/b.parquet are of two kinds')
    await expect(total({ 'a.NDJSON.GZ': good })).rejects.toThrow('a.NDJSON.GZ is compressed')
  })
})

describe('what is read', () => {
  test('files of every name at any depth, in paths of any characters, and no line that is not theirs', async () => {
    const files = [
      'a.ndjson',
      'b.jsonl',
      'c.json',
      'd.NDJSON',
      'e.jsonl.gz',
      'f.json.gz',
      `it's [1] *?/g "q" {2}.ndjson`,
      'date=2026/h.json',
    ]
    const contents = Object.fromEntries(
      files.map((name, at) => [name, linesOf([{ ...one, properties: { ...one.properties, $insert_id: at } }])]),
    )
    await using own = await lakeOf(
      Object.fromEntries(Object.entries(contents).map(([name, text]) => [name, /gz$/i.test(name) ? gzipSync(text) : text])),
      `an 'odd' [folder] *`,
    )
    await mkdir(join(own.folder, '.git'))
    await writeFile(join(own.folder, '.git', 'x.json'), 'not an event')
    await symlink(join(own.folder, 'date=2026'), join(own.folder, 'linked'))
    const body = await answersOf(own.source).segmentation(segmentationAsk({ event: 'A' }))
    expect(body.total).toBe(files.length)
  })

  test('lines end at \\n alone, and blank ones and gzips of several members are fine', async () => {
    const text = linesOf([{ ...one, properties: { ...one.properties, p: 'a\u2028b\u2029c' } }])
    expect(await total({ 'a.ndjson': `\n${text}\r\n \n`, 'empty.ndjson': '' })).toBe(1)
    expect(await total({ 'a.ndjson.gz': Buffer.concat([gzipSync(linesOf(many)), gzipSync(good)]) })).toBe(3001)
  })

  test('files that come or change are seen by the next question', async () => {
    await using own = await lakeOf({ 'a.ndjson': good })
    const { segmentation } = answersOf(own.source)
    const ask = (on: string) => segmentation(segmentationAsk({ event: 'A', on }))
    const other = linesOf([line('A', '2026-11-04T13:00:00Z', 'v', { $insert_id: '2' })])
    expect((await ask('p')).total).toBe(1)
    await writeFiles(own.folder, { 'b.ndjson': other })
    expect((await Promise.all([ask('p'), ask('q')])).map((body) => body.total)).toEqual([2, 2])
    await appendFile(join(own.folder, 'a.ndjson'), other.replace('"2"', '"3"'))
    await rm(join(own.folder, 'b.ndjson'))
    expect((await Promise.all([ask('p'), ask('r')])).map((body) => body.total)).toEqual([2, 2])
  })
})

describe('Parquet', () => {
  async function copyTo(path: string, select: string): Promise<void> {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    await connection.run(`copy (${select}) to '${path.replaceAll("'", "''")}' (format parquet)`)
    connection.closeSync()
  }

  /** Writes what a select gives, and asks a lake over it. */
  async function asked(select: string, question: object = {}) {
    await using own = await lakeOf({})
    await mkdir(join(own.folder, 'date=2026-11-04'))
    await copyTo(join(own.folder, 'date=2026-11-04', 'a.parquet'), select)
    return await answersOf(own.source).segmentation(segmentationAsk({ event: 'A', on: 'p', unit: 'week', ...question }))
  }
  const names = (body: Awaited<ReturnType<typeof asked>>) => body.series.map(({ name, total }) => `${name}:${total}`)

  test('a column of text for each property: what reads like JSON is, unless _strings names it', async () => {
    const rows = [
      "'DE', []",
      "'5', []",
      "'5', ['p']",
      "'true', ['q', 'p']",
      "'[1,2]', []",
      "'null', []",
      'null, []',
      "'null', ['p']",
      "'[no json', []",
    ]
    const select = rows
      .map(
        (row, at) =>
          `select 'A' as event, 'u' as distinct_id, timestamp '2026-11-04 12:00:00' as time, '${at}' as insert_id, * from (values (${row}::varchar[])) t(p, _strings)`,
      )
      .join(' union all ')
    const texts = '(properties["p"] + "") == properties["p"]'
    expect(names(await asked(select))).toEqual(['5:2', 'undefined:2', 'DE:1', '[1,2]:1', '[no json:1', 'null:1', 'true:1'])
    expect(names(await asked(select, { where: texts }))).toEqual(['5:1', 'DE:1', '[no json:1', 'null:1', 'true:1'])
  })

  test('typed columns, epochs, zoned times, and events that repeat', async () => {
    const frame = `'A' as event, 7 as distinct_id, 'i' as "$insert_id"`
    for (const time of [
      '1793793600',
      '1793793600000',
      '1793793600.0',
      "timestamp '2026-11-04 12:00:00'",
      "timestamptz '2026-11-04 14:00:00+02'",
      "timestamp_ns '2026-11-04 12:00:00'",
    ]) {
      const body = await asked(`select ${frame}, ${time} as time, 5 as p union all select ${frame}, ${time}, 6`)
      expect(names(body)).toEqual(['5:1'])
      expect(body.notes).toMatchObject([{ kind: 'duplicates' }])
    }
    const own = await asked(`select ${frame}, 1793793600 as time, true as p`, {
      on: 'distinct_id',
      where: 'properties["time"] == 1793793600 and properties["p"] == true',
    })
    expect(names(own)).toEqual(['7:1'])
  })

  test('event and properties as JSON', async () => {
    const properties = JSON.stringify({ time: 1793793600, distinct_id: 'u', p: "it's" }).replaceAll("'", "''")
    expect(names(await asked(`select 'A' as event, '${properties}' as properties`))).toEqual([`it's:1`])
  })

  test('the properties that are set are its columns that are, or the keys of the JSON text', async () => {
    const set = async (select: string) => {
      await using own = await lakeOf({})
      await copyTo(join(own.folder, 'a.parquet'), select)
      return (await answersOf(own.source).top(topAsk({ what: 'properties' }))).rows
    }
    const frame = `'A' as event, 'u' as distinct_id, timestamp '2026-11-04 12:00:00' as time`
    expect(
      await set(
        `select ${frame}, null as insert_id, * from (values ('x', 1, null, 'null', ['q']), (null, null, null, 'null', [])) t(p, n, never, q, _strings)`,
      ),
    ).toEqual([
      ['n', 1],
      ['p', 1],
      ['q', 1],
    ])
    expect(await set(`select ${frame}`)).toEqual([])
    const text = `{"time":1793797200,"distinct_id":"u","insert_id":1,"event":2,"_strings":3,"no":null}`
    expect(await set(`select 'A' as event, '${text}' as properties`)).toEqual([
      ['_strings', 1],
      ['event', 1],
      ['insert_id', 1],
    ])
  })

  test('what is missing or damaged is told', async () => {
    await expect(asked(`select 'A' as event, 'u' as distinct_id`)).rejects.toThrow('a.parquet: there is no column time')
    await expect(asked(`select 'A' as event, 'noon' as time`)).rejects.toThrow('a.parquet: the column time is VARCHAR')
    await expect(asked(`select 'A' as event, unnest([1, null]) as time`)).rejects.toThrow(
      'a.parquet, row 2: there is no event, or no time',
    )
    await using own = await lakeOf({ 'b.parquet': 'PAR1 is not enough' })
    const broken = answersOf(own.source).segmentation(segmentationAsk({ event: 'A' }))
    await expect(broken).rejects.toThrow('events/b.parquet: this is no Parquet')
    await expect(broken).rejects.toThrow(DataError)
  })
})
