import * as z from 'zod'
import type { ExponeaCall } from '../call.ts'
import type { Outcome } from './answers.ts'
import { anyObject, countsFailed, failedOf, outcomeWith, taken } from './answers.ts'
import { itemId, properties, text } from './parameters.ts'

/** The vendor answers 400 where `count` and `skip` are more together: what lies behind is out of its reach. */
export const reachable = 1001
/** Items of a page unless said. */
const usualCount = 20
/** In one bulk request. */
const mostItems = 5000

export interface CatalogItem {
  readonly itemId: string
  readonly properties: Readonly<Record<string, unknown>>
}

const catalog_id = text
const item = { catalog_id, item_id: itemId }

/** A column, or its name alone. */
const field = z.union([
  text.transform((name) => ({ name })),
  z.strictObject({
    name: text,
    type: z.enum(['string', 'long text', 'number', 'boolean', 'date', 'datetime', 'duration', 'list', 'url', 'json']).optional(),
    /** Indexed, so that items can be looked up by it. */
    searchable: z.boolean().optional(),
  }),
])
const fields = z.array(field).min(1)

const searched = z.strictObject({
  catalog_id,
  /** Words of an item's id or properties. */
  query: text.optional(),
  /** The one column that `query` is looked for in; indexed columns only. */
  field: text.optional(),
  count: z.number().int().min(1).max(reachable).optional(),
  /** `price desc,name asc` */
  order: text.optional(),
})
const narrows: [(given: { field?: string | undefined; query?: string | undefined }) => boolean, string] = [
  ({ field: column, query }) => column === undefined || query !== undefined,
  '`field` says where `query` is looked for, and does nothing without it',
]

/** Parameters of `catalogItems` without the one that leads from page to page. */
export const allSearched = searched.refine(...narrows)

function manyItems<Item extends z.ZodType>(each: Item) {
  return z.strictObject({ catalog_id, items: z.array(each).min(1).max(mostItems) })
}

/** What became of one item of a bulk request. */
export interface ItemOutcome extends Outcome {
  /** Whether the vendor will do it; undefined where it does not say. */
  readonly queued: boolean | undefined
}

/** By the documentation the answer is the list itself, and "True" and "False" may be texts. */
const itemOutcomes = z
  .array(
    outcomeWith((given) => ({ queued: given['queued'] === undefined ? undefined : /^true$/i.test(String(given['queued'])) })),
  )
  .transform((results) => ({ failed: failedOf(results), results: results as readonly ItemOutcome[] }))

const write = { api: 'data', sends: 'json', answer: taken, budget: 60_000 } as const
const bulk = {
  api: 'data',
  sends: 'json',
  body: 'items',
  each: 'items',
  answer: itemOutcomes,
  budget: 120_000,
  ...countsFailed,
} as const

