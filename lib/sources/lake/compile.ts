import { RefusedError } from '../../errors.ts'
import type { Expression } from '../../expression.ts'
import { orRefuse, parseExpression, printExpression, propertyOf, readsOf } from '../../expression.ts'
import type { Sql } from './sql.ts'
import { anyOf, number, text } from './sql.ts'

/** The column that holds a property's JSON text. */
export type ColumnOf = (property: string) => Sql

/**
 * What a value may be: SQL for each type, NULL where the value is not of that type, and no key where it never is.
 * `json` is a property's own text, with the lists, objects and nulls that no operator reads. Each operator uses each of
 * an operand's parts once, so SQL grows with the expression and no faster.
 */
interface Value {
  readonly number?: Sql
  readonly text?: Sql
  readonly truth?: Sql
  readonly json?: Sql
}

/** The expression that `where` is. Throws RefusedError where it does not parse. */
export function whereExpression(where: string): Expression {
  return orRefuse(where, parseExpression(where))
}

/** The expression that `on` or `of` is. Throws RefusedError where it does not parse. */
export function propertyExpression(on: string): Expression {
  return orRefuse(on, propertyOf(on))
}

/** The properties of events that an expression reads. */
export function propertiesIn(expression: Expression): string[] {
  return readsOf(expression).flatMap(({ of, name }) => (of === 'properties' ? [name] : []))
}

/** True or false for each event; what is undefined is false. Throws RefusedError for what a lake cannot evaluate. */
export function conditionSql(expression: Expression, column: ColumnOf): Sql {
  return `coalesce(${part('truth', expression, column, 'is neither true nor false; compare it with something')}, false)`
}

/** A number, or NULL where the value is none. Throws RefusedError for what a lake cannot evaluate. */
export function numberSql(expression: Expression, column: ColumnOf): Sql {
  return part('number', expression, column, 'is never a number')
}

/** The name of the segment that an event is in: never NULL. Throws RefusedError for what a lake cannot evaluate. */
export function nameSql(expression: Expression, column: ColumnOf): Sql {
  const value = valuesOf(expression, column)
  return value.json === undefined ? `coalesce(${textParts(value).join(', ')}, 'undefined')` : `json_name(${value.json})`
}

function part(type: keyof Value, expression: Expression, column: ColumnOf, otherwise: string): Sql {
  return valuesOf(expression, column)[type] ?? refuse(expression, otherwise)
}

function refuse(expression: Expression, why: string, remedy?: string): never {
  throw new RefusedError(`${printExpression(expression)} ${why}`, { remedy })
}

function valuesOf(expression: Expression, column: ColumnOf): Value {
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression
      if (typeof value === 'string') return { text: text(value) }
      return typeof value === 'number' ? { number: number(value) } : { truth: String(value) }
    }
    case 'list':
      return refuse(expression, 'is a list; one stands after `in` only')
    case 'property': {
      if (expression.of !== 'properties') return refuse(expression, 'is not in a lake: it holds events and their properties')
      const json = column(expression.name)
      return { number: `json_number(${json})`, text: `json_text(${json})`, truth: `json_truth(${json})`, json }
    }
    case 'now':
      return refuse(
        expression,
        'is the time of asking, which says nothing of what a lake keeps',
        'the timeframe says which times are meant',
      )
    case 'call':
      return callOf(expression, column)
    case 'unary':
      return expression.operator === '-'
        ? { number: `(-${numberSql(expression.operand, column)})` }
        : notOf(expression.operand, column)
    case 'binary':
      return binaryOf(expression, column)
  }
}

function callOf(call: Extract<Expression, { kind: 'call' }>, column: ColumnOf): Value {
  const [first, second] = call.arguments as [Expression, Expression | undefined]
  const value = valuesOf(first, column)
  switch (call.function) {
    case 'floor':
    case 'round':
    case 'ceil':
      return { number: `${call.function}(${numberSql(first, column)})` }
    case 'number': {
      const decimal = `try_cast(regexp_extract(${value.text}, '^-?[0-9]+(?:\\.[0-9]+)?$') as double)`
      const parts = [value.number, value.text && decimal, value.truth && `(${value.truth})::double`]
      return { number: `coalesce(${parts.filter((sql) => sql !== undefined).join(', ')})` }
    }
    case 'string':
      return { text: `coalesce(${textParts(value).join(', ')})` }
    case 'boolean': {
      // Mixpanel's page on data types: "false", 0, null, empty and not set are false, all else is true.
      const parts = [
        value.truth,
        value.number && `(${value.number} <> 0)`,
        value.text && `(${value.text} not in ('', 'false'))`,
        value.json && `(${value.json} <> 'null')`,
      ]
      return { truth: `coalesce(${[...parts.filter((sql) => sql !== undefined), 'false'].join(', ')})` }
    }
    case 'defined': {
      // Null is "not set" here as it is where segments are named.
      if (value.json !== undefined) return { truth: `coalesce(${value.json} <> 'null', false)` }
      return { truth: anyOf(Object.values(value).map((sql) => `${sql} is not null`)) }
    }
    case 'has_prefix': {
      const prefix = valuesOf(second as Expression, column)
      if (value.text === undefined || prefix.text === undefined) return refuse(call, 'compares what is never text')
      return { truth: `starts_with(${value.text}, ${prefix.text})` }
    }
    case 'list':
      return refuse(call, 'cannot be looked into: a lake reads no lists')
    case 'datetime':
      return refuse(call, 'cannot be asked of a lake', 'the timeframe says which times are meant')
  }
}

