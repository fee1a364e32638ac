import { closest } from '../closest.ts'
import type { PropertyHolder } from './tree.ts'
import { functions, propertyHolders } from './tree.ts'

/** What is not there stands as an ellipsis. */
const ellipsis = 'properties["…"]'

type Form = (first: string, second: string, third: string) => string | undefined

/** A pattern without the signs of its ends, and which of those are open. */
interface Pattern {
  readonly text: string
  readonly opens: boolean
  readonly ends: boolean
}

function readLike(pattern: string): Pattern {
  return { text: pattern.replace(/^%/, '').replace(/%$/, ''), opens: pattern.startsWith('%'), ends: pattern.endsWith('%') }
}

function readRegular(pattern: string): Pattern {
  const text = pattern.replace(/^\^|^\.\*/, '').replace(/\$$|\.\*$/, '')
  return { text, opens: !pattern.startsWith('^'), ends: !pattern.endsWith('$') }
}

/** What finds the texts of a pattern, given as it is printed; undefined where it has signs (`special`) within. */
function matching(whole: string, printed: string, special: RegExp, read: (pattern: string) => Pattern): string | undefined {
  if (!printed.startsWith('"') || printed === '"…"') return form.part(whole, printed)
  const { text, opens, ends } = read(printed.slice(1, -1))
  if (special.test(text)) return undefined
  if (text === '' && (opens || ends)) return form.defined(whole)
  const part = `"${text}"`
  if (opens) return form.part(whole, part)
  return ends ? form.prefix(whole, part) : `${whole} == ${part}`
}

const form = {
  part: (whole, part) => `${part} in ${whole}`,
  prefix: (whole, part) => `has_prefix(${whole}, ${part})`,
  like: (whole, pattern) => matching(whole, pattern, /%/, readLike),
  regular: (whole, pattern) => matching(whole, pattern, /[\\^$.*+?()[\]{}|]/, readRegular),
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
    part: 'contains contain includes include indexof strpos endswith hassuffix suffix',
    like: 'like ilike',
    regular: 'rlike match matches regex regexp',
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

function plainly(name: string): string {
  return name.toLowerCase().replaceAll('_', '')
}

/** Whether a function changes how a text is spelled. */
export function isSpelling(name: string): boolean {
  return foreignFunctions.get(plainly(name)) === form.spelling
}

/** Whether a function gives one value or another. */
export function isChoice(name: string): boolean {
  return ['if', 'iff', 'iif', 'case', 'coalesce', 'ifnull', 'nullif', 'nvl'].includes(name.toLowerCase())
}

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
    part: 'contains contain includes include containing has ends endswith',
    like: 'like ilike',
    regular: 'rlike matches match regexp',
    prefix: 'startswith starts beginswith begins',
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
  const known: Readonly<Record<string, Form>> = form
  return known[operator] ?? ((left, right) => `${left} ${operator} ${right}`)
}

export function isForeignOperator(name: string): boolean {
  return foreignOperators.has(name.toLowerCase().replaceAll('_', ''))
}

/** The same; undefined where a pattern says more than can be said here. */
export function operatorInstead(name: string, left: string, right: readonly string[]): string | undefined {
  const [first = '"…"', second = '…'] = right
  const known = foreignOperators.get(plainly(name))
  return known === undefined ? `${left} == ${first}` : known(left, first, second)
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
