import { expect, test } from 'vitest'
import { RefusedError } from '../../../../../lib/errors.ts'
import { readable } from '../../../../../lib/expression.ts'
import { printedProperty, printedWhere } from '../../../../../lib/sources/mixpanel/questions/printed.ts'

test('a condition is sent as Mixpanel takes it, and nothing without one', () => {
  expect(printedWhere(undefined)).toEqual({})
  expect(printedWhere('properties["plan"] not in ["Pro"] and user["n"]>1')).toEqual({
    where: 'not (properties["plan"] in ["Pro"]) and user["n"] > 1',
  })
  expect(printedWhere('behaviors["b"] > 1', readable.people)).toEqual({ where: 'behaviors["b"] > 1' })
})

test('a bare property is wrapped and escaped', () => {
  expect(printedProperty('Source')).toBe('properties["Source"]')
  expect(printedProperty('a "b" \\c')).toBe(String.raw`properties["a \"b\" \\c"]`)
  expect(printedProperty('number(user["age"])')).toBe('number(user["age"])')
  expect(printedProperty('behaviors["b"]', readable.people)).toBe('behaviors["b"]')
})

test.each([
  [() => printedWhere('plan == "Pro"'), 'plan stands alone', 'write properties["plan"]'],
  [() => printedWhere('properties["n"] + 1'), 'neither true nor false', 'write properties["…"] == properties["n"] + 1'],
  [() => printedWhere('behaviors["b"] > 1'), 'cannot be read here', 'write properties["b"]'],
  [() => printedWhere('event["b"] > 1', readable.people), 'cannot be read here', 'write properties["b"]'],
  [() => printedProperty('properties[plan]'), 'double quotes (character 12)', 'write "plan"'],
  [() => printedProperty('behaviors["b"]'), 'cannot be read here', 'write properties["b"]'],
])('what Mixpanel would not take is refused with a remedy: %s', (print, message, remedy) => {
  expect(print).toThrow(RefusedError)
  expect(print).toThrow(expect.objectContaining({ message: expect.stringContaining(message), remedy }))
})