function textParts(value: Value): Sql[] {
  const parts = [value.text, value.number && `number_name(${value.number})`, value.truth && `(${value.truth})::varchar`]
  return parts.filter((sql) => sql !== undefined)
}

/** Undefined becomes true, and what is neither true nor false undefined. */
function notOf(operand: Expression, column: ColumnOf): Value {
  const value = valuesOf(operand, column)
  if (value.truth === undefined) return refuse(operand, 'is neither true nor false, so `not` cannot stand before it')
  if (value.json === undefined) return { truth: `coalesce(not ${value.truth}, true)` }
  return { truth: `case when ${value.json} is null then true else not ${value.truth} end` }
}

function binaryOf(expression: Extract<Expression, { kind: 'binary' }>, column: ColumnOf): Value {
  const { operator } = expression
  if (operator === 'and' || operator === 'or') {
    return {
      truth: `(${chainOf(expression)
        .map((operand) => truthOf(operand, column))
        .join(` ${operator} `)})`,
    }
  }
  const left = valuesOf(expression.left, column)
  if (operator === 'in' && expression.right.kind === 'list') return { truth: listedSql(left, expression.right.items) }
  const right = valuesOf(expression.right, column)
  const both = (type: 'number' | 'text', make: (left: Sql, right: Sql) => Sql): Sql | undefined =>
    left[type] === undefined || right[type] === undefined ? undefined : make(left[type], right[type])

  switch (operator) {
    case '==':
      return { truth: equalSql(left, right) }
    case '!=':
      return { truth: `(not ${equalSql(left, right)})` }
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const compare = (a: Sql, b: Sql) => `${a} ${operator} ${b}`
      const parts = [both('number', compare), both('text', compare)].filter((sql) => sql !== undefined)
      if (parts.length === 0) return refuse(expression, 'compares what is never of one type')
      return { truth: `coalesce(${parts.join(', ')})` }
    }
    case 'in': {
      const truth = both('text', (part, whole) => `contains(${whole}, ${part})`)
      return truth === undefined ? refuse(expression, 'looks for what is never text, or in it') : { truth }
    }
    case '+': {
      const sum = both('number', (a, b) => `(${a} + ${b})`)
      const joined = both('text', (a, b) => `(${a} || ${b})`)
      if (sum === undefined && joined === undefined) return refuse(expression, 'adds what is never of one type')
      return { ...(sum === undefined ? {} : { number: sum }), ...(joined === undefined ? {} : { text: joined }) }
    }
    default: {
      const divides = operator === '/' || operator === '%'
      const result = both('number', (a, b) => `(${a} ${operator} ${divides ? `nullif(${b}, 0)` : b})`)
      return result === undefined ? refuse(expression, 'calculates with what is never a number') : { number: result }
    }
  }
}

/** The operands of `a and b and c`, side by side. */
function chainOf(expression: Extract<Expression, { kind: 'binary' }>): Expression[] {
  const { operator, left, right } = expression
  return left.kind === 'binary' && left.operator === operator ? [...chainOf(left), right] : [left, right]
}

/** Mixpanel fails where an operand is neither true nor false, so one that may be anything is not taken. */
function truthOf(operand: Expression, column: ColumnOf): Sql {
  if (operand.kind === 'property') {
    const asked = printExpression(operand)
    return refuse(operand, 'may be neither true nor false', `write ${asked} == true, or boolean(${asked})`)
  }
  return conditionSql(operand, column)
}

/** Undefined equals nothing, not even undefined. */
function equalSql(left: Value, right: Value): Sql {
  const types = ['number', 'text', 'truth', 'json'] as const
  const parts = types.map((type) => left[type] && right[type] && `coalesce(${left[type]} = ${right[type]}, false)`)
  return anyOf(parts.filter((sql) => sql !== undefined))
}

function listedSql(left: Value, items: readonly Expression[]): Sql {
  const listed = (type: 'number' | 'text' | 'truth'): Sql[] => {
    const own = items.map((item) => {
      if (item.kind !== 'literal') return refuse(item, 'stands in a list; a list holds numbers, texts, true and false')
      return valuesOf(item, () => '')[type]
    })
    const found = own.filter((sql) => sql !== undefined)
    return left[type] === undefined || found.length === 0 ? [] : [`coalesce(${left[type]} in (${found.join(', ')}), false)`]
  }
  return anyOf([...listed('number'), ...listed('text'), ...listed('truth')])
}
