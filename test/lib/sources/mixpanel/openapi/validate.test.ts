import { expect, test } from 'vitest'
import type { Recorded } from './recorder.ts'
import { judge } from './validate.ts'

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const json = { 'content-type': 'application/json' }

function request(method: string, path: string, rest: Partial<Recorded> = {}): Recorded {
  const headers = { authorization: basic('account:secret'), ...rest.headers }
  return { method, path, query: '', body: '', ...rest, headers }
}

const place = 'project_id=1&'
const days = 'from_date=2026-11-02&to_date=2026-11-15'
const create = 'type=gcs-raw&from_date=2026-10-01&gcs_bucket=b&gcs_region=us-east1'
const annotations = '/api/app/projects/1/annotations'
const pipelines = '/api/2.0/nessie/pipeline'

test.each([
  request('GET', '/api/query/funnels', { query: `${place}workspace_id=9&funnel_id=7&${days}&length=3&unit=week` }),
  request('GET', '/api/query/stream/query', { query: `${place}${days}&distinct_ids=${encodeURIComponent('["a","ü"]')}` }),
  request('GET', '/api/2.0/export', {
    query: `${days}&time_in_ms=true`,
    headers: { authorization: basic('secret:'), 'accept-encoding': 'gzip' },
  }),
  request('POST', annotations, { headers: json, body: '{"date":"2026-11-02 08:00:00","description":"x","tags":[1]}' }),
  request('GET', `${annotations}/17`),
  request('GET', `${annotations}/tags`),
  request('POST', `${pipelines}/create`, { headers: form, body: `${create}&events=a&events=b` }),
  request('GET', `${pipelines}/status`, { query: `${place}name=a&status=failed&status=running` }),
])('a request that the files have: $method $path', (recorded) => {
  expect(judge(recorded).problems).toEqual([])
})

test.each<[string, Recorded]>([
  ['GET /api/query/funnel: no such operation', request('GET', '/api/query/funnel')],
  ['POST /api/query/funnels/list: no such operation', request('POST', '/api/query/funnels/list')],
  ['GET /funnels/list project_id: missing', request('GET', '/api/query/funnels/list')],
  ['GET /funnels/list project_id: must be integer', request('GET', '/api/query/funnels/list', { query: 'project_id=a1' })],
  ['GET /funnels/list project_id: sent 2 times', request('GET', '/api/query/funnels/list', { query: `${place}project_id=1` })],
  ['GET /funnels/list on: not documented', request('GET', '/api/query/funnels/list', { query: `${place}on=x` })],
  [
    'GET /funnels/list without a way in',
    request('GET', '/api/query/funnels/list', { query: place, headers: { authorization: 'Bearer x' } }),
  ],
  ['GET /funnels/list body: not documented', request('GET', '/api/query/funnels/list', { query: place, body: 'a=1' })],
  [
    'GET /events/top type: must be equal to one of the allowed values',
    request('GET', '/api/query/events/top', { query: `${place}type=uniques` }),
  ],
  [
    'GET /funnels to_date: must match format "date"',
    request('GET', '/api/query/funnels', { query: `${place}funnel_id=7&from_date=2026-02-01&to_date=2026-02-30` }),
  ],
  [
    'GET /funnels limit: must be <= 10000',
    request('GET', '/api/query/funnels', { query: `${place}funnel_id=7&${days}&limit=10001` }),
  ],
  [
    'GET /stream/query distinct_ids: must be array',
    request('GET', '/api/query/stream/query', { query: `${place}${days}&distinct_ids=a` }),
  ],
  [
    'GET /retention unbounded_retention: must be boolean',
    request('GET', '/api/query/retention', { query: `${place}${days}&unbounded_retention=True` }),
  ],
  ['GET /export ServiceAccount: no way in', request('GET', '/api/2.0/export', { query: days })],
  [
    'GET /export Accept-Encoding: must be equal to one of the allowed values',
    request('GET', '/api/2.0/export', { query: days, headers: { authorization: basic('secret:'), 'accept-encoding': 'br' } }),
  ],
  ['GET /projects/{projectId}/annotations/{annotationId} annotationId: must be number', request('GET', `${annotations}/last`)],
  ['POST /projects/{projectId}/annotations body: missing', request('POST', annotations)],
  [
    'POST /projects/{projectId}/annotations tags: must be array',
    request('POST', annotations, { headers: json, body: '{"tags":1}' }),
  ],
  [
    'POST /projects/{projectId}/annotations body: application/x-www-form-urlencoded in lieu of application/json',
    request('POST', annotations, { headers: form, body: 'description=x' }),
  ],
  [
    String.raw`POST /projects/{projectId}/annotations date: must match pattern "^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"`,
    request('POST', annotations, { headers: json, body: '{"date":"2026-11-02"}' }),
  ],
  ['POST /jql script: missing', request('POST', '/api/query/jql', { query: place, headers: form, body: 'params={}' })],
  [
    'POST /jql params: must be object',
    request('POST', '/api/query/jql', { query: place, headers: form, body: 'script=x&params=1' }),
  ],
  [
    'POST /nessie/pipeline/create s3 body: no shape s3',
    request('POST', `${pipelines}/create`, { headers: form, body: 'type=s3' }),
  ],
  [
    'POST /nessie/pipeline/create gcs-raw sync: not documented',
    request('POST', `${pipelines}/create`, { headers: form, body: `${create}&sync=true` }),
  ],
  [
    'POST /nessie/pipeline/create gcs-raw gcs_bucket: missing',
    request('POST', `${pipelines}/create`, { headers: form, body: create.replace('gcs_bucket', 'gcs_prefix') }),
  ],
  [
    'POST /nessie/pipeline/edit body: fits several of the shapes, of which oneOf wants one',
    request('POST', `${pipelines}/edit`, { headers: form, body: 'name=a&azure_client_id=c' }),
  ],
  [
    'POST /nessie/pipeline/edit glue_role: not documented',
    request('POST', `${pipelines}/edit`, { headers: form, body: 'name=a&bq_share_with_group=b&glue_role=c' }),
  ],
  [
    String.raw`POST /nessie/pipeline/create gcs-raw events/0: must match pattern "^(?!\s*\[)"`,
    request('POST', `${pipelines}/create`, { headers: form, body: `${create}&events=["a","b"]` }),
  ],
  [
    'GET /nessie/pipeline/status status/1: must be equal to one of the allowed values',
    request('GET', `${pipelines}/status`, { query: `${place}name=a&status=failed&status=succeeded` }),
  ],
])('%s', (problem, recorded) => {
  expect(judge(recorded).problems).toEqual([problem])
})
