import { expect, test } from 'vitest'
import { collectionProblem, eventProblems } from '../../../../lib/sources/keen/names.ts'

test.each([
  ['purchases', undefined],
  ['sign ups / 1.0', undefined],
  ['x'.repeat(64), undefined],
  ['x'.repeat(65), '64 characters'],
  ['', 'has a name'],
  [' \t', 'has a name'],
  ['Käufe', 'plain ASCII'],
  ['a\nb', 'plain ASCII'],
  ['a$b', 'no $'],
  ['_a', 'begin with _'],
  ['a_b', undefined],
])('a collection called %j', (name, problem) => {
  const said = collectionProblem(name)
  if (problem === undefined) expect(said).toBeUndefined()
  else expect(said).toContain(problem)
})

function nested(levels: number): object {
  let event: object = { n: 1 }
  for (let at = 1; at < levels; at += 1) event = { a: event }
  return event
}

test.each([
  [
    'an event with everything',
    { 'a b-ü': 'x', n: 1.5, t: true, z: null, l: ['a', 1, false, null], o: { p: { q: 1 } }, d: new Date(0) },
  ],
  ['a property of 256 characters', { ['x'.repeat(256)]: 1 }],
  ['a text of 9,999 characters', { a: 'x'.repeat(9_999) }],
  [
    'the add-ons, which are a list of objects',
    { n: 1, keen: { timestamp: '2026-11-09T08:00:00.5+0100', addons: [{ name: 'a', input: {}, output: 'o' }] } },
  ],
  ['a property with a $ inside', { a$b: 1 }],
  ['1,000 levels', nested(1000)],
  ['what JSON leaves out', { a: undefined, n: 1, keen: undefined }],
  ['a time of its own, as a Date', { n: 1, keen: { timestamp: new Date(0) } }],
  ['a time that JSON leaves out', { n: 1, keen: { timestamp: undefined } }],
])('%s is an event', (_, event) => {
  expect(eventProblems(event)).toEqual([])
})

test.each([
  ['no object', 'x', [], 'an event is an object'],
  ['a list', [1], [], 'an event is an object'],
  ['nothing', {}, [], 'at least one property'],
  ['what JSON makes nothing of', { a: undefined }, [], 'at least one property'],
  ['a time in no words of a clock', { n: 1, keen: { timestamp: 'yesterday' } }, ['keen', 'timestamp'], 'write a time like'],
  ['a time that is a number', { n: 1, keen: { timestamp: 1_762_675_200 } }, ['keen', 'timestamp'], 'write a time like'],
  ['a time that is null', { n: 1, keen: { timestamp: null } }, ['keen', 'timestamp'], 'write a time like'],
  ['a day that there is none', { n: 1, keen: { timestamp: '2026-02-30' } }, ['keen', 'timestamp'], 'write a time like'],
  ['a Date that is none', { n: 1, keen: { timestamp: new Date('x') } }, ['keen', 'timestamp'], 'JSON has no such value'],
  ['a period in a name', { a: { 'b.c': 1 } }, ['a', 'b.c'], 'no period'],
  ['a leading $', { $a: 1 }, ['$a'], 'does not begin with $'],
  ['a name of 257 characters', { ['x'.repeat(257)]: 1 }, ['x'.repeat(257)], '256 characters'],
  ['a name that is empty', { '': 1 }, [''], 'has a name'],
  ['a text of 10,000 characters', { a: ['x', 'x'.repeat(10_000)] }, ['a', 1], 'less than 10000'],
  ['a list of objects', { a: { l: ['x', { b: 1 }] } }, ['a', 'l', 1], 'no objects and no lists'],
  ['a list of lists', { l: [[1]] }, ['l', 0], 'no objects and no lists'],
  ['add-ons that are not those of `keen`', { addons: [{ a: 1 }] }, ['addons', 0], 'no objects'],
  ['`keen` that is no object', { n: 1, keen: 3 }, ['keen'], '`keen` is the vendor’s own object'],
  ['NaN', { n: Number.NaN }, ['n'], 'JSON has no NaN'],
  ['a whole number beyond JSON', { n: 12n }, ['n'], 'write a text'],
  ['a function', { n: () => 1 }, ['n'], 'JSON has no such value'],
  ['a date that is none', { n: new Date('x') }, ['n'], 'JSON has no such value'],
  ['a key __proto__ with a period in it', JSON.parse('{"__proto__":{"a.b":1}}'), ['__proto__', 'a.b'], 'no period'],
])('%s is told with its place', (_, event, path, problem) => {
  expect(eventProblems(event)).toEqual([{ path, problem: expect.stringContaining(problem) }])
})

test('more than 1,000 levels are told without going deeper', () => {
  expect(eventProblems(nested(1001))).toHaveLength(1)
  const [first, ...more] = eventProblems(nested(20_000))
  expect(first?.problem).toContain('1000 levels')
  expect(more).toEqual([])
})

test('all mistakes are told, in the order of the event', () => {
  expect(eventProblems({ 'a.b': 1, c: [{}], $d: Number.NaN }).map(({ path }) => path)).toEqual([
    ['a.b'],
    ['$d'],
    ['c', 0],
    ['$d'],
  ])
})
