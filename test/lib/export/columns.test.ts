import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { growColumns, growSlugs, reserved, slugOf } from '../../../lib/export/columns.ts'

describe('columns', () => {
  test('keep the names of their properties, whatever they hold', () => {
    const names = ['$browser', 'a.b', "it's", 'q"t', '😀', '__proto__', 'constructor', 'Ünïcode', 'a b', 'x,y:z']
    expect(new Map(growColumns(new Map(), names))).toEqual(new Map(names.map((name) => [name, name])))
  })

  test.each([...reserved])('leave %s to what it is reserved for', (name) => {
    const columns = growColumns(new Map(), [name, name.toUpperCase()])
    expect(Object.fromEntries(columns)).toEqual({ [name]: `${name}_1`, [name.toUpperCase()]: `${name.toUpperCase()}_2` })
  })

  test.each([
    // What is written with fewer capitals is what people ask for.
    { found: ['PLAN', 'Plan', 'plan'], columns: { plan: 'plan', Plan: 'Plan_1', PLAN: 'PLAN_2' } },
    {
      found: ['SIGN Up', 'sIGn Up', 'Sign Up'],
      columns: { 'Sign Up': 'Sign Up', 'sIGn Up': 'sIGn Up_1', 'SIGN Up': 'SIGN Up_2' },
    },
    { found: ['aB', 'Ab'], columns: { Ab: 'Ab', aB: 'aB_1' } },
    { found: ['a', 'A', 'a_1'], columns: { a: 'a', A: 'A_1', a_1: 'a_1_1' } },
    { found: [''], columns: { '': '_1' } },
    { found: ['a\u0000b', 'a\nb', 'a_b'], columns: { 'a\u0000b': 'a_b', 'a\nb': 'a_b_1', a_b: 'a_b_2' } },
    { found: ['straße', 'STRAßE'], columns: { straße: 'straße', STRAßE: 'STRAßE_1' } },
  ])('are told apart by more than case: $found', ({ found, columns }) => {
    expect(Object.fromEntries(growColumns(new Map(), found))).toEqual(columns)
  })

  test('are never given to another', () => {
    const first = growColumns(new Map(), ['plan', 'date'])
    const second = growColumns(first, ['Plan', 'date_1', 'Date'])
    expect(Object.fromEntries(second)).toEqual({
      plan: 'plan',
      date: 'date_1',
      Plan: 'Plan_1',
      date_1: 'date_1_1',
      Date: 'Date_2',
    })
    expect(first.size).toBe(2)
  })

  test('stand in the order of their names, whatever case they have', () => {
    expect([...growColumns(new Map(), ['z', 'a', 'Z', 'B']).keys()]).toEqual(['B', 'z', 'Z', 'a'])
  })

  test('of a name that came first stay plain, whatever its capitals', () => {
    const first = growColumns(new Map(), ['PLAN'])
    expect(Object.fromEntries(growColumns(first, ['Plan', 'plan', 'PLAN']))).toEqual({
      PLAN: 'PLAN',
      plan: 'plan_1',
      Plan: 'Plan_2',
    })
  })

  test('may be reserved by a layout', () => {
    expect(growColumns(new Map(), ['ID'], ['id']).get('ID')).toBe('ID_1')
  })

  const names = fc.array(
    fc.oneof(fc.constantFrom('a', 'A', 'a_1', 'A_1', 'time', 'Time', '', '__proto__'), fc.string({ unit: 'binary' })),
  )
  test('are all different, whatever is found and in whatever order', () => {
    fc.assert(
      fc.property(names, names, (one, two) => {
        const first = growColumns(new Map(), one)
        const all = growColumns(first, two)
        expect(all).toEqual(growColumns(growColumns(new Map(), one.toReversed()), two.toReversed()))
        for (const [name, column] of first) expect(all.get(name)).toBe(column)
        const folded = [...all.values()].map((column) => column.toLowerCase())
        expect(new Set([...folded, ...reserved, '']).size).toBe(folded.length + reserved.length + 1)
        expect(new Set(all.keys())).toEqual(new Set([...one, ...two]))
        expect([...all.values()].join('')).not.toMatch(/\p{Cc}/u)
      }),
    )
  })
})

describe('slugs', () => {
  test.each([
    ['Sign Up', 'sign-up'],
    ['$ae_session', 'ae-session'],
    ['Zoë & Ü', 'zoe-u'],
    ['../../etc', 'etc'],
    ['注册', ''],
    ['', ''],
    [`${'x'.repeat(79)} yz`, 'x'.repeat(79)],
  ])('%j is %j', (event, slug) => {
    expect(slugOf(event)).toBe(slug)
  })

  test('have a hash where another event has the name', () => {
    const slugs = growSlugs(new Map(), ['Sign Up', 'sign up', '注册', '登录'])
    expect(slugs.get('Sign Up')).toBe('sign-up')
    expect(slugs.get('sign up')).toMatch(/^sign-up-[0-9a-f]{6}$/)
    expect(slugs.get('注册')).toMatch(/^event-[0-9a-f]{6}$/)
    expect(new Set(slugs.values()).size).toBe(4)
    // What was first stays first.
    expect(growSlugs(new Map([['sign up', 'sign-up']]), ['Sign Up']).get('Sign Up')).toMatch(/^sign-up-[0-9a-f]{6}$/)
  })
})
