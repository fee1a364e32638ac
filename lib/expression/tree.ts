/** A segmentation expression, read. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  /** `properties["country"]`: an event's own, a profile's (`user`), the event's frame (`event`), or a counted behavior. */
  | { readonly kind: 'property'; readonly of: PropertyHolder; readonly name: string }
  /** `NOW`: seconds since 1970, by the vendor's clock at the time of asking. */
  | { readonly kind: 'now' }
  | { readonly kind: 'call'; readonly function: FunctionName; readonly arguments: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: 'not' | '-'; readonly operand: Expression }
  | Binary

export interface Binary {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

export const propertyHolders = ['properties', 'user', 'event', 'behaviors'] as const
export type PropertyHolder = (typeof propertyHolders)[number]

/** A property that an expression reads. */
export type PropertyRead = Extract<Expression, { readonly kind: 'property' }>

/** What an expression reads, of whomever, in the order in which it stands there. */
export function readsOf(expression: Expression): PropertyRead[] {
  switch (expression.kind) {
    case 'literal':
    case 'now':
      return []
    case 'property':
      return [expression]
    case 'list':
      return expression.items.flatMap(readsOf)
    case 'call':
      return expression.arguments.flatMap(readsOf)
    case 'unary':
      return readsOf(expression.operand)
    case 'binary':
      return [expression.left, expression.right].flatMap(readsOf)
  }
}

/** What an expression may read; what else it can name depends on the call. */
export type Readable = PropertyHolder | 'NOW'

/**
 * What can be read where: of events (segmentation, funnels, retention, frequency, exports and pipelines) their own
 * properties, their frame and the profile of who did them; of people (engage), where `properties` are a profile's, the
 * behaviors that the call counts, and the vendor's clock.
 */
export const readable = {
  events: ['properties', 'user', 'event'],
  people: ['properties', 'user', 'behaviors', 'NOW'],
} as const satisfies Record<string, readonly Readable[]>

/** What an expression is for, which narrows what may stand in it. */
export interface ExpressionUse {
  /** What can be read where it is asked, as `readable` says; anything unless said. */
  readonly reads?: readonly Readable[]
  /** It chooses, so it has to be true or false; `on` and `of` may be any value. */
  readonly condition?: boolean
}

/**
 * The functions, and how many arguments each takes. `list` is not in the vendor's grammar, but in what its own report
 * builder wrote: `"x" in list(properties["tags"])`.
 */
export const functions = {
  boolean: 1,
  number: 1,
  string: 1,
  list: 1,
  floor: 1,
  round: 1,
  ceil: 1,
  defined: 1,
  datetime: 1,
  has_prefix: 2,
} as const
export type FunctionName = keyof typeof functions

/** How tightly operators bind: as in Python, since the vendor does not say. `not` stands between `and` and comparisons. */
export const levels = {
  or: 1,
  and: 2,
  '==': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  in: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
} as const
export type BinaryOperator = keyof typeof levels

/** How tightly a word binds; 0 of what is no operator between two values. */
export function levelOf(word: string): number {
  return Object.hasOwn(levels, word) ? levels[word as BinaryOperator] : 0
}

export function isComparison(operator: BinaryOperator): boolean {
  return levels[operator] === levels.in
}

/**
 * What is wrong with a text, where (UTF-16 units from 0), and what could stand there instead. Without a suggestion nothing
 * says the same, or something is only too much, and the problem says what to do.
 */
export interface ExpressionProblem {
  readonly problem: string
  readonly position: number
  readonly suggestion?: string | undefined
}
