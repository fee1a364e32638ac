import type { CallName, MixpanelOptions, ParametersOf } from '../../../../../lib/sources/mixpanel/client.ts'
import type { ExportParameters } from '../../../../../lib/sources/mixpanel/export.ts'
import { olderPipelines, pipelineRequests } from './pipeline-requests.ts'

const range = { from_date: '2026-11-02', to_date: '2026-11-15' }
const day = { from_date: '2026-11-09', to_date: '2026-11-09' }
const event = 'Größe "ändern" & mehr=1'
const on = 'properties["país"]'
const where = 'properties["$os"] == "iOS" and not (properties["plan"] in ["a+b", "c%20"])'

export type Name = CallName | 'export'
type Given<Own extends CallName> = ParametersOf<Own> & { readonly format?: 'json' | 'csv' }

/** For each call, parameters that together use all that it takes. */
export const requests: { readonly [Own in CallName]: readonly Given<Own>[] } & { readonly export: readonly ExportParameters[] } =
  {
    events: [
      { event: [event, 'b'], type: 'unique', unit: 'week', interval: 4, format: 'csv' },
      { event, type: 'general', unit: 'minute', ...day },
    ],
    eventsTop: [{ type: 'average', limit: 100 }],
    eventsNames: [
      { type: 'general', limit: 255 },
      { type: 'unique', ...range },
    ],
    eventProperties: [
      {
        event,
        name: 'país & "x"',
        values: ['ES', 'ü&=+'],
        type: 'average',
        unit: 'month',
        interval: 2,
        limit: 255,
        format: 'csv',
      },
      { event, name: '$city', type: 'general', unit: 'hour', ...day },
    ],
    propertiesTop: [{ event, limit: 10 }],
    propertiesValues: [
      { event, name: 'país & "x"', limit: 255 },
      { event, name: '$city', bucket: '5' },
    ],
    segmentation: [
      { event, ...day, on, where, unit: 'minute', type: 'general', limit: 10_000, format: 'csv' },
      { event, ...range, interval: 7, type: 'unique' },
    ],
    segmentationNumeric: [
      { event, ...range, on, where, unit: 'hour', type: 'average' },
      { event, ...range, on, buckets: 12 },
    ],
    segmentationSum: [{ event, ...range, on, where, unit: 'hour' }],
    segmentationAverage: [{ event, ...range, on, where, unit: 'day' }],
    segmentationMultiseg: [
      {
        event,
        ...range,
        inner: on,
        outer: 'properties["plan"]',
        where,
        type: 'unique',
        unit: 'month',
        limit: 50,
        action: 'average',
        buckets: 12,
        allow_more_buckets: true,
      },
    ],
    funnel: [
      { funnel_id: '7509', ...range, length: 90, length_unit: 'day', interval: 7, on, where, limit: 10_000 },
      { funnel_id: 7509, ...range, unit: 'week' },
    ],
    funnelsList: [{}],
    retention: [
      {
        ...range,
        retention_type: 'birth',
        born_event: event,
        event: 'Viewed',
        born_where: where,
        where,
        interval: 90,
        interval_count: 3,
        unit: 'day',
        unbounded_retention: true,
        on,
        limit: 10_000,
      },
      { ...range, retention_type: 'compounded', unit: 'month', unbounded_retention: false },
    ],
    frequency: [
      { ...range, unit: 'week', addiction_unit: 'day', event, where, on, limit: 50 },
      { ...range, unit: 'day', addiction_unit: 'hour' },
    ],
    insights: [{ bookmark_id: '17' }],
    insightsQuery: [{ bookmark: { sections: { show: [] } }, queryLimits: { limit: 50_000 } }],
    savedFunnel: [{ funnel_id: '7509' }, { funnel_id: '7509', ...range }],
    savedRetention: [{ bookmark_id: '17' }],
    savedFlows: [{ bookmark_id: '17', query_type: 'flows_sankey' }],
    cohortsList: [{}],
    engage: [
      {
        where,
        output_properties: ['$email', 'ü "&="'],
        session_id: '1234567890-EXAMPL',
        page: 2,
        page_size: 5000,
        data_group_id: '42',
        filter_by_cohort: { id: 12345 },
        include_all_users: false,
      },
      { distinct_ids: ['ü 1&2', 'b'], page: 0 },
      { distinct_id: 'ü 1&2' },
      { behaviors: [{ window: '30d', name: 'behavior_1', event_selectors: [{ event }] }], as_of_timestamp: 1_793_000_000 },
    ],
    activityStream: [{ distinct_ids: ['ü 1&2', 'b'], ...range }],
    jql: [
      { script: 'function main() { return Events(params) }', params: { from_date: '2026-11-02', event: { ü: '&=+' } } },
      { script: 'main' },
    ],
    annotations: [{ fromDate: '2026-11-02', toDate: '2026-11-15' }, {}],
    annotation: [{ id: '17' }],
    annotationsCreate: [{ date: '2026-11-02 08:00:00', description: 'Größe "neu"', tags: [3, 4] }],
    annotationsUpdate: [
      { id: 17, description: 'Größe "alt"' },
      { id: '17', tags: [3] },
    ],
    annotationsDelete: [{ id: '17' }],
    annotationTags: [{}],
    annotationTagsCreate: [{ name: 'Preis & "mehr"' }],
    export: [
      { ...range, event: [event, 'b'], where, limit: 100_000, time_in_ms: true },
      { ...range, event },
    ],
    ...pipelineRequests,
  }

export interface Asked {
  readonly name: Name
  readonly parameters: object
  readonly options?: Partial<MixpanelOptions>
}

const bySecret = { credential: async () => JSON.stringify({ project_secret: '0123456789abcdef0123456789abcdef' }) }
const inDataView = { workspace: '99' }

/** What the credential and the data view add, on each host. */
export const waysIn: readonly Asked[] = [
  { name: 'funnelsList', parameters: {}, options: bySecret },
  { name: 'pipelinesJobs', parameters: {}, options: bySecret },
  { name: 'pipelinesPause', parameters: { name: 'a' }, options: bySecret },
  { name: 'export', parameters: range, options: bySecret },
  { name: 'annotations', parameters: {}, options: inDataView },
  { name: 'pipelinesJobs', parameters: {}, options: inDataView },
  { name: 'pipelinesPause', parameters: { name: 'a' }, options: inDataView },
  { name: 'export', parameters: range, options: inDataView },
]

export const olderForms: readonly Asked[] = olderPipelines.map((parameters) => ({ name: 'pipelinesCreate', parameters }))
