import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DataError } from '../../lib/errors.ts'
import { splitLines } from '../../lib/lines.ts'

function split(chunks: readonly Uint8Array[], longest?: number): string[] {
  const lines = splitLines(longest)
  const whole = chunks.flatMap((chunk) => lines.push(chunk))
  const rest = lines.end()
  return [...whole, ...(rest === undefined ? [] : [rest])].map(String)
}

/** Cut before each of the places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...[...places].sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, at) => bytes.subarray(sorted[at], end))
}

test('lines end at \\n alone, whatever else breaks a line on paper', () => {
  const value = 'a\rb\vc\fd\u001ce\u0085f\u2028g\u2029h'
  expect(split([Buffer.from(`${value}\n${value}\r\n\n${value}`)])).toEqual([value, `${value}\r`, '', value])
})

test.each([
  ['nothing', '', []],
  ['a line without an end', 'a', ['a']],
  ['an empty line', '\n', ['']],
  ['an empty line at the end', 'a\n\n', ['a', '']],
] as const)('%s', (_, text, lines) => {
  expect(split([Buffer.from(text)])).toEqual(lines)
})

test('chunks may end anywhere, also within a character', () => {
  const text = 'ä\n€uro\n\n😀 smile\r\nlast'
  const bytes = Buffer.from(text)
  for (let at = 0; at <= bytes.length; at += 1) expect(split(cut(bytes, [at]))).toEqual(text.split('\n'))
  expect(split(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(text.split('\n'))
  const places = fc.array(fc.nat(1000), { maxLength: 10 })
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), places, (lines, at) => {
      const own = lines.map((line) => line.replaceAll('\n', ' ').toWellFormed())
      const whole = Buffer.from(own.map((line) => `${line}\n`).join(''))
      const chunks = cut(
        whole,
        at.map((place) => place % (whole.length + 1)),
      )
      expect(split(chunks)).toEqual(own)
    }),
  )
})

test('what is kept for the next chunk outlives a chunk that is used again', () => {
  const lines = splitLines()
  const chunk = Buffer.from('a\nbc')
  lines.push(chunk)
  chunk.fill('x')
  expect(lines.push(Buffer.from('d\n')).map(String)).toEqual(['bcd'])
})

test('a line may be too long, in one chunk or in many', () => {
  expect(split([Buffer.from('12345\n12345')], 5)).toEqual(['12345', '12345'])
  expect(() => split([Buffer.from('1\n123456\n')], 5)).toThrow(new DataError('line 2 has more than 5 bytes'))
  expect(() => split([Buffer.from('1\n123'), Buffer.from('456')], 5)).toThrow(DataError)
})
