type Values = Readonly<Record<string, unknown>>

/** What Mixpanel's export says of each event among its properties. A name that is given has no other meaning in the line. */
export interface EventFrame {
  /** Seconds since 1970, with a fraction. */
  readonly time: number
  /** Undefined where nobody can say who it was. */
  readonly distinct_id?: string | number | undefined
  readonly $insert_id?: string | undefined
}

/** One event as a line of Mixpanel's export, so that a lake reads the events of any vendor. */
export function eventLine(
  event: string,
  own: Values,
  frame: EventFrame,
): { readonly event: string; readonly properties: Values } {
  return { event, properties: valuesBeside(own, { ...frame }) }
}

/**
 * What a vendor keeps of somebody or something, with values added that are ours. Its own value of a name that we add is kept
 * as `$own_<name>`, without the `$` that the name may begin with: nothing is lost.
 */
export function valuesBeside(own: Values, added: Values): Values {
  // Object.fromEntries keeps a key __proto__.
  return Object.fromEntries([
    ...Object.entries(own).map(([name, value]) => [nameBeside(name, own, added), value] as const),
    ...Object.entries(added),
  ])
}

function nameBeside(name: string, own: Values, added: Values): string {
  let kept = name
  while (Object.hasOwn(added, kept) || (kept !== name && Object.hasOwn(own, kept))) kept = `$own_${kept.replace(/^\$/, '')}`
  return kept
}
