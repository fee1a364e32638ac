import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { BroadsheetError } from '../../../../lib/errors.ts'
import { DataError, RefusedError, UnavailableError } from '../../../../lib/errors.ts'
import { splitLines } from '../../../../lib/lines.ts'
import type { ExportedEvent } from '../../../../lib/sources/mixpanel/export-lines.ts'
import { readExport } from '../../../../lib/sources/mixpanel/export-lines.ts'

const about = {
  call: 'GET data.mixpanel.com/api/2.0/export',
  requestId: 'mp-1',
  redact: (text: string) => text.replaceAll('hunter2', '…'),
}

interface Outcome {
  readonly events: ExportedEvent[]
  readonly count?: number
  readonly error?: unknown
}

function linesOf(text: string | Buffer): Buffer[] {
  const lines = splitLines()
  const whole = lines.push(Buffer.from(text))
  return [...whole, lines.end()].filter((line) => line !== undefined)
}

/** `how` they are looked at: each parsed, or as few as can be. */
function look(text: string | Buffer, how: 'read' | 'see' = 'read'): Outcome {
  const reader = readExport(about)
  const events: ExportedEvent[] = []
  try {
    for (const line of linesOf(text)) {
      if (how === 'see') {
        reader.see(line)
      } else {
        const event = reader.read(line)
        if (event !== undefined) events.push(event)
      }
    }
    return { events, count: reader.end() }
  } catch (error) {
    return { events, error }
  }
}

const one = '{"event": "event", "properties": {"foo": "FOO", "bar": "2000-01-01 11:11:11", "int": 42}}'
const two = '{"event":"event2","properties":{"foo":"fooo","nested":{"a":{"b":[{}]}},"int":1}}'

describe('a whole export', () => {
  test.each([
    ['of two events', `${one}\n${two}\n`, 2],
    ['without a line break at its end', `${one}\n${two}`, 2],
    ['with \\r\\n', `${one}\r\n${two}\r\n`, 2],
    ['with blank lines', `\n\n${one}\n \n\r\n${two}\n\n`, 2],
    ['of nothing', '', 0],
    ['of blank lines', '\n \r\n', 0],
  ])('%s', (_, text, count) => {
    expect(look(text).count).toBe(count)
    expect(look(text).events).toHaveLength(count)
    expect(look(text, 'see').count).toBe(count)
  })

  test('gives properties as they are', () => {
    const properties =
      '{"time":1602611311,"$insert_id":"hpuD","distinct_id":"","big":9007199254740991,"small":1e-7,"line":"a\u2028b\u0085c","__proto__":{"x":1},"constructor":null}'
    const [event] = look(`{"event":"$ae_session","properties":${properties},"more":1}\n`).events
    expect(event).toEqual({ event: '$ae_session', properties: JSON.parse(properties) })
    expect(Object.keys(event?.properties ?? {})).toContain('__proto__')
    expect(Object.keys(event ?? {})).toEqual(['event', 'properties'])
  })

  test('keeps the digits of ids that no number holds, on the lines that have some', () => {
    const long = '{"event":"B","properties":{"id":12345678901234567890,"ids":[ -9007199254740993 ],"time":1602611311}}'
    const [first, second] = look(`${one}\n${long}\n`).events
    expect(first?.properties['int']).toBe(42)
    expect(second?.properties).toEqual({ id: '12345678901234567890', ids: ['-9007199254740993'], time: 1602611311 })
    const old = look('{"event":"A","properties":{"text":"a\tb","id":12345678901234567890}}\n').events
    expect(old[0]?.properties).toEqual({ text: 'a\tb', id: '12345678901234567890' })
  })

  test('may hold control characters within values, as old events do', () => {
    const [event] = look('{"event":"A","properties":{"text":"a\tb\u000bc\u0000d\re"}}\r\n').events
    expect(event?.properties).toEqual({ text: 'a\tb\u000bc\u0000d\re' })
    expect(look('{"event":"A","properties":{"text":"a\tb"}}', 'see').count).toBe(1)
  })
})

