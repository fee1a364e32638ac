import { describe, expect, test } from 'vitest'
import { parseExpression } from '../../../lib/expression.ts'

type Fault = readonly [text: string, position: number, problem: string, suggestion: string]

/** `P` is short for a property, 15 characters long. */
const long = (text: string) => text.replaceAll(/\bP\b/g, 'properties["a"]')

function tell(name: string, faults: readonly Fault[]): void {
  describe(name, () => {
    test.each(faults)('%s', (text, position, problem, suggestion) => {
      expect(parseExpression(long(text))).toEqual({ problem: long(problem), position, suggestion: long(suggestion) })
    })
  })
}

const list = 'is a list; one stands after `in` only'

tell('lists', [
  ['P == [1, 2]', 16, `[1, 2] ${list}`, 'in'],
  ['P != [1]', 16, `[1] ${list}`, 'not (P in [1])'],
  ['P < [1]', 18, `[1] ${list}`, 'properties["…"] in [1]'],
  ['[1, 2]', 0, `[1, 2] ${list}`, 'properties["…"] in [1, 2]'],
  ['[1] in P', 0, `[1] ${list}`, 'properties["…"] in [1]'],
  ['defined([1])', 8, `[1] ${list}`, 'properties["…"] in [1]'],
  ['has_prefix(P, ["a"])', 28, `["a"] ${list}`, 'properties["…"] in ["a"]'],
  ['P in [1, [2]]', 23, `[2] ${list}`, 'properties["…"] in [2]'],
  ['[1] + 1 == 2', 0, `[1] ${list}`, 'properties["…"] in [1]'],
  ['-[1] == 2', 1, `[1] ${list}`, 'properties["…"] in [1]'],
  ['not [1]', 4, `[1] ${list}`, 'properties["…"] in [1]'],
  ['[1] and true', 0, `[1] ${list}`, 'properties["…"] in [1]'],
])

tell('comparisons of what is never of one type', [
  ['"a" < 5', 6, '"a" and 5 are never of one type, so < compares nothing', '"5"'],
  ['5 < "a"', 0, '5 and "a" are never of one type, so < compares nothing', '"5"'],
  ['"5" < 6', 0, '"5" and 6 are never of one type, so < compares nothing', '5'],
  ['number(P) > "5"', 26, 'number(P) and "5" are never of one type, so > compares nothing', '5'],
  ['number(P) > "x"', 0, 'number(P) and "x" are never of one type, so > compares nothing', 'string(number(P))'],
  ['string(P) <= 5', 0, 'string(P) and 5 are never of one type, so <= compares nothing', 'number(string(P))'],
  ['true < 5', 5, 'true and 5 are never of one type, so < compares nothing', '=='],
  ['defined(P) > 1', 25, 'defined(P) and 1 are never of one type, so > compares nothing', '=='],
  ['NOW < "2026"', 6, 'NOW and "2026" are never of one type, so < compares nothing', '2026'],
])

tell('calculating with what is never a number', [
  ['-"a"', 1, '"a" is never a number', 'number("a")'],
  ['-"5"', 1, '"5" is never a number', '5'],
  ['"a" - 1', 0, '"a" is never a number', 'number("a")'],
  ['1 - "a"', 4, '"a" is never a number', 'number("a")'],
  ['"5" * 2', 0, '"5" is never a number', '5'],
  ['1 / true', 4, 'true is never a number', 'number(true)'],
  ['string(P) % 2', 0, 'string(P) is never a number', 'number(string(P))'],
  ['"a" + 1', 6, '"a" and 1 are never of one type, so + makes nothing of them', '"1"'],
  ['1 + "5"', 4, '1 and "5" are never of one type, so + makes nothing of them', '5'],
  ['true + 1', 0, 'true is never a number or text', 'number(true)'],
  ['P + defined(P)', 18, 'defined(P) is never a number or text', 'number(defined(P))'],
  ['floor("5")', 6, '"5" is never a number', '5'],
  ['round("x")', 6, '"x" is never a number', 'number("x")'],
  ['ceil(true)', 5, 'true is never a number', 'number(true)'],
])

tell('joining and turning what is neither true nor false', [
  ['not 5', 4, '5 is neither true nor false, so `not` makes nothing of it', '5 != 0'],
  ['not "a"', 4, '"a" is neither true nor false, so `not` makes nothing of it', 'properties["…"] == "a"'],
  ['"a" and true', 0, '"a" is neither true nor false, and `and` joins what is', 'properties["…"] == "a"'],
  ['true and 5', 9, '5 is neither true nor false, and `and` joins what is', '5 != 0'],
  ['true or -P and true', 8, '-P is neither true nor false, and `and` joins what is', '-P != 0'],
  ['P == "a" or "b"', 26, '"b" is neither true nor false, and `or` joins what is', 'P == "b"'],
  ['"b" or P == "a"', 0, '"b" is neither true nor false, and `or` joins what is', 'P == "b"'],
  ['P != 1 and 2', 25, '2 is neither true nor false, and `and` joins what is', 'P != 2'],
  ['1 + 2 and true', 0, '1 + 2 is neither true nor false, and `and` joins what is', '1 + 2 != 0'],
  ['string(P) or true', 0, 'string(P) is neither true nor false, and `or` joins what is', 'properties["…"] == string(P)'],
])

tell('looking in what holds nothing', [
  ['P in 5', 19, '5 is never text, nor a list, so nothing is in it', '[5]'],
  ['P in true', 19, 'true is never text, nor a list, so nothing is in it', '[true]'],
  ['P in 1 + 2', 19, '1 + 2 is never text, nor a list, so nothing is in it', 'string(1 + 2)'],
  ['P in not true', 19, '`not` stands in brackets here', '(not …)'],
  ['5 in "a5"', 0, '5 is never text, so no text has it in it', '"5"'],
  ['true in string(P)', 0, 'true is never text, so no text has it in it', 'string(true)'],
  ['"x" in NOW', 7, 'NOW is never text, nor a list, so nothing is in it', 'string(NOW)'],
])

describe('what the documents leave open is let through', () => {
  test.each([
    'P == 1',
    'P == "1" and P == 1',
    '1 == "1"',
    'true != 5',
    'P < "2026-01-31"',
    '"a" < "b"',
    'true < false',
    'datetime("2026-01-31") > 5',
    'datetime("2026-01-31") > "2026"',
    'datetime(P) - 86400 > P',
    'not datetime(P)',
    'not (P + 1)',
    'not number(P)',
    'P and user["b"]',
    'P in P',
    '5 in P',
    '5 in list(P)',
    '"a" in [1, true, P, 1 + 2]',
    'P in []',
    'list(P) == list(user["b"])',
    'defined(list(P))',
    'has_prefix(P, 5)',
    'number(true) + 1 == 2',
    'string(1) + "a" == "1a"',
    'P + "a" == "a"',
    'P % 0 == 1',
    'P / 0 == 1',
    'NOW - 5 > P',
    'number("x") == 1',
  ])('%s', (text) => {
    expect(parseExpression(long(text))).not.toHaveProperty('problem')
  })
})
