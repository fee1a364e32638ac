import { describe, expect, test } from 'vitest'
import { CredentialError, DataError, RefusedError } from '../../../../../lib/errors.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import { exchange } from './exchange.ts'
import { whyNot } from './query-door.ts'

const path = '/api/app/projects/1234567/annotations'

/** As public clients recorded two, with what the documentation adds. */
const launch = {
  date: '2023-01-15T12:00:00+01:00',
  description: 'Größe "neu" 🚀',
  id: 1_138_193,
  project_id: 1_234_567,
  user: { id: 3_440_095, first_name: 'Ada', last_name: 'Lovelace' },
  tags: [{ id: 12, name: 'release', project_id: 1_234_567 }],
}
const outage = {
  date: '2023-01-13 12:00:00',
  description: 'test123',
  id: 1_138_196,
  user: { id: 3_440_095, first_name: '', last_name: '' },
}
const readLaunch = {
  id: '1138193',
  date: '2023-01-15T12:00:00+01:00',
  description: 'Größe "neu" 🚀',
  user: { id: '3440095', name: 'Ada Lovelace' },
  tags: [{ id: 12, name: 'release' }],
}
const readOutage = {
  id: '1138196',
  date: '2023-01-13 12:00:00',
  description: 'test123',
  user: { id: '3440095', name: '' },
  tags: [],
}
const ok = (results: unknown) => ({ status: 'ok', results })
const json = { 'content-type': 'application/json', accept: 'application/json' }

describe('each call sends just its request and reads the answer', () => {
  test.each<[CallName, object, Expected, unknown]>([
    [
      'annotations',
      { fromDate: '2023-01-01', toDate: '2023-01-31' },
      { path, query: { fromDate: '2023-01-01', toDate: '2023-01-31' }, answer: { body: ok([launch, outage]) } },
      [readLaunch, readOutage],
    ],
    ['annotations', {}, { path, answer: { body: ok([]) } }, []],
    ['annotations', { toDate: '2023-01-31' }, { path, query: { toDate: '2023-01-31' }, answer: { body: ok([]) } }, []],
    ['annotation', { id: 1_138_193 }, { path: `${path}/1138193`, answer: { body: ok(launch) } }, readLaunch],
    [
      'annotation',
      { id: '7' },
      { path: `${path}/7`, answer: { body: ok({ ...outage, user: null, tags: null }) } },
      { ...readOutage, user: undefined },
    ],
    [
      'annotationsCreate',
      { date: '2023-01-15 12:00:00', description: 'Größe "neu" 🚀', tags: [12] },
      {
        method: 'POST',
        path,
        headers: json,
        json: { date: '2023-01-15 12:00:00', description: 'Größe "neu" 🚀', tags: [12] },
        answer: { status: 201, body: ok(launch) },
      },
      readLaunch,
    ],
    [
      'annotationsUpdate',
      { id: 1_138_196, description: 'test123', tags: [] },
      {
        method: 'PATCH',
        path: `${path}/1138196`,
        headers: json,
        json: { description: 'test123', tags: [] },
        answer: { body: ok(outage) },
      },
      readOutage,
    ],
    [
      'annotationsDelete',
      { id: '1138196' },
      { method: 'DELETE', path: `${path}/1138196`, answer: { body: ok({ id: 1_138_196 }) } },
      { id: '1138196' },
    ],
    [
      'annotationsDelete',
      { id: '1138196' },
      { method: 'DELETE', path: `${path}/1138196`, answer: { status: 204 } },
      { id: undefined },
    ],
    [
      'annotationTags',
      {},
      { path: `${path}/tags`, answer: { body: [{ id: 12, name: 'release', project_id: 1, has_annotations: true }] } },
      [{ id: 12, name: 'release', used: true }],
    ],
    [
      'annotationTags',
      {},
      { path: `${path}/tags`, answer: { body: ok([{ id: 12, name: 'release' }]) } },
      [{ id: 12, name: 'release', used: undefined }],
    ],
    [
      'annotationTagsCreate',
      { name: 'Preis & "mehr"' },
      {
        method: 'POST',
        path: `${path}/tags`,
        headers: json,
        json: { name: 'Preis & "mehr"' },
        answer: { body: { id: 13, name: 'Preis & "mehr"', project_id: 1, has_annotations: false } },
      },
      { id: 13, name: 'Preis & "mehr"', used: false },
    ],
    [
      'annotationTagsCreate',
      { name: 'x' },
      { method: 'POST', path: `${path}/tags`, json: { name: 'x' }, answer: { status: 201, body: ok({ id: 13, name: 'x' }) } },
      { id: 13, name: 'x', used: undefined },
    ],
  ])('%s %j', async (call, parameters, expected, answer) => {
    expect(await exchange(call, parameters, expected)).toEqual(answer)
  })
})