describe.each(['read', 'see'] as const)('an export that is none, by %s', (how) => {
  test.each([
    [
      'the short sentence',
      `${one}\n${two}\nterminated early\n`,
      UnavailableError,
      'ended the export early, after 2 whole events',
    ],
    ['the old sentence', `${one}\n${two}\nexport terminated early`, UnavailableError, 'ended the export early, after 2'],
    [
      'the sentence within a line',
      `${one}\n${two.slice(0, 20)}terminated early\n`,
      UnavailableError,
      'early, after 1 whole event',
    ],
    ['the sentence alone', 'terminated early', UnavailableError, 'ended the export early, after 0 whole events'],
    ['the sentence as an error', `${one}\n{"error":"export terminated early"}\n`, UnavailableError, 'terminated early, after 1'],
    ['an error that is cut', `${one}\n${two}\n{"error":`, UnavailableError, 'broke off in line 3, after 2 whole events'],
    ['an error', `${one}\n{"error": "backend gone hunter2"}\n`, UnavailableError, 'backend gone …, after 1 whole event'],
    ['a list as an error', `${one}\n{"error": ["x"]}\n`, UnavailableError, '["x"], after 1'],
    ['a cut line', `${one}\n${two.slice(0, -3)}`, UnavailableError, 'broke off in line 2, after 1'],
    ['a cut line that ends like an event', `${one}\n{"event":"A","properties":{"a":{}`, UnavailableError, 'broke off in line 2'],
    ['a cut line and the sentence', `${one}\n{"event":"A","properties":{"a":{}\nterminated early\n`, UnavailableError, 'after'],
    ['a cut line and a blank one', `${one}\n{"event":"A"\n\n`, UnavailableError, 'broke off in line 2, after 1'],
    ['two cut lines', `${one}\n{"event":"A"\n{"event"`, UnavailableError, 'broke off in line 2, after 1'],
    ['null in the end', `${one}\nnull\n`, UnavailableError, 'line 2 is no event, after 1'],
    ['words in the end', `${one}\nada@example.com"}}\n`, UnavailableError, 'line 2 is no event, after 1'],
    ['a page', '<html>\n<h1>hunter2</h1>', UnavailableError, 'the answer is no export; it begins: <html>'],
    ['an error alone', '{"error": "Invalid JSON Format: event"}', RefusedError, 'Invalid JSON Format: event'],
    ['an error alone that passes', '{"error": "too many export requests in progress"}', UnavailableError, 'too many export'],
    ['null alone', 'null', RefusedError, 'the answer is null instead of events'],
    ['a list alone', '[]\n', RefusedError, 'the answer is a list instead of events'],
    ['a text alone', '"ok"', RefusedError, 'the answer is a string instead of events'],
    ['no properties', `${one}\n{"event" :"A"}\n${two}\n`, DataError, 'line 2 has no event with properties'],
    ['no event', '{"properties":{}}', DataError, 'line 1 has no event with properties'],
    ['a list for properties', '{"properties":[],"event":"A"}\n', DataError, 'line 1 has no event'],
    ['no error at all', '{"error":null}\n', DataError, 'line 1 has no event'],
    ['a name that is none', '{"event" :7,"properties":{}}', DataError, 'line 1 has no event'],
    [
      'a broken line between events',
      `${one}\n{"event" :"A","properties":{"x":NaN}}\n${two}\n${one}`,
      DataError,
      'line 2 is not JSON',
    ],
  ] as const)('%s', (_, text, kind, message) => {
    const { error } = look(text, how)
    expect(error).toBeInstanceOf(kind)
    expect((error as BroadsheetError).message).toContain(message)
    expect((error as BroadsheetError).message).toMatch(/^GET data\.mixpanel\.com\/api\/2\.0\/export: /)
    expect(error).toMatchObject({ requestId: 'mp-1' })
    expect(inspect(error)).not.toMatch(/hunter2|FOO|ada@/)
  })
})

test('cut at any byte is never whole, but between its lines', () => {
  const text = `${one}\n${two.replace('fooo', 'fö€😀')}\n${one}\n`
  const bytes = Buffer.from(text)
  const whole = look(text).events
  for (let at = 0; at < bytes.length; at += 1) {
    const short = bytes.subarray(0, at)
    const lines = short.toString('latin1').split('\n')
    const between = at === 0 || bytes[at - 1] === 0x0a || bytes[at] === 0x0a
    const read = look(short)
    const seen = look(short, 'see')
    if (between) {
      const count = lines.filter((line) => line !== '').length
      expect([read.count, seen.count]).toEqual([count, count])
    } else {
      expect([read.error, seen.error]).toEqual([expect.any(UnavailableError), expect.any(UnavailableError)])
      expect((read.error as Error).message).toContain(`after ${lines.length - 1} whole event`)
      expect((seen.error as Error).message).toBe((read.error as Error).message)
    }
    expect(read.events).toEqual(whole.slice(0, read.events.length))
  }
})

test('what breaks the stream is told with what came whole before', () => {
  for (const how of ['read', 'see'] as const) {
    const reader = readExport(about)
    for (const line of linesOf(`${one}\n\n${two}\n`)) reader[how](line)
    const cause = new UnavailableError(`${about.call}: the answer broke off after 200 bytes (UND_ERR_SOCKET)`)
    expect(reader.cut(cause)).toMatchObject({
      message: `${about.call}: the answer broke off after 200 bytes (UND_ERR_SOCKET), after 2 whole events`,
      requestId: 'mp-1',
      cause,
    })
  }
})
