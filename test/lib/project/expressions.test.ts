import { describe, expect, test } from 'vitest'
import { mistakesOf, right } from './written.ts'

/** The right project with another question in place of its first, and an export. */
function asking(question: string): string {
  return right.replace('source: own', 'source: product').replace('{ segmentation: { event: Sign Up } }', question)
}

const expressionsIn = (yaml: string) => mistakesOf(yaml).filter((line) => line.includes('in this expression'))

describe('an expression is checked for the question that it is in', () => {
  test.each([
    [`segmentation: { event: A, where: 'user["plan"] == "pro" and event["$time"] > 5' }`, []],
    [
      `segmentation: { event: A, where: 'behaviors["b"] > 2' }`,
      [
        '13:52: in this expression, behaviors["…"] cannot be read here, only properties["…"], user["…"], event["…"]; write properties["b"]',
      ],
    ],
    [`people: { where: 'behaviors["b"] > 2 and datetime(properties["$last_seen"]) > datetime(NOW - 86400)' }`, []],
    [
      `people: { where: 'event["$time"] > 5' }`,
      [
        '13:36: in this expression, event["…"] cannot be read here, only properties["…"], user["…"], behaviors["…"], NOW; write properties["$time"]',
      ],
    ],
    [
      `retention: { first: A, then: B, on: 'behaviors["b"]' }`,
      [
        '13:55: in this expression, behaviors["…"] cannot be read here, only properties["…"], user["…"], event["…"]; write properties["b"]',
      ],
    ],
    [
      `segmentation: { event: A, type: sum, of: 'Revenue [USD]' }`,
      ['13:60: in this expression, a name with a bracket in it stands in quotes; write properties["Revenue [USD]"]'],
    ],
  ])('%s', (question, mistakes) => {
    expect(expressionsIn(asking(`{ ${question} }`))).toEqual(mistakes)
  })

  test('`where` is true or false, `on` may be anything', () => {
    expect(expressionsIn(asking(`{ segmentation: { event: A, where: 'properties["a"] * 2' } }`))).toEqual([
      '13:52: in this expression, properties["a"] * 2 is neither true nor false; compare it with something; write properties["…"] == properties["a"] * 2',
    ])
    expect(expressionsIn(asking(`{ segmentation: { event: A, on: 'properties["a"] * 2' } }`))).toEqual([])
  })

  test.each([
    ['events', []],
    [
      'people',
      [
        '20:68: in this expression, event["…"] cannot be read here, only properties["…"], user["…"], behaviors["…"], NOW; write properties["t"]',
      ],
    ],
  ])('an export of %s', (data, mistakes) => {
    const yaml = `${right}exports:\n  kept: { source: product, data: ${data}, from: 2026-01-01, where: 'event["t"] > 5' }\n`
    expect(expressionsIn(yaml)).toEqual(mistakes)
  })
})
