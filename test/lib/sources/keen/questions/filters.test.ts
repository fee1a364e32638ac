import { describe, expect, test } from 'vitest'
import { RefusedError } from '../../../../../lib/errors.ts'
import { filtersOf, plainProperty } from '../../../../../lib/sources/keen/questions/filters.ts'

const f = (property_name: string, operator: string, property_value: unknown) => ({ property_name, operator, property_value })

describe('a condition', () => {
  test.each([
    ['properties["plan"] == "pro"', [f('plan', 'eq', 'pro')]],
    ['"pro" == properties["plan"]', [f('plan', 'eq', 'pro')]],
    ['properties["paid"] == true', [f('paid', 'eq', true)]],
    ['properties["plan"] != "pro"', [f('plan', 'ne', 'pro')]],
    ['not (properties["plan"] == "pro")', [f('plan', 'ne', 'pro')]],
    ['not (properties["plan"] != "pro")', [f('plan', 'eq', 'pro')]],
    ['properties["user.age"] < 30', [f('user.age', 'lt', 30)]],
    ['30 < properties["age"]', [f('age', 'gt', 30)]],
    ['30 >= properties["age"]', [f('age', 'lte', 30)]],
    ['properties["age"] <= -1.5', [f('age', 'lte', -1.5)]],
    ['properties["age"] >= 18 and properties["age"] < 65', [f('age', 'gte', 18), f('age', 'lt', 65)]],
    ['properties["name"] < "m"', [f('name', 'lt', 'm')]],
    ['properties["plan"] in ["pro", "team", 5]', [f('plan', 'in', ['pro', 'team', 5])]],
    ['properties["plan"] not in ["pro", 5]', [f('plan', 'ne', 'pro'), f('plan', 'ne', 5)]],
    ['not (properties["plan"] in ["pro"])', [f('plan', 'ne', 'pro')]],
    ['"gmail" in properties["email"]', [f('email', 'contains', 'gmail')]],
    ['"gmail" not in properties["email"]', [f('email', 'not_contains', 'gmail')]],
    ['"a" in list(properties["tags"])', [f('tags', 'eq', 'a')]],
    ['defined(properties["plan"])', [f('plan', 'exists', true)]],
    ['not defined(properties["plan"])', [f('plan', 'exists', false)]],
    ['not (not defined(properties["plan"]))', [f('plan', 'exists', true)]],
    ['properties["p"] == "a" or properties["p"] == "b"', [f('p', 'in', ['a', 'b'])]],
    ['properties["p"] == "a" or properties["p"] in ["b", "a"]', [f('p', 'in', ['a', 'b'])]],
    ['(properties["p"] == 1 or properties["p"] == 2) and properties["q"] > 0', [f('p', 'in', [1, 2]), f('q', 'gt', 0)]],
    ['not (properties["p"] == "a" or properties["q"] == "b")', [f('p', 'ne', 'a'), f('q', 'ne', 'b')]],
    ['not (properties["p"] != "a" and properties["p"] != "b")', [f('p', 'in', ['a', 'b'])]],
    ['properties["__proto__"] == "x"', [f('__proto__', 'eq', 'x')]],
    ['properties["städte ☂"] == "Köln"', [f('städte ☂', 'eq', 'Köln')]],
  ])('%s', (where, filters) => {
    expect(filtersOf(where)).toEqual({ filters })
  })

  test('of a funnel stands before that of its step; without any there is no list', () => {
    expect(filtersOf('properties["a"] == 1', undefined, 'properties["b"] == 2')).toEqual({
      filters: [f('a', 'eq', 1), f('b', 'eq', 2)],
    })
    expect(filtersOf(undefined)).toEqual({})
  })

  test.each([
    ['properties["p"] == "a" or properties["q"] == "b"', 'joins different conditions by `or`', 'in ["a", "b"]'],
    ['properties["p"] == "a" or properties["p"] > 3', 'joins different conditions', 'in ["a", "b"]'],
    ['not (properties["p"] == "a" and properties["p"] == "b")', '`not` before `and`', 'in ["a", "b"]'],
    ['not (properties["p"] in ["a"] and properties["p"] in ["b"])', '`not` before `and`', 'in ["a", "b"]'],
    ['user["plan"] == "pro"', 'user["plan"] is of a profile', 'properties["plan"]'],
    ['event["time"] > 5', 'event["time"] is no property', 'properties["…"]'],
    ['properties["a"] == properties["b"]', 'they compare a stored property with a value', undefined],
    ['properties["a"] + 1 > 5', 'properties["a"] + 1 has to be worked out', undefined],
    ['string(properties["a"]) == "5"', 'string(properties["a"]) has to be worked out', undefined],
    ['has_prefix(properties["a"], "x")', 'has_prefix(properties["a"], "x") is nothing that a filter', undefined],
    ['properties["paid"]', 'may be neither true nor false', '== true'],
    ['not properties["paid"]', 'may be neither true nor false', '== true'],
    ['properties["paid"] != true', 'compares truth with `!=`', '== false'],
    ['properties["paid"] not in [true]', 'compares truth with `!=`', '== false'],
    ['properties["name"] >= "m"', 'orders text by >=', undefined],
    ['not (properties["age"] < 30)', 'stands after `not`, which also keeps events without', 'turn it round'],
    ['"a" not in list(properties["tags"])', 'what a list lacks', undefined],
    ['5 in properties["tags"]', 'is nothing that a filter', undefined],
    ['properties["p"] in []', 'lists nothing', undefined],
    ['true', 'true is nothing that a filter', undefined],
  ])('is refused where filters cannot say it: %s', (where, problem, remedy) => {
    const made = () => filtersOf(where)
    expect(made).toThrow(RefusedError)
    expect(made).toThrow(problem)
    try {
      made()
    } catch (error) {
      const told = (error as RefusedError).remedy
      if (remedy === undefined) expect(told).toBeUndefined()
      else expect(told).toContain(remedy)
    }
  })
})

describe('what splits or is added up', () => {
  test.each([
    ['user.id', 'user.id'],
    ['properties["item price"]', 'item price'],
  ])('is a property as it is stored: %s', (on, name) => {
    expect(plainProperty(on)).toBe(name)
  })

  test.each(['user["plan"]', 'number(properties["a"])', 'properties["a"] * 2'])('is not worked out: %s', (on) => {
    expect(() => plainProperty(on)).toThrow(RefusedError)
  })
})
