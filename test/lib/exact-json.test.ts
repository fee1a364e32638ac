import { expect, test } from 'vitest'
import { escapeControls, isNumeral, isObject, parseExactly, parseToSendBack } from '../../lib/exact-json.ts'

test.each([
  ['12345678901234567890', '12345678901234567890'],
  ['-9007199254740993', '-9007199254740993'],
  ['9007199254740992', '9007199254740992'],
  ['9007199254740991', 9007199254740991],
  ['-9007199254740991', -9007199254740991],
  [' 9007199254740993 ', '9007199254740993'],
  ['{"a":9007199254740993}', { a: '9007199254740993' }],
  ['{"a" : [1, 9007199254740993 ,\n-9007199254740993]}', { a: [1, '9007199254740993', '-9007199254740993'] }],
  ['[9007199254740993]', ['9007199254740993']],
  // Fractions and exponents say themselves that digits may be missing.
  ['[123456789012345.75, 1234567890123456.0, 1e300]', [123456789012345.75, 1234567890123456, 1e300]],
  [
    '{"text":"id:12345678901234567890, [12345678901234567890","n":7}',
    { text: 'id:12345678901234567890, [12345678901234567890', n: 7 },
  ],
  ['{"12345678901234567890":1}', { '12345678901234567890': 1 }],
])('%s', (text, value) => {
  expect(parseExactly(text)).toEqual(value)
})

test('a key __proto__ stays a key', () => {
  const text = '{"__proto__":{"id":"9007199254740993","a":{"__proto__":null}},"id":"x"}'
  const parsed = parseExactly(text.replace('"9007199254740993"', '9007199254740993'))
  expect(JSON.stringify(parsed)).toBe(text)
})

test('what is sent back is written as it was', () => {
  const text = '{"a":[9007199254740993,-12345678901234567890,7,0.5],"b":"9007199254740993","__proto__":12345678901234567890}'
  const parsed = parseToSendBack(text) as { a: unknown[]; b: unknown }
  expect(JSON.stringify(parsed)).toBe(text)
  expect([...parsed.a, parsed.b, parsed, null].map(isNumeral)).toEqual([true, true, false, false, false, false, false])
  expect(() => parseToSendBack('{"a":9007199254740993')).toThrow(SyntaxError)
})

test('what is no JSON is told by a SyntaxError', () => {
  for (const text of ['', '{"a":9007199254740993', '{"a":12']) expect(() => parseExactly(text)).toThrow(SyntaxError)
})

test.each([
  ['{"a":"x\u0001y"}', { a: 'x\u0001y' }],
  // Between tokens a tab is no part of a text.
  ['{\t"a\u001f":\t"\t",\r"b":"\\\\\u0007\\"\u0007"}\r', { 'a\u001f': '\t', b: '\\\u0007"\u0007' }],
  ['{"a":"😀\u0085","b":"plain"}', { a: '😀\u0085', b: 'plain' }],
])('control characters within texts are escaped: %j', (text, value) => {
  expect(JSON.parse(escapeControls(text))).toEqual(value)
})

test('what is broken stays so, however long it is', () => {
  const text = `{"a":"${'\\"x'.repeat(200_000)}`
  expect(escapeControls(text)).toBe(text)
  expect(escapeControls('{"a":"x\\\u0001"}')).toBe('{"a":"x\\\u0001"}')
})

test('an object is what stands in curly brackets', () => {
  const values = ['{}', '{"__proto__":1}', '[]', '[{}]', 'null', '1', '"{}"', 'true'].map((text) => JSON.parse(text) as unknown)
  expect([...values, undefined].map(isObject)).toEqual([true, true, ...Array.from({ length: 7 }, () => false)])
})
