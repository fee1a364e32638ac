import { describe, expect, test } from 'vitest'
import type { Expression } from '../../lib/expression.ts'
import { orRefuse, parseExpression, printExpression, propertyOf, readable, readsOf } from '../../lib/expression.ts'
import { examples } from './expression/examples.ts'

function print(text: string): string {
  return printExpression(orRefuse(text, parseExpression(text)))
}

describe('what the vendor and its clients show is read, and printed as Mixpanel takes it', () => {
  test.each(examples)('%s', (text, printed) => {
    expect(print(text)).toBe(printed)
    expect(print(printed)).toBe(printed)
    expect(parseExpression(printed)).toEqual(parseExpression(text))
  })
})

describe('brackets are left out only where the vendor leaves them out, or where they change nothing', () => {
  test.each([
    ['properties["a"]==1 and user["$b"]!="x"', 'properties["a"] == 1 and user["$b"] != "x"'],
    ['1 + 2 * 3 == 7', '(1 + (2 * 3)) == 7'],
    ['(1 + 2) * 3 == 9', '((1 + 2) * 3) == 9'],
    ['8 - 4 - 2 == 2', '((8 - 4) - 2) == 2'],
    ['8 - (4 - 2) == 6', '(8 - (4 - 2)) == 6'],
    ['8 / 4 / 2 % 3 == 1', '(((8 / 4) / 2) % 3) == 1'],
    ['1 + 2 + 3 + 4 == 10', '(1 + 2 + 3 + 4) == 10'],
    ['1 + (2 + 3) == 6', '(1 + (2 + 3)) == 6'],
    ['true and false and true', 'true and false and true'],
    ['(true and false) and true', 'true and false and true'],
    ['true and (false and true)', 'true and (false and true)'],
    ['true or false and not true', 'true or (false and not true)'],
    ['(true or false) and true', '(true or false) and true'],
    ['not true and false', 'not true and false'],
    ['not (true and false)', 'not (true and false)'],
    ['not not defined(properties["p"])', 'not (not defined(properties["p"]))'],
    ['not properties["a"] == 1 or true', 'not (properties["a"] == 1) or true'],
    ['(not true) == properties["b"]', '(not true) == properties["b"]'],
    ['(properties["a"] == 1) == true', '(properties["a"] == 1) == true'],
    ['properties["a"] not in [1, "b", -2.5]', 'not (properties["a"] in [1, "b", -2.5])'],
    ['not "a" not in properties["b"] and true', 'not (not ("a" in properties["b"])) and true'],
    ['(((properties["a"])))', 'properties["a"]'],
    ['1==1and true', '1 == 1 and true'],
    [' \t\n\u00a0properties [ "a" ]\u2028== 1 ', 'properties["a"] == 1'],
  ])('%s', (text, printed) => {
    expect(print(text)).toBe(printed)
    expect(print(printed)).toBe(printed)
  })
})

describe('numbers are digits and a point, and read back the same', () => {
  test.each([
    ['-5', '-5'],
    ['- 5', '-5'],
    ['- -5', '-(-5)'],
    ['-(5)', '-(5)'],
    ['--properties["b"]', '-(-properties["b"])'],
    ['properties["a"] - -properties["b"]', 'properties["a"] - -properties["b"]'],
    ['1 -1', '1 - 1'],
    ['1 - -1', '1 - -1'],
    ['-0', '0'],
    ['007.50', '7.5'],
    [`1${'0'.repeat(21)}`, `1${'0'.repeat(21)}`],
    [`1${'0'.repeat(308)}`, `1${'0'.repeat(308)}`],
    ['0.000000001', '0.000000001'],
    [`0.${'0'.repeat(323)}5`, `0.${'0'.repeat(323)}5`],
    ['9007199254740992', '9007199254740992'],
    ['0.1', '0.1'],
  ])('%s', (text, printed) => {
    expect(print(text)).toBe(printed)
    expect(parseExpression(printed)).toEqual(parseExpression(text))
  })

  test('a program’s own number that is none is a mistake of the program', () => {
    expect(() => printExpression({ kind: 'literal', value: Number.NaN })).toThrow(RangeError)
    expect(() => printExpression({ kind: 'literal', value: -Infinity })).toThrow(RangeError)
  })
})

describe('texts and names are escaped', () => {
  test.each([
    ['a"b', String.raw`"a\"b"`],
    ['a\\b', String.raw`"a\\b"`],
    ['\\"', String.raw`"\\\""`],
    ['line\nend\t\u0000\u007f\u0085', String.raw`"line\u000aend\u0009\u0000\u007f\u0085"`],
    ['\u2028\u2029', String.raw`"\u2028\u2029"`],
    ['half \ud83e', String.raw`"half \ud83e"`],
    ['Größe 🦊 שלום 👩‍👩‍👧', '"Größe 🦊 שלום 👩‍👩‍👧"'],
    ['', '""'],
    ["'; drop table events; --", `"'; drop table events; --"`],
  ])('%j', (value, printed) => {
    const property: Expression = { kind: 'property', of: 'user', name: value }
    expect(printExpression(property)).toBe(`user[${printed}]`)
    expect(parseExpression(`user[${printed}]`)).toEqual(property)
    expect(parseExpression(printed)).toEqual({ kind: 'literal', value })
    expect(propertyOf(value)).toEqual({ kind: 'property', of: 'properties', name: value })
  })

  test('what is written raw is printed escaped', () => {
    expect(print('properties["a\nb"] == "\u2028"')).toBe(String.raw`properties["a\u000ab"] == "\u2028"`)
  })
})

