type DuckDB = typeof import('@duckdb/node-api')
type Value = import('@duckdb/node-api').DuckDBValue

/** One value: for people and CSV, and as JSON; both are the same of a number. SQL NULL is null. */
export type Cell = { readonly text: string; readonly json: string } | null

export type CellWriter = (value: Value, isJson: boolean) => Cell

/**
 * Writes what DuckDB gives: times as DuckDB prints them, whole numbers with all of their digits, lists, structs and maps as
 * JSON. What is no number (NaN, Infinity) is null in JSON, and said as it is to people.
 */
export function cellWriter(duckdb: DuckDB): CellWriter {
  // The session's zone, in which it prints times; the library goes by that of the machine.
  duckdb.DuckDBTimestampTZValue.timezoneOffsetInMinutes = 0

  function json(value: Value): string {
    if (value === null || value === undefined) return 'null'
    if (typeof value === 'string') return JSON.stringify(value)
    if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
    if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
    if (value instanceof duckdb.DuckDBDecimalValue) return value.toString()
    if (value instanceof duckdb.DuckDBListValue || value instanceof duckdb.DuckDBArrayValue) {
      return `[${value.items.map(json).join(',')}]`
    }
    if (value instanceof duckdb.DuckDBStructValue) return object(Object.entries(value.entries))
    if (value instanceof duckdb.DuckDBMapValue) return object(value.entries.map(({ key, value }) => [plain(key), value]))
    if (value instanceof duckdb.DuckDBUnionValue) return json(value.value)
    return JSON.stringify(String(value))
  }
  function object(entries: readonly (readonly [string, Value])[]): string {
    return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${json(value)}`).join(',')}}`
  }
  function plain(value: Value): string {
    if (typeof value === 'string') return value
    const isNested =
      value instanceof duckdb.DuckDBListValue ||
      value instanceof duckdb.DuckDBArrayValue ||
      value instanceof duckdb.DuckDBStructValue ||
      value instanceof duckdb.DuckDBMapValue ||
      value instanceof duckdb.DuckDBUnionValue
    return isNested ? json(value) : String(value)
  }

  return (value, isJson) => {
    if (value === null || value === undefined) return null
    const text = plain(value)
    // No text of JSON holds a line break as it is.
    return { text, json: isJson && isValid(text) ? text.replaceAll(/[\r\n]/g, ' ') : json(value) }
  }
}

/** DuckDB takes NaN for JSON, and others do not. */
function isValid(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