/** Catalogs: what is sold or shown, as tables of items. */
export const catalogCalls = {
  catalogCreate: {
    ...write,
    about: 'makes a catalog with its columns; answers its id',
    also: ['create_catalog'],
    method: 'POST',
    path: '/catalogs',
    parameters: z.strictObject({
      name: text,
      fields,
      /** Of products, which the app can map to their roles. */
      is_product_catalog: z.boolean().optional(),
    }),
    answer: z.object({ id: text }).transform(({ id }) => ({ id })),
  },
  catalogName: {
    about: 'the name of a catalog',
    also: ['get_catalog_name'],
    api: 'data',
    method: 'GET',
    path: '/catalogs/{catalog_id}',
    sends: 'query',
    parameters: z.strictObject({ catalog_id }),
    answer: z.object({ data: z.object({ id: text, name: z.string() }) }).transform(({ data }) => data),
    budget: 60_000,
  },
  catalogItems: {
    about: `one page of a catalog's items, ${usualCount} unless said; catalogItemsEach gives them all`,
    also: ['get_catalog_items'],
    api: 'data',
    method: 'GET',
    path: '/catalogs/{catalog_id}/items',
    sends: 'query',
    parameters: searched
      .extend({ skip: z.number().int().nonnegative().optional() })
      .refine(...narrows)
      .refine(
        ({ count = usualCount, skip = 0 }) => count + skip <= reachable,
        `\`count\` and \`skip\` are ${reachable} together at most; narrow the search by \`query\` and \`field\``,
      ),
    instead: { limit: 'write `count`', offset: 'write `skip`' },
    answer: z
      .object({
        data: z.array(
          z
            .object({ item_id: z.string(), properties: anyObject })
            .transform((given): CatalogItem => ({ itemId: given.item_id, properties: given.properties })),
        ),
        limit: z.number().int(),
        skip: z.number().int(),
        matched: z.number().int(),
        matched_limited: z.boolean().nullish(),
        total: z.number().int(),
      })
      .transform(({ data, limit, skip, matched, matched_limited, total }) => ({
        items: data as readonly CatalogItem[],
        limit,
        skip,
        /** Items that the search found. */
        matched,
        /** Deprecated: `matched` is but the least that there are. */
        matchedLimited: matched_limited ?? false,
        /** Items of the catalog. */
        total,
      })),
    exact: true,
    budget: 60_000,
  },
  catalogUpdate: {
    ...write,
    about: 'sets the name and the columns of a catalog; all columns that it has have to be among them',
    also: ['update_catalog_name'],
    method: 'PUT',
    path: '/catalogs/{catalog_id}',
    parameters: z.strictObject({ catalog_id, name: text, fields }),
  },
  catalogItemCreate: {
    ...write,
    about: 'makes an item, or replaces it: properties that are not given are gone',
    also: ['create_catalog_item'],
    method: 'PUT',
    path: '/catalogs/{catalog_id}/items/{item_id}',
    parameters: z.strictObject({ ...item, properties }),
  },
  catalogItemUpdate: {
    ...write,
    about: 'sets properties of an item and keeps its others',
    also: ['update_catalog_item'],
    method: 'POST',
    path: '/catalogs/{catalog_id}/items/{item_id}/partial-update',
    parameters: z.strictObject({
      ...item,
      properties,
      /** Makes the item where there is none. */
      upsert: z.boolean().optional(),
    }),
  },
  catalogItemsBulkReplace: {
    ...bulk,
    about: 'makes or replaces up to 5,000 items, each with an outcome of its own',
    method: 'PUT',
    path: '/catalogs/{catalog_id}/items',
    parameters: manyItems(z.strictObject({ item_id: text, properties })),
  },
  catalogItemsBulkUpdate: {
    ...bulk,
    about: 'sets properties of up to 5,000 items, each with an outcome of its own',
    method: 'POST',
    path: '/catalogs/{catalog_id}/items/partial-update',
    parameters: manyItems(z.strictObject({ item_id: text, properties, upsert: z.boolean().optional() })),
  },
  catalogItemsBulkDelete: {
    ...bulk,
    about: 'deletes up to 5,000 items by their ids, each with an outcome of its own',
    method: 'DELETE',
    path: '/catalogs/{catalog_id}/items/bulk-delete',
    parameters: manyItems(text),
  },
  catalogItemDelete: {
    ...write,
    about: 'deletes an item',
    also: ['delete_catalog_item'],
    method: 'DELETE',
    path: '/catalogs/{catalog_id}/items/{item_id}',
    sends: 'query',
    parameters: z.strictObject(item),
  },
  catalogItemsDelete: {
    ...write,
    about: 'deletes all items of a catalog; catalogItemsBulkDelete deletes some',
    also: ['delete_catalog_items'],
    method: 'DELETE',
    path: '/catalogs/{catalog_id}/items',
    sends: 'query',
    parameters: z.strictObject({
      catalog_id,
      /** Has to be said. */
      everything: z.literal(true, 'all items of the catalog are deleted: say `everything: true` if that is meant'),
    }),
    unsent: ['everything'],
    instead: { items: 'catalogItemsBulkDelete deletes some', item_id: 'catalogItemDelete deletes one' },
  },
  catalogDelete: {
    ...write,
    about: 'deletes a catalog with its items',
    also: ['delete_catalog'],
    method: 'DELETE',
    path: '/catalogs/{catalog_id}',
    sends: 'query',
    parameters: z.strictObject({ catalog_id }),
  },
} as const satisfies Record<string, ExponeaCall>
