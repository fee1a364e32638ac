import * as z from 'zod'
import { DataError } from '../../errors.ts'
import type { Http, HttpOptions, ListPart, Opened } from '../../http.ts'
import { readList } from '../../http.ts'
import { redactJson } from '../../redact.ts'
import type { WithCredential } from '../credential.ts'
import type { CallWords } from '../source.ts'
import type { Access, Credential } from './access.ts'
import { accessFor } from './access.ts'
import type { ExponeaCall } from './call.ts'
import { prepare } from './call.ts'
import type { AttributeKind } from './calls/customers.ts'
import { attribute, attributeTypes } from './calls/customers.ts'
import { evaluated, text } from './calls/parameters.ts'

const wholeBase = {
  about: 'all customers one after the other, as one long answer of the vendor',
  api: 'data',
  method: 'POST',
  path: '/customers/export',
  sends: 'json',
  parameters: z.strictObject({
    /** All ids and properties unless said. */
    attributes: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('properties_and_ids') }),
        z.strictObject({ type: z.literal('some'), list: z.array(attribute).min(1) }),
      ])
      .optional(),
    /** All customers unless said. */
    filter: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('all') }),
        z.strictObject({
          type: z.literal('segment'),
          segmentation_id: text,
          /** From 0; -1 is whoever is in no segment. */
          segment_index: z.number().int().min(-1),
        }),
      ])
      .optional(),
    ...evaluated,
  }),
  // Until the answer begins.
  budget: 300_000,
} as const satisfies Omit<ExponeaCall, 'answer'>

/** Silence that an answer of many customers may have. */
const idle = 300_000

export type CustomersAsked = z.input<typeof wholeBase.parameters>

/** What `broadsheet call` says of it. */
export const exportCalls = {
  customersEach: { about: wholeBase.about, parameters: wholeBase.parameters },
} as const satisfies Record<string, CallWords>

type Values = Readonly<Record<string, unknown>>

/** A customer of the whole base. A kind that was not asked for has no key; what a customer has not is null. */
export type Customer = { readonly [Kind in 'ids' | 'properties']: Values } & {
  readonly [Kind in Exclude<AttributeKind, 'ids' | 'properties'> | 'consents']?: Values
}

export interface Exports {
  /**
   * In the vendor's order, read as they come. Throws UnavailableError, after the customers that came, where the answer
   * breaks off: what was given is then not all. Memory stays flat, unless the vendor says after all rows what their
   * columns are. Stopping early closes it.
   */
  customersEach(parameters?: CustomersAsked, signal?: AbortSignal): AsyncGenerator<Customer, void>
}

interface ExportOptions {
  readonly http: Pick<Http, 'open'>
  readonly classify: HttpOptions['classify']
  readonly withCredential: WithCredential<Credential>
  readonly addressOf: (call: Pick<ExponeaCall, 'api'>, path: string) => string
}

export function createExports({ http, classify, withCredential, addressOf }: ExportOptions): Exports {
  return {
    async *customersEach(parameters = {}, signal) {
      const { path, content } = prepare('customersEach', wholeBase, parameters)
      const { opened, parts, first, judge } = await withCredential(accessFor, ({ headers, secrets }) => {
        const { method, budget } = wholeBase
        const json = { ...(content as object), format: 'native_json' }
        return begin({ method, url: addressOf(wholeBase, path), json, headers, secrets, repeatable: true, budget, idle, signal })
      })
      try {
        yield* rowsOf(opened, first, parts, judge)
      } finally {
        await parts.return()
      }
    },
  }

  /** Up to the first rows, because an answer that is an error begins like a good one. */
  async function begin(asked: Parameters<Http['open']>[0] & Pick<Access, 'secrets'>) {
    const opened = await http.open(asked)
    const parts = readList(opened, 'data')
    const judge = (head: ListPart['head']) => {
      const json = redactJson(head, asked.secrets)
      const failure = classify({ ...opened, json, text: JSON.stringify(json) })
      if (failure !== undefined) throw failure
    }
    try {
      const first = await parts.next()
      if (first.done !== true && first.value.head['success'] === false) judge(first.value.head)
      // An answer without rows is all there.
      if (first.done !== true && first.value.items.length === 0) judge(first.value.head)
      return { opened, parts, first, judge }
    } catch (error) {
      await parts.return()
      throw error
    }
  }
}

async function* rowsOf(
  { call, requestId }: Pick<Opened, 'call' | 'requestId'>,
  first: IteratorResult<ListPart, void>,
  parts: AsyncGenerator<ListPart, void>,
  judge: (head: ListPart['head']) => void,
): AsyncGenerator<Customer, void> {
  const broken = (what: string) => new DataError(`${call}: ${what}`, { requestId })
  let toCustomer: ((row: unknown, number: number) => Customer) | undefined
  let held: unknown[] = []
  let count = 0
  for (let next = first; next.done !== true; next = await parts.next()) {
    const { items, head } = next.value
    const isLast = items.length === 0
    if (isLast) {
      judge(head)
      if (!Array.isArray(head['data'])) throw broken('the answer has no `data`')
    }
    if (head['fields'] !== undefined) toCustomer ??= rowReader(head['fields'], broken)
    for (const item of items) held.push(item)
    if (toCustomer === undefined) {
      if (isLast && held.length > 0) throw broken('the answer does not say what its columns are')
      continue
    }
    const rows = held
    held = []
    for (const row of rows) {
      count += 1
      yield toCustomer(row, count)
    }
  }
}

const fieldList = z.array(
  z.object({ type: z.string(), id: z.string().optional(), property: z.string().optional(), category: z.string().optional() }),
)

const kinds = new Map<string, AttributeKind | 'consents'>([
  ...Object.entries(attributeTypes).map(([kind, type]) => [type, kind as AttributeKind] as const),
  ['consent', 'consents'],
])

/** Reads rows by what stands at each position, in whatever order the kinds come. No error quotes a row: it is a person. */
function rowReader(fields: unknown, broken: (what: string) => DataError): (row: unknown, number: number) => Customer {
  const parsed = fieldList.safeParse(fields)
  if (!parsed.success) throw broken('`fields` does not say what the columns are')
  const columns = parsed.data.map(({ type, id, property, category }, at) => {
    const kind = kinds.get(type)
    const name = property ?? id ?? category
    if (kind === undefined || name === undefined) throw broken(`column ${at + 1} is of no known kind ("${type}")`)
    return { kind, name }
  })
  const present = new Set<AttributeKind | 'consents'>(['ids', 'properties', ...columns.map(({ kind }) => kind)])
  const groups = [...present].map((kind) => ({
    kind,
    cells: columns.flatMap((column, at) => (column.kind === kind ? [{ name: column.name, at }] : [])),
  }))
  return (row, number) => {
    if (!Array.isArray(row) || row.length !== columns.length) {
      throw broken(`row ${number} does not have the ${columns.length} cells that \`fields\` says`)
    }
    // Object.fromEntries keeps a key __proto__.
    return Object.fromEntries(
      groups.map(({ kind, cells }) => [kind, Object.fromEntries(cells.map(({ name, at }) => [name, row[at]]))]),
    ) as unknown as Customer
  }
}
