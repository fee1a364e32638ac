import * as z from 'zod'
import { isObject } from '../../../exact-json.ts'
import type { KeenCall } from '../call.ts'
import { anyObject, deleted } from './answers.ts'
import { text } from './parameters.ts'
import { timeframe } from './timeframes.ts'

/** Cached datasets: queries whose answers the vendor works out ahead, for each value of some properties. */

const dataset = z
  .object({
    dataset_name: z.string(),
    display_name: z.string().nullish(),
    query: anyObject,
    index_by: z.union([z.string().transform((one) => [one]), z.array(z.string())]),
    last_scheduled_date: z.string().nullish(),
    latest_subtimeframe_available: z.string().nullish(),
    milliseconds_behind: z.number().nullish(),
  })
  .transform((own) => ({
    name: own.dataset_name,
    displayName: own.display_name ?? undefined,
    query: own.query,
    indexBy: own.index_by,
    lastScheduledDate: own.last_scheduled_date ?? undefined,
    latestSubtimeframeAvailable: own.latest_subtimeframe_available ?? undefined,
    millisecondsBehind: own.milliseconds_behind ?? undefined,
  }))
export type Dataset = z.output<typeof dataset>

const list = z
  .object({ datasets: z.array(dataset), next_page_url: z.string().nullish(), count: z.number().int().nullish() })
  .transform(({ datasets, next_page_url, count }) => ({
    datasets,
    /** The `after_name` of the next page; undefined where this is the last. */
    nextAfter: afterIn(next_page_url),
    /** Of all pages. */
    count: count ?? undefined,
  }))

function afterIn(address: string | null | undefined): string | undefined {
  if (typeof address !== 'string' || !URL.canParse(address)) return undefined
  return new URL(address).searchParams.get('after_name') ?? undefined
}

/** A value of the one property that the dataset is indexed by, or an object with a value of each. */
const index = z.union([
  text,
  z
    .custom<Readonly<Record<string, unknown>>>((given) => isObject(given) && Object.keys(given).length > 0, 'names no property')
    .meta({
      type: 'object',
    }),
])

const named = z.strictObject({ dataset_name: text })
const reading = { method: 'GET', sends: 'query', exact: true, key: 'read', timeout: 'get', budget: 320_000 } as const
const writing = { key: 'master', timeout: 'post', budget: 320_000 } as const

export const datasetCalls = {
  datasets: {
    ...reading,
    about: 'the cached datasets, a page at a time',
    also: ['cached_datasets.all'],
    path: '/datasets',
    parameters: z.strictObject({ limit: z.number().int().min(1).optional(), after_name: text.optional() }),
    answer: list,
  },
  dataset: {
    ...reading,
    about: 'one cached dataset: its query, and how far it has been worked out',
    also: ['cached_datasets.get'],
    path: '/datasets/{dataset_name}',
    parameters: named,
    answer: dataset,
  },
  datasetResults: {
    ...reading,
    about: 'what a cached dataset has for a value of its index; `result` has the shape that its query gives',
    also: ['cached_datasets.results'],
    path: '/datasets/{dataset_name}/results',
    parameters: z.strictObject({ dataset_name: text, index_by: index, timeframe }),
    answer: z.object({ result: z.unknown() }),
  },
  datasetCreate: {
    ...writing,
    about: 'has the vendor work out a query ahead',
    also: ['cached_datasets.create'],
    method: 'PUT',
    path: '/datasets/{dataset_name}',
    sends: 'json',
    parameters: z.strictObject({
      dataset_name: z.string().regex(/^[\w-]+$/, 'the name of a dataset has letters, digits, - and _ only'),
      display_name: text,
      query: anyObject,
      index_by: z.union([text.transform((one) => [one]), z.array(text).min(1)]),
    }),
    exact: true,
    answer: dataset,
  },
  datasetDelete: {
    ...writing,
    about: 'deletes a cached dataset; the events stay',
    also: ['cached_datasets.delete'],
    method: 'DELETE',
    path: '/datasets/{dataset_name}',
    sends: 'query',
    parameters: named,
    answer: deleted,
    bare: true,
  },
} as const satisfies Record<string, KeenCall>
