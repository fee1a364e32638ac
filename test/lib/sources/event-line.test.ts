import { describe, expect, test } from 'vitest'
import { eventLine, valuesBeside } from '../../../lib/sources/event-line.ts'

const written = (own: string, frame: Parameters<typeof eventLine>[2]) =>
  JSON.stringify(eventLine('e', JSON.parse(own), frame).properties)

describe('an event in Mixpanel’s form', () => {
  test.each([
    ['{"a":1}', { time: 5 }, '{"a":1,"time":5}'],
    ['{"a":1}', { time: 5, distinct_id: 'u', $insert_id: 'i' }, '{"a":1,"time":5,"distinct_id":"u","$insert_id":"i"}'],
    // Its own values of those names are kept under others.
    ['{"time":"noon"}', { time: 5 }, '{"$own_time":"noon","time":5}'],
    ['{"time":1,"$own_time":2}', { time: 5 }, '{"$own_own_time":1,"$own_time":2,"time":5}'],
    ['{"$insert_id":1}', { time: 5, $insert_id: 'i' }, '{"$own_insert_id":1,"time":5,"$insert_id":"i"}'],
    // Nobody says who it was, and what the event calls so is nobody's id; where that is not known, it stays.
    ['{"distinct_id":1}', { time: 5, distinct_id: undefined }, '{"$own_distinct_id":1,"time":5}'],
    ['{"distinct_id":1}', { time: 5 }, '{"distinct_id":1,"time":5}'],
    ['{"__proto__":{"a":1},"constructor":2}', { time: 5 }, '{"__proto__":{"a":1},"constructor":2,"time":5}'],
  ])('%s with %j', (own, frame, expected) => {
    expect(written(own, frame)).toBe(expected)
  })

  test('loses no value, also where __proto__ is added to', () => {
    expect(JSON.stringify(valuesBeside(JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":2}')))).toBe(
      '{"$own___proto__":1,"__proto__":2}',
    )
  })
})
