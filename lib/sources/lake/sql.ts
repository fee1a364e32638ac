/** A piece of SQL. What users wrote gets into it through `text` alone. */
export type Sql = string

/** A text of any characters as a literal. DuckDB ends a statement at U+0000, so that one is spelled out. */
export function text(value: string): Sql {
  const parts = value.split('\u0000').map((part) => `'${part.replaceAll("'", "''")}'`)
  return parts.length === 1 ? (parts[0] as Sql) : `(${parts.join(' || chr(0) || ')})`
}

export function number(value: number): Sql {
  return `'${value}'::double`
}

export function allOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? 'true' : conditions.join(' and ')
}

export function anyOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? 'false' : `(${conditions.join(' or ')})`
}

/**
 * How values are read. A property is kept as its JSON text: SQL NULL where the event lacks it (undefined), the text `null`
 * where it is null. DuckDB also reads NaN and Infinity, which are no JSON: they are no numbers here either.
 */
export const macros: readonly Sql[] = [
  `create macro json_text(j) as case when starts_with(j, '"') then json_extract_string(j, '$') end`,
  `create macro json_number(j) as case when ascii(j) between 48 and 57 or (ascii(j) = 45 and j <> '-Infinity')
    then nullif(nullif(try_cast(j as double), 'inf'::double), '-inf'::double) end`,
  `create macro json_truth(j) as case j when 'true' then true when 'false' then false end`,
  `create macro json_id(j) as case when starts_with(j, '"') then json_extract_string(j, '$') when j <> 'null' then j end`,
  `create macro number_name(n) as regexp_replace((n + 0)::varchar, '\\.0$', '')`,
  `create macro json_name(j) as case when j is null or j = 'null' then 'undefined'
    when starts_with(j, '"') then json_extract_string(j, '$') when ends_with(j, '.0') then left(j, -2) else j end`,
]