const words = { date: '2023-01-15 12:00:00', description: 'x' }
test.each<[CallName, object, RegExp]>([
  ['annotations', { fromDate: '2023-02-01', toDate: '2023-01-31' }, /fromDate lies after toDate/],
  ['annotations', { fromDate: '2023-02-29' }, /`fromDate`/],
  ['annotations', { from_date: '2023-01-01' }, /there is no parameter `from_date`/],
  ['annotation', {}, /`id`/],
  ['annotation', { id: '7/tags' }, /digits only/],
  ['annotation', { id: -7 }, /`id`/],
  ['annotationsCreate', { ...words, date: '2023-01-15' }, /2026-11-09 08:00:00/],
  ['annotationsCreate', { ...words, date: '2023-01-15T12:00:00' }, /2026-11-09 08:00:00/],
  ['annotationsCreate', { ...words, date: '2023-02-29 12:00:00' }, /no such day/],
  ['annotationsCreate', { ...words, date: '2023-01-15 24:00:00' }, /no such day/],
  ['annotationsCreate', { ...words, description: '' }, /`description`/],
  ['annotationsCreate', { date: words.date }, /`description`/],
  ['annotationsCreate', { ...words, tags: ['release'] }, /`tags\[0\]` is a number, not text/],
  ['annotationsCreate', { ...words, tags: 12 }, /`tags`/],
  ['annotationsUpdate', { id: 7 }, /give a description or tags/],
  ['annotationsUpdate', { id: 7, ...words }, /date of an annotation cannot change; annotationsMove/],
  ['annotationsUpdate', { id: 7, description: 'x', text: 'y' }, /there is no parameter `text`/],
  ['annotationsUpdate', { description: 'x' }, /`id`/],
  ['annotationsDelete', { id: 'all' }, /digits only/],
  ['annotationTags', { name: 'x' }, /there is no parameter `name`/],
  ['annotationTagsCreate', { name: '' }, /`name`/],
])('%s is not sent with %j', async (call, parameters, why) => {
  expect(await whyNot(call, parameters)).toMatch(why)
})

test.each<[CallName, object, Expected]>([
  ['annotations', {}, { path, answer: { body: [launch] } }],
  ['annotations', {}, { path, answer: { body: ok([{ ...launch, id: undefined }]) } }],
  ['annotations', {}, { path, answer: { body: '{"results":[{"id":9007199254740993,"date":"x","description":"x"}]}' } }],
  ['annotation', { id: 7 }, { path: `${path}/7`, answer: { body: ok({ ...launch, description: null }) } }],
  ['annotation', { id: 7 }, { path: `${path}/7`, answer: { body: ok({ ...launch, tags: ['release'] }) } }],
  ['annotationsCreate', words, { method: 'POST', path, json: words, answer: { status: 201, body: { status: 'ok' } } }],
  ['annotationsDelete', { id: 7 }, { method: 'DELETE', path: `${path}/7`, answer: { body: ok('7') } }],
  ['annotationsDelete', { id: 7 }, { method: 'DELETE', path: `${path}/7`, answer: { body: '{"results":' } }],
  ['annotationTags', {}, { path: `${path}/tags`, answer: { body: ok([{ id: 'x', name: 'x' }]) } }],
  [
    'annotationTagsCreate',
    { name: 'x' },
    { method: 'POST', path: `${path}/tags`, json: { name: 'x' }, answer: { body: { name: 'x' } } },
  ],
])('%s of another shape is damaged data', async (call, parameters, expected) => {
  await expect(exchange(call, parameters, expected)).rejects.toThrow(DataError)
})

test.each([
  [403, CredentialError],
  [404, RefusedError],
] as const)('what the vendor says with a %i is told', async (status, kind) => {
  const body = { error: 'annotation 7 is not yours', status: 'error' }
  const deleting = { method: 'DELETE', path: `${path}/7`, answer: { status, body } }
  const error = await exchange('annotationsDelete', { id: 7 }, deleting).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(kind)
  expect(error).toHaveProperty('message', expect.stringContaining('annotation 7 is not yours'))
})