describe('`on` is a property’s bare name, whatever is in it, unless it holds [', () => {
  test.each([
    ['Source', 'properties["Source"]'],
    ['plan "type"', String.raw`properties["plan \"type\""]`],
    ['back\\slash', String.raw`properties["back\\slash"]`],
    ['not', 'properties["not"]'],
    ['properties', 'properties["properties"]'],
    ['__proto__', 'properties["__proto__"]'],
    ['user["plan"]', 'user["plan"]'],
    ['floor(properties["n"] / 10)', 'floor(properties["n"] / 10)'],
  ])('%s', (on, printed) => {
    expect(printExpression(orRefuse(on, propertyOf(on)))).toBe(printed)
  })

  test.each([
    ['Revenue [USD]', 0, 'properties["Revenue [USD]"]'],
    ['[legacy] plan', 0, 'properties["[legacy] plan"]'],
    ['properties[plan]', 11, '"plan"'],
    ['Revenue["USD"]', 0, 'properties["USD"]'],
    ['behaviors["b"]', 0, 'properties["b"]'],
  ])('%s is none', (on, position, suggestion) => {
    expect(propertyOf(on, { reads: readable.events })).toMatchObject({ position, suggestion })
  })
})

describe('what can be read depends on what is asked', () => {
  const events = { reads: readable.events, condition: true }
  const people = { reads: readable.people, condition: true }

  test.each([
    ['properties["a"] == 1', true, true],
    ['user["a"] == 1', true, true],
    ['event["$time"] >= datetime("2026-01-01T00:00:00")', true, false],
    ['behaviors["behavior_12"] > 2', false, true],
    ['datetime(properties["$last_seen"]) >= datetime(NOW - 604800)', false, true],
  ])('%s', (text, ofEvents, ofPeople) => {
    expect('problem' in parseExpression(text)).toBe(false)
    expect(!('problem' in parseExpression(text, events))).toBe(ofEvents)
    expect(!('problem' in parseExpression(text, people))).toBe(ofPeople)
  })

  test('a problem names what can be read, at the place of what cannot', () => {
    expect(parseExpression('true and behaviors["b\\"x"] > 2', events)).toEqual({
      problem: 'behaviors["…"] cannot be read here, only properties["…"], user["…"], event["…"]',
      position: 9,
      suggestion: String.raw`properties["b\"x"]`,
    })
    expect(parseExpression('5 > NOW', events)).toMatchObject({ position: 4, suggestion: 'datetime("2026-01-31T00:00:00")' })
  })

  test.each([
    ['5', 'properties["…"] == 5'],
    ['"DE"', 'properties["…"] == "DE"'],
    ['  properties["a"] + 1', 'properties["…"] == properties["a"] + 1'],
  ])('a condition is true or false, which %s never is', (text, suggestion) => {
    expect(parseExpression(text, { condition: true })).toMatchObject({
      problem: expect.stringContaining('neither true nor false'),
      position: text.search(/\S/),
      suggestion,
    })
    expect(parseExpression(text)).not.toHaveProperty('problem')
  })

  test.each(['properties["beta"]', 'true', 'boolean(properties["a"])', 'not properties["a"]'])('%s may be', (text) => {
    expect(parseExpression(text, events)).not.toHaveProperty('problem')
  })
})

test('a refusal has the text, the place from 1 and what to write', () => {
  const refuse = (text: string) => () => orRefuse(text, parseExpression(text))
  expect(refuse('a = 1')).toThrow(
    expect.objectContaining({ kind: 'refused', message: 'a = 1: equality is written == (character 3)', remedy: 'write ==' }),
  )
  expect(refuse(`${'x'.repeat(500)} = 1`)).toThrow(/^x{57}…: equality/)
})

test('what an expression reads is told in its order, whoever has it, as often as it stands there', () => {
  const text = 'not (number(properties["a"]) > -user["b"]) or properties["c"] in [1, "d"] and event["a"] == behaviors["n"] + NOW'
  const again = `${text} and properties["a"] == "properties"`
  expect(readsOf(orRefuse(again, parseExpression(again))).map(({ of, name }) => `${of} ${name}`)).toEqual([
    'properties a',
    'user b',
    'properties c',
    'event a',
    'behaviors n',
    'properties a',
  ])
})
