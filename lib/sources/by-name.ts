import { UsageError } from '../errors.ts'

/**
 * What a table has by a name that nobody checked. Throws UsageError: with what is said of the name in `others`, else that
 * the vendor has no such call.
 */
export function byName<Table extends object>(
  vendor: string,
  table: Table,
  name: string,
  others: Readonly<Record<string, string>> = {},
): Table[keyof Table] {
  if (Object.hasOwn(table, name)) return table[name as keyof Table]
  throw new UsageError(Object.hasOwn(others, name) ? `${vendor} ${name} ${others[name]}` : `${vendor} has no call "${name}"`)
}
