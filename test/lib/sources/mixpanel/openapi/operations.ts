import { annotationOperations } from './annotation-operations.ts'
import type { File, Operation } from './operation.ts'
import { atMost, dayInWords, inQuery, integer, jsonTexts, may, must, oneOf, text, truth } from './operation.ts'
import { pipelineOperations } from './pipeline-operations.ts'
import { queryOperations } from './query-operations.ts'

/**
 * What Mixpanel's OpenAPI files say of requests (mixpanel/docs, folder openapi, 2026-08-21; ingestion aside), typed anew:
 * names, types, allowed values, what is required. `compare.ts` holds it against a checkout of theirs.
 */
export const operations: readonly Operation[] = [
  ...queryOperations,
  ...annotationOperations,
  {
    file: 'export',
    method: 'GET',
    path: '/export',
    parameters: [
      ...inQuery(
        may('project_id', integer),
        must('from_date', text, dayInWords),
        must('to_date', text, dayInWords),
        may('limit', integer, atMost(100_000)),
        may('event', text, jsonTexts),
        may('where', text),
        may('time_in_ms', truth),
      ),
      { in: 'header', ...may('Accept-Encoding', oneOf('gzip')) },
    ],
  },
  ...pipelineOperations,
]

/** The two ways in that the files know of. Both are Basic; a project secret has no password. */
export type Way = 'ServiceAccount' | 'ProjectSecret'

interface Api {
  /** In us, eu and in. */
  readonly servers: readonly string[]
  readonly ways: readonly Way[]
}

const regionsOf = (path: string) => ['mixpanel', 'eu.mixpanel', 'in.mixpanel'].map((region) => `https://${region}.com${path}`)
const dataServers = ['data', 'data-eu', 'data-in'].map((server) => `https://${server}.mixpanel.com/api/2.0`)

export const apis: Readonly<Record<File, Api>> = {
  query: { servers: regionsOf('/api/query'), ways: ['ServiceAccount', 'ProjectSecret'] },
  annotations: { servers: regionsOf('/api/app'), ways: ['ServiceAccount'] },
  export: { servers: dataServers, ways: ['ProjectSecret'] },
  'data-pipelines': { servers: dataServers, ways: ['ServiceAccount', 'ProjectSecret'] },
}
