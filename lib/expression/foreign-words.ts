import { closest } from '../closest.ts'
import type { PropertyHolder } from './tree.ts'
import { functions, propertyHolders } from './tree.ts'

/** What is not there stands as an ellipsis. */
const ellipsis = 'properties["…"]'

type Form = (first: string, second: string, third: string) => string

const form = {
  part: (whole, part) => `${part} in ${whole}`,
  prefix: (whole, part) => `has_prefix(${whole}, ${part})`,
  spelling: (first) => `${first} in ["…", "…"]`,
  between: (first, low, high) => `${first} >= ${low} and ${first} <= ${high}`,
  number: (first) => `number(${first})`,
  string: (first) => `string(${first})`,
  boolean: (first) => `boolean(${first})`,
  list: (first) => `list(${first})`,
  floor: (first) => `floor(${first})`,
  ceil: (first) => `ceil(${first})`,
  defined: (first) => `defined(${first})`,
  unset: (first) => `not defined(${first})`,
  datetime: (first) => `datetime(${first})`,
  now: () => 'NOW',
} satisfies Record<string, Form>

/** Functions of other languages by what they are called, in small letters without `_`. */
const foreignFunctions: ReadonlyMap<string, Form> = new Map(
  Object.entries({
    part: 'contains contain includes include indexof strpos like ilike rlike match matches regex regexp endswith hassuffix suffix',
    prefix: 'startswith startwith beginswith prefix',
    spelling: 'lower lowercase tolower tolowercase upper uppercase toupper touppercase trim strip',
    between: 'between',
    number: 'int integer float double decimal num numeric tonumber toint tofloat parseint parsefloat',
    string: 'str text tostring totext char varchar',
    boolean: 'bool tobool toboolean',
    list: 'array tolist toarray',
    floor: 'trunc truncate rounddown',
    ceil: 'ceiling roundup',
    defined: 'isset exists has hasproperty isdefined isnotnull notnull',
    unset: 'isnull undefined isundefined notset isnotset notdefined missing',
    datetime: 'date time timestamp todate todatetime totimestamp strptime',
    now: 'now today currenttimestamp getdate',
  } satisfies Record<keyof typeof form, string>).flatMap(([key, names]) =>
    names.split(' ').map((name): [string, Form] => [name, form[key as keyof typeof form]]),
  ),
)

/** What says the same as a function that does not exist, with its arguments; undefined where nothing is near. */
export function functionInstead(name: string, given: readonly string[]): string | undefined {
  const [first = ellipsis, second = '"…"', third = '…'] = given
  const known = foreignFunctions.get(name.toLowerCase().replaceAll('_', ''))
  if (known !== undefined) return known(first, second, third)
  const near = closest(name, Object.keys(functions))
  if (near === undefined) return undefined
  return near === 'has_prefix' ? form.prefix(first, second) : `${near}(${first})`
}

/** How a function is called, for one that was called with other arguments. */
export function exampleOf(name: keyof typeof functions, given: readonly string[]): string {
  const [first = ellipsis, second = '"…"'] = given
  if (name === 'has_prefix') return form.prefix(first, second)
  return name === 'datetime' ? `datetime(${dateOf(given)})` : `${name}(${first})`
}

/** `2024, 1, 1` as the vendor writes a time. */
function dateOf(given: readonly string[]): string {
  const [year = '', month = '1', day = '1', ...clock] = given
  if (!/^\d{4}$/.test(year) || ![month, day, ...clock].every((part) => /^\d{1,2}$/.test(part)) || given.length < 2) {
    return given.length === 1 ? year : '"2026-01-31T00:00:00"'
  }
  const two = (part: string) => part.padStart(2, '0')
  const [hour = '0', minute = '0', second = '0'] = clock
  return `"${year}-${two(month)}-${two(day)}T${[hour, minute, second].map(two).join(':')}"`
}

/** Operators that are words in other languages. */
const foreignOperators: ReadonlyMap<string, Form> = new Map(
  Object.entries({
    '': 'contains contain includes include containing like ilike rlike matches match regexp has ends endswith',
    has_prefix: 'startswith starts beginswith begins',
    between: 'between',
    '==': 'is equals equal eq',
    '!=': 'isnt ne neq',
    '>': 'gt above after',
    '>=': 'gte ge',
    '<': 'lt below before',
    '<=': 'lte le',
    '%': 'mod',
    '/': 'div',
  }).flatMap(([operator, names]) => names.split(' ').map((name): [string, Form] => [name, operatorForm(operator)])),
)

function operatorForm(operator: string): Form {
  if (operator === '') return form.part
  if (operator === 'has_prefix') return form.prefix
  return operator === 'between' ? form.between : (left, right) => `${left} ${operator} ${right}`
}

export function isForeignOperator(name: string): boolean {
  return foreignOperators.has(name.toLowerCase().replaceAll('_', ''))
}

/** What says the same as an operator that does not exist, between what stands around it. */
export function operatorInstead(name: string, left: string, right: readonly string[]): string {
  const [first = '"…"', second = '…'] = right
  return foreignOperators.get(name.toLowerCase().replaceAll('_', ''))?.(left, first, second) ?? `${left} == ${first}`
}

/** A word for a value that is not there. */
export function isNothing(name: string): boolean {
  return ['null', 'undefined', 'none', 'nil', 'nan'].includes(name.toLowerCase())
}

const holderOf: ReadonlyMap<string, PropertyHolder> = new Map(
  Object.entries({
    properties: 'property props prop eventproperties eventproperty superproperties',
    user: 'users userproperties userproperty people person profile profiles',
    event: 'events',
    behaviors: 'behavior behaviour behaviours',
  } satisfies Record<PropertyHolder, string>).flatMap(([holder, names]) =>
    names.split(' ').map((name): [string, PropertyHolder] => [name, holder as PropertyHolder]),
  ),
)

/** What `prop["x"]` or `Properties["x"]` was meant to read. */
export function holderInstead(name: string): PropertyHolder {
  const known = holderOf.get(name.toLowerCase().replaceAll('_', ''))
  return known ?? propertyHolders.find((holder) => holder === closest(name, propertyHolders)) ?? 'properties'
}
