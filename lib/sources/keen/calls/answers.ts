import * as z from 'zod'
import { DataError } from '../../../errors.ts'
import { isObject, parseExactly, parseToSendBack } from '../../../exact-json.ts'

/** What answers of several calls are made of. */

/** An object as it came. z.record and z.object leave out a key __proto__. */
export const anyObject = z.custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object').meta({ type: 'object' })

/** One value of a metric: of a stretch of time where there is an `interval`, of a group where there is a `group_by`. */
export interface Row {
  readonly timeframe?: { readonly start: string; readonly end: string }
  /** By the names of the properties as the vendor has them: dots stay. */
  readonly group?: Readonly<Record<string, unknown>>
  /** A number or null; of select_unique a list; of multi_analysis an object from each label to one of these. */
  readonly value: unknown
}

/** What decides the shape of a result: the parameters that it was asked with. */
export interface Shape {
  readonly group_by?: unknown
  readonly interval?: unknown
  /** Of multi_analysis. */
  readonly analyses?: unknown
  /** `select_unique` gives lists; every other metric numbers. */
  readonly analysis_type?: unknown
}

/**
 * The rows of a result, of a saved query or any other, as the vendor's seven shapes hold them. Throws DataError where the
 * result is of another shape than was asked for, and where a group has a property that is called as the value is.
 */
export function rowsOf(result: unknown, shape: Shape): readonly Row[] {
  const parsed = rowsSchema(shape).safeParse(result)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  throw new DataError(`the result does not fit what was asked${where} (${issue?.message})`)
}

/**
 * The times of all buckets of a result with an `interval`, in its order, those too in which no group is and that have no
 * row. Throws DataError where it has none.
 */
export function timesOf(result: unknown): readonly NonNullable<Row['timeframe']>[] {
  const parsed = z.array(z.object({ timeframe })).safeParse(result)
  if (parsed.success) return parsed.data.map((bucket) => bucket.timeframe)
  throw new DataError('the result is no list of intervals')
}

/** What a whole answer parses into rows with. */
export function rowsIn(shape: Shape): z.ZodType<readonly Row[]> {
  return z.object({ result: rowsSchema(shape) }).transform(({ result }) => result)
}

/** The properties of a `group_by`, in its order: of a name, an object with buckets, or a list of these. */
export function groupNames(group_by: unknown): readonly string[] {
  if (group_by === undefined || group_by === null) return []
  return [group_by].flat().flatMap((each: unknown) => {
    if (typeof each === 'string') return [each]
    return isObject(each) && typeof each['property_name'] === 'string' ? [each['property_name']] : []
  })
}

/** What a group's row calls the value of a metric. */
export const valueKey = 'result'

/** Digits that `exact` keeps are those of a sum, which is a number all the same. */
const digits = z
  .string()
  .regex(/^-?\d{16,}$/)
  .transform(Number)
const number = z.union([z.number(), z.null(), digits], 'expected a number or null')
const list = z.array(z.unknown(), 'expected a list')
const timeframe = z.object({ start: z.string(), end: z.string() })

function rowsSchema(shape: Shape): z.ZodType<readonly Row[]> {
  const { group_by, interval } = shape
  const names = groupNames(group_by)
  const rows = names.length === 0 ? valueSchema(shape).transform((value): Row[] => [{ value }]) : groupsOf(names, shape)
  if (interval === undefined || interval === null) return rows
  return z
    .array(z.object({ timeframe, value: rows }), 'expected a list of intervals')
    .transform((buckets) =>
      buckets.flatMap(({ timeframe: time, value }) => value.map((row): Row => ({ timeframe: time, ...row }))),
    )
}

/** What stands where a value does; of several metrics an object that may hold more. */
function valueSchema(shape: Shape): z.ZodType {
  const labels = labelsOf(shape)
  if (labels === undefined) return shape.analysis_type === 'select_unique' ? list : number
  return anyObject.transform((own, context) => {
    const values = labels.map(([label, kind]) => {
      const { data, error } = kind.safeParse(Object.hasOwn(own, label) ? own[label] : null)
      for (const issue of error?.issues ?? []) context.addIssue({ code: 'custom', message: issue.message, path: [label] })
      return [label, data]
    })
    return Object.fromEntries(values)
  })
}

function groupsOf(names: readonly string[], shape: Shape): z.ZodType<Row[]> {
  const labels = labelsOf(shape)?.map(([label]) => label)
  const keys = labels ?? [valueKey]
  const twice = names.find((name) => keys.includes(name))
  const row = anyObject.transform((own, context): Row => {
    if (twice !== undefined) {
      context.addIssue({ code: 'custom', message: `${twice} is the group's and the value's name` })
    }
    const { data: value, error } = valueSchema(shape).safeParse(labels === undefined ? own[valueKey] : own)
    for (const { message, path } of error?.issues ?? []) {
      context.addIssue({ code: 'custom', message, path: labels === undefined ? [valueKey, ...path] : path })
    }
    const group = Object.fromEntries(Object.entries(own).filter(([key]) => !keys.includes(key)))
    return { group: Object.keys(group).length < names.length ? withNulls(group, names) : group, value }
  })
  return z.array(row, 'expected a list of groups')
}

/** Events without the property are in the group null. */
function withNulls(group: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries([...names.map((name) => [name, null]), ...Object.entries(group)])
}

/** The labels of a multi_analysis with what each may be; undefined of other metrics. */
function labelsOf({ analyses }: Shape): [string, z.ZodType][] | undefined {
  if (!isObject(analyses)) return undefined
  return Object.entries(analyses).map(([label, analysis]) => [
    label,
    isObject(analysis) && analysis['analysis_type'] === 'select_unique' ? list.nullable() : number,
  ])
}

function jsonBy(parse: (text: string) => unknown) {
  return z.string().transform((text, context): unknown => {
    if (text.trim() === '') return undefined
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      context.addIssue({ code: 'custom', message: 'not JSON', input: text })
      return z.NEVER
    }
  })
}

/**
 * A text that is JSON, read like any answer with `exact`, or nothing at all: the vendor answers some calls with a status
 * alone.
 */
export const jsonOrNothing = jsonBy(parseExactly)
/** The same for what is changed and sent back whole: an id in a filter has to stay the number that it is. */
export const jsonToSendBack = jsonBy(parseToSendBack)

/** What calls that delete answer with. */
export const deleted = jsonOrNothing.transform(() => ({ deleted: true as const }))
