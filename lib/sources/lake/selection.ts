import type { Events } from './client.ts'
import { conditionSql, nameSql, propertiesIn, propertyExpression, whereExpression } from './compile.ts'
import type { Sql } from './sql.ts'
import { text } from './sql.ts'

/** Whether an event is one of those named; `any` is each. */
export function eventSql(event: string | readonly string[]): Sql {
  return event === 'any' ? 'true' : `event in (${[event].flat().map(text).join(', ')})`
}

/** Whether an event meets a question's condition. Throws RefusedError for what a lake cannot evaluate. */
export function whereSql(where: string | undefined, column: Events['column']): Sql {
  return where === undefined ? 'true' : conditionSql(whereExpression(where), column)
}

/** The segment that an event is in, never NULL; NULL where nothing is split. Throws RefusedError for what a lake cannot evaluate. */
export function segmentSql(on: string | undefined, column: Events['column']): Sql {
  return on === undefined ? 'null::varchar' : nameSql(propertyExpression(on), column)
}

/** The properties that conditions and splits read. */
export function propertiesRead(where: string | undefined, ...properties: readonly (string | undefined)[]): string[] {
  const given = properties.filter((property) => property !== undefined)
  return [...given.map(propertyExpression), ...(where === undefined ? [] : [whereExpression(where)])].flatMap(propertiesIn)
}
