/** A segmentation expression, read. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  /** `properties["country"]`: an event's own, a profile's (`user`), the event's frame (`event`), or a counted behavior. */
  | { readonly kind: 'property'; readonly of: PropertyHolder; readonly name: string }
  | { readonly kind: 'call'; readonly function: FunctionName; readonly arguments: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: 'not' | '-'; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }

export const propertyHolders = ['properties', 'user', 'event', 'behaviors'] as const
export type PropertyHolder = (typeof propertyHolders)[number]

/** The functions, and how many arguments each takes. */
export const functions = {
  boolean: 1,
  number: 1,
  string: 1,
  floor: 1,
  round: 1,
  ceil: 1,
  defined: 1,
  datetime: 1,
  has_prefix: 2,
} as const
export type FunctionName = keyof typeof functions

export type BinaryOperator = 'or' | 'and' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*' | '/' | '%'

/** What is wrong with a text, where (UTF-16 units from 0), and what could stand there instead. */
export interface ExpressionProblem {
  readonly problem: string
  readonly position: number
  readonly suggestion?: string
}
