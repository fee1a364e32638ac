import type { Body, Field, Operation } from './operation.ts'
import {
  atMost,
  bodyOf,
  dayInWords,
  inQuery,
  integer,
  jsonObject,
  jsonTexts,
  may,
  must,
  oneOf,
  text,
  texts,
  truth,
} from './operation.ts'

const place = [must('project_id', integer), may('workspace_id', integer)]
const days = [must('from_date', text, dayInWords), must('to_date', text, dayInWords)]
const onWhere = [may('on', text), may('where', text)]
const onLimit = [may('on', text), may('limit', integer)]
const event = must('event', text)
const property = must('name', text)
const limit = may('limit', integer)
const topLimit = may('limit', integer, atMost(10_000))
const counted = oneOf('general', 'unique', 'average')
const periods = oneOf('day', 'week', 'month')
const hourOrDay = oneOf('hour', 'day')
const eventPeriod = [must('unit', oneOf('minute', 'hour', 'day', 'week', 'month')), may('interval', integer)]
const format = may('format', oneOf('json', 'csv'))
const form = 'application/x-www-form-urlencoded'

function get(path: string, ...fields: readonly Field[]): Operation {
  return { file: 'query', method: 'GET', path, parameters: inQuery(...place, ...fields) }
}

function post(path: string, body?: Body): Operation {
  return { file: 'query', method: 'POST', path, parameters: inQuery(...place), ...(body === undefined ? {} : { body }) }
}

function numeric(path: string, ...fields: readonly Field[]): Operation {
  return get(path, event, ...days, must('on', text), may('unit', hourOrDay), may('where', text), ...fields)
}

export const queryOperations: readonly Operation[] = [
  get('/insights', must('bookmark_id', integer)),
  get(
    '/funnels',
    must('funnel_id', integer),
    ...days,
    may('length', integer),
    may('length_unit', oneOf('day', 'hour', 'minute', 'second')),
    may('interval', integer),
    may('unit', periods),
    ...onWhere,
    topLimit,
  ),
  get('/funnels/list'),
  get(
    '/retention',
    ...days,
    may('retention_type', oneOf('birth', 'compounded')),
    may('born_event', text),
    may('event', text),
    may('born_where', text),
    may('where', text),
    may('interval', integer),
    may('interval_count', integer),
    may('unit', periods),
    may('unbounded_retention', truth),
    ...onLimit,
  ),
  get(
    '/retention/addiction',
    ...days,
    must('unit', periods),
    must('addiction_unit', hourOrDay),
    may('event', text),
    may('where', text),
    ...onLimit,
  ),
  get(
    '/segmentation',
    event,
    ...days,
    ...onWhere,
    may('unit', oneOf('minute', 'hour', 'day', 'month')),
    may('interval', integer),
    topLimit,
    may('type', counted),
    may('format', oneOf('csv')),
  ),
  numeric('/segmentation/numeric', may('type', counted)),
  numeric('/segmentation/sum'),
  numeric('/segmentation/average'),
  get('/stream/query', must('distinct_ids', text, jsonTexts), ...days),
  post('/cohorts/list'),
  post(
    '/engage',
    bodyOf(
      form,
      false,
      may('distinct_id', text),
      may('distinct_ids', text, jsonTexts),
      may('data_group_id', text),
      may('where', text),
      may('output_properties', texts, jsonTexts),
      may('session_id', text),
      may('page', integer),
      may('behaviors', integer),
      may('as_of_timestamp', integer),
      may('filter_by_cohort', text, jsonObject),
      may('include_all_users', truth),
    ),
  ),
  get('/events', must('event', text, jsonTexts), must('type', counted), ...eventPeriod, ...days, format),
  get('/events/top', must('type', counted), limit),
  get('/events/names', must('type', counted), limit),
  get(
    '/events/properties',
    event,
    property,
    may('values', texts, jsonTexts),
    must('type', counted),
    ...eventPeriod,
    ...days,
    format,
    limit,
  ),
  get('/events/properties/top', event, limit),
  get('/events/properties/values', event, property, limit),
  post('/jql', bodyOf(form, false, must('script', text), may('params', { type: 'string', format: 'blob' }, jsonObject))),
]
