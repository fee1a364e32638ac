import { describe, expect, test } from 'vitest'
import { CredentialError, DataError, RefusedError, UnavailableError, UsageError } from '../../../../../lib/errors.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import type { Expected, Payload } from '../../../../servers/vendor.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { got, openDoor, posted } from './pipelines-door.ts'

const name = 'events-daily-bigquery-monoschema'

async function ask(call: CallName, parameters: object, expected: Expected): Promise<unknown> {
  await using vendor = await startVendor([expected])
  await using door = openDoor(vendor)
  return await door.client.call(call, parameters)
}

/** What comes of an answer to a query, where the parameters are of no interest. */
function read(call: 'pipelinesStatus' | 'pipelinesJobs' | 'pipelinesTimeline', body: unknown): Promise<unknown> {
  const given: Record<string, string> = call === 'pipelinesJobs' ? {} : { name }
  return ask(call, given, got(call.slice('pipelines'.length).toLowerCase(), given, { body }))
}

/** Refused before anything is sent. */
async function refusal(call: CallName, parameters: object): Promise<string> {
  await using vendor = await startVendor([])
  await using door = openDoor(vendor)
  const error = await door.client.call(call, parameters).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(UsageError)
  return (error as UsageError).message
}

describe('a pipeline', () => {
  test('that is created has a name, and in BigQuery an address', async () => {
    const parameters = { type: 'bigquery', bq_region: 'US', trial: true, bq_share_with_group: 'readers@example.com' }
    const form = { ...parameters, trial: 'true' }
    const names = ['trial-events-daily-bigquery-monoschema', 'trial-people-daily-bigquery-monoschema']
    const dataset = 'https://bigquery.cloud.google.com/dataset/mixpanel-prod-1:sample_dataset_name'
    const answer = (body: unknown) => ask('pipelinesCreate', parameters, posted('create', form, { body }))
    expect(await answer({ pipeline_names: names, bigquery_dataset_name: dataset })).toEqual({
      pipelineNames: names,
      bigqueryDataset: dataset,
    })
    expect(await answer({ pipeline_names: names, bigquery_dataset_name: '' })).toEqual({ pipelineNames: names })
  })

  test.each([
    [
      'its filter',
      { events: ['Page View', 'Käufe & Co'], where: 'properties["a"] == 1' },
      { events: ['Page View', 'Käufe & Co'], where: 'properties["a"] == 1' },
    ],
    ['one event', { events: ['Page View'] }, { events: 'Page View' }],
    [
      'groups of BigQuery',
      { bq_share_with_group: ['a@example.com', 'b@example.com'] },
      { bq_share_with_group: ['a@example.com', 'b@example.com'] },
    ],
    ['one group', { bq_share_with_group: 'a@example.com' }, { bq_share_with_group: 'a@example.com' }],
    [
      'Glue',
      { glue_database: 'x', glue_role: 'arn:aws:iam::123456789012:role/glue', glue_table_prefix: 'mp_' },
      { glue_database: 'x', glue_role: 'arn:aws:iam::123456789012:role/glue', glue_table_prefix: 'mp_' },
    ],
    [
      'a service principal',
      { azure_client_id: '5f0c', azure_tenant_id: '77ab' },
      { azure_client_id: '5f0c', azure_tenant_id: '77ab' },
    ],
  ])('is edited: %s', async (_, changes, form) => {
    expect(await ask('pipelinesEdit', { name, ...changes }, posted('edit', { name, ...form }))).toEqual({ done: true })
  })

  test.each([
    ['nothing', {}, /nothing is changed/],
    ['undefined', { where: undefined }, /nothing is changed/],
    ['no event', { events: [] }, /leave `events` out/],
    ['no group', { bq_share_with_group: [] }, /an empty list shares with nobody/],
    ['two destinations', { azure_client_id: 'x', glue_database: 'y' }, /a pipeline has one destination/],
    ['the name of a role', { glue_role: 'glue' }, /a role is written in full/],
    ['its type', { type: 'aws' }, /type/],
  ])('is not edited by %s', async (_, changes, message) => {
    expect(await refusal('pipelinesEdit', { name, ...changes })).toMatch(message)
  })

  test.each([
    ['pipelinesPause', 'pause'],
    ['pipelinesResume', 'resume'],
    ['pipelinesCancel', 'cancel'],
  ] as const)('%s takes its name and answers no more than that it is done', async (call, path) => {
    for (const body of ['', 'OK', '{}', '"ok"', '{"status":"ok","error":null}', '{"error":""}', '[]']) {
      expect(await ask(call, { name }, posted(path, { name }, { body }))).toEqual({ done: true })
    }
    expect(await refusal(call, {})).toContain('`name` is needed')
    expect(await refusal(call, { name: '' })).toContain('`name` is an empty text')
    expect(await refusal(call, { name, status: 'running' })).toContain('status')
  })

  test.each<[string, Payload, unknown, string]>([
    ['an error in a 200', { body: { error: 'pipeline is running', status: 'error' } }, RefusedError, 'pipeline is running'],
    ['an error without its text', { body: { status: 'error' } }, DataError, 'it says that it is an error'],
    ['a page', { body: '<!DOCTYPE html><title>Sign in' }, DataError, 'a page'],
    [
      'a name that is none',
      { status: 404, body: { error: 'pipeline not found', status: 'error' } },
      RefusedError,
      'pipeline not found',
    ],
    ['a wrong parameter', { status: 400, body: { error: 'name is missing', status: 'error' } }, RefusedError, 'name is missing'],
    ['a stranger', { status: 401, body: { error: 'who?', status: 'error' } }, CredentialError, 'who?'],
    ['an analyst', { status: 403, body: { error: 'admins only', status: 'error' } }, CredentialError, 'admins only'],
    ['an outage', { status: 500, body: 'oops' }, UnavailableError, '500'],
  ])('is not paused by %s', async (_, answer, kind, words) => {
    const error = await ask('pipelinesPause', { name }, posted('pause', { name }, answer)).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(kind)
    expect((error as Error).message).toContain(`/api/2.0/nessie/pipeline/pause ${answer.status ?? 200}: `)
    expect((error as Error).message).toContain(words)
  })
})

describe('the status of a pipeline', () => {
  const canceled = {
    name: 'company-july-2016-backfill-hourly-monoschema',
    state: 'canceled',
    last_finish: '0000-12-31T16:00:00-08:00',
    run_at: '2016-07-26T00:00:00-07:00',
    from_date: '2016-07-26T00:00:00-07:00',
    to_date: '2016-07-27T00:00:00Z',
  }

  test('lists its tasks by state', async () => {
    const expected = got(
      'status',
      { name, status: ['canceled', 'timed_out'] },
      { body: { timed_out: null, canceled: [canceled] } },
    )
    expect(await ask('pipelinesStatus', { name, status: ['canceled', 'timed_out'] }, expected)).toEqual([
      { state: 'timed_out', count: 0, tasks: [] },
      {
        state: 'canceled',
        count: 1,
        tasks: [
          {
            name: 'company-july-2016-backfill-hourly-monoschema',
            state: 'canceled',
            project: null,
            runAt: '2016-07-26T00:00:00-07:00',
            lastFinish: null,
            from: '2016-07-26T00:00:00-07:00',
            to: '2016-07-27T00:00:00+00:00',
          },
        ],
      },
    ])
  })

  test('in short counts them', async () => {
    const counts = '{"canceled":933,"retried":80,"succeeded":1,"__proto__":2}'
    for (const summary of [true, 'true']) {
      const expected = got('status', { name, summary: 'true' }, { body: counts })
      expect(await ask('pipelinesStatus', { name, summary }, expected)).toEqual([
        { state: 'canceled', count: 933, tasks: null },
        { state: 'retried', count: 80, tasks: null },
        { state: 'succeeded', count: 1, tasks: null },
        { state: '__proto__', count: 2, tasks: null },
      ])
    }
  })

  test('may be of one state, of no task, and of a task that says little', async () => {
    const answer = { body: { running: [{ name, state: 'running', project_id: 1_234_567, run_at: '', last_finish: null }] } }
    expect(await ask('pipelinesStatus', { name, status: 'running' }, got('status', { name, status: 'running' }, answer))).toEqual(
      [
        {
          state: 'running',
          count: 1,
          tasks: [{ name, state: 'running', project: '1234567', runAt: null, lastFinish: null, from: null, to: null }],
        },
      ],
    )
    expect(await read('pipelinesStatus', {})).toEqual([])
  })

  test.each([
    ['no name', {}, /`name`/],
    [
      'a state that is no filter',
      { name, status: 'succeeded' },
      /one or a list of pending, running, retried, failed, canceled, timed_out/,
    ],
    ['no state', { name, status: [] }, /an empty list would show all states/],
    ['another summary', { name, summary: 'yes' }, /`summary`/],
  ])('is not asked with %s', async (_, parameters, message) => {
    expect(await refusal('pipelinesStatus', parameters)).toMatch(message)
  })

  test.each([
    ['half a task', { running: 1.5 }],
    ['fewer than none', { running: -1 }],
    ['a word', { running: 'many' }],
    ['a task without a name', { running: [{ state: 'running' }] }],
    ['a list', []],
    ['a time that is none', { running: [{ name, state: 'running', run_at: 'yesterday' }] }],
  ])('that is %s is a failure', async (_, body) => {
    await expect(read('pipelinesStatus', body)).rejects.toThrow(DataError)
  })
})

describe('the pipelines of a project', () => {
  const job = { name, Dispatcher: 'backfill', frequency: 'hourly', sync_enabled: 'true' }

  test.each([
    ['a zone', '2019-02-01 12:00:00 US/Pacific', '2019-02-01T12:00:00-08:00'],
    ['a zone in summer', '2019-07-01 12:00:00 US/Pacific', '2019-07-01T12:00:00-07:00'],
    ['the first of two hours', '2026-11-01 01:30:00 US/Pacific', '2026-11-01T01:30:00-07:00'],
    ['a zone of three parts', '2026-11-01 01:30:00 America/Argentina/Buenos_Aires', '2026-11-01T01:30:00-03:00'],
    ['UTC', '2019-02-01 12:00:00 UTC', '2019-02-01T12:00:00+00:00'],
    ['an offset and its name', '2019-08-19 14:27:46.044605 -0700 PDT', '2019-08-19T14:27:46.044605-07:00'],
    ['an offset that is its name', '2019-08-19 14:27:46 +0530 +0530', '2019-08-19T14:27:46+05:30'],
    ['spaces around', ' 2019-08-20 14:33:09.315098 -0700 PDT\n', '2019-08-20T14:33:09.315098-07:00'],
    ['ISO', '2016-07-26T00:00:00.5Z', '2016-07-26T00:00:00.5+00:00'],
    ['never, in ISO', '0001-01-01T00:00:00Z', null],
    ['never, in a zone', '0000-12-31 16:00:00 US/Pacific', null],
    ['never, by the sun of Los Angeles', '0000-12-31 16:07:02 -0752 LMT', null],
    ['nothing', '', null],
    ['null', null, null],
  ])('have the time in one form: %s', async (_, last_dispatched, lastDispatched) => {
    expect(await read('pipelinesJobs', { '9876543210': [{ ...job, last_dispatched }] })).toEqual([
      {
        project: '9876543210',
        pipelines: [{ name, dispatcher: 'backfill', lastDispatched, frequency: 'hourly', syncEnabled: true }],
      },
    ])
  })

  test.each([
    '2019-02-30 12:00:00 UTC',
    '2019-02-01 25:00:00 UTC',
    '2019-02-01 12:00:00 US/Atlantis',
    '2019-02-01 12:00:00',
    '2019-02-01',
    '1549051200',
    'never',
  ])('and no other text: %s', async (last_dispatched) => {
    await expect(read('pipelinesJobs', { '1': [{ ...job, last_dispatched }] })).rejects.toThrow(
      /does not fit at 1\.0\.last_dispatched \(is no time that Mixpanel writes\)/,
    )
  })

  test('may be none, and say little', async () => {
    expect(await read('pipelinesJobs', {})).toEqual([])
    expect(
      await read('pipelinesJobs', { '1': null, '2': [{ name }, { name, sync_enabled: false }, { name, sync_enabled: 'false' }] }),
    ).toEqual([
      { project: '1', pipelines: [] },
      {
        project: '2',
        pipelines: [null, false, false].map((syncEnabled) => ({
          name,
          dispatcher: null,
          lastDispatched: null,
          frequency: null,
          syncEnabled,
        })),
      },
    ])
  })

  test.each([[[]], [{ '1': 'none' }], [{ '1': [{}] }], [{ '1': [{ name, sync_enabled: 'perhaps' }] }]])(
    'are no %j',
    async (body) => {
      await expect(read('pipelinesJobs', body)).rejects.toThrow(DataError)
    },
  )

  test('take no parameter', async () => {
    expect(await refusal('pipelinesJobs', { name })).toContain('name')
  })
})

describe('the timeline of a pipeline', () => {
  test('has the times of each day', async () => {
    const body = {
      day_syncs: [
        { date: '2019-08-19', sync_times: ['2019-08-19 14:27:46.044605 -0700 PDT'], status: 'synced' },
        {
          date: '2019-08-20',
          sync_times: [' 2019-08-20 14:33:09.315098 -0700 PDT', '0001-01-01 00:00:00 +0000 UTC'],
          status: 'synced',
        },
        { date: '2019-08-21', sync_times: null, status: 'pending' },
      ],
    }
    expect(await read('pipelinesTimeline', body)).toEqual([
      { date: '2019-08-19', status: 'synced', syncTimes: ['2019-08-19T14:27:46.044605-07:00'] },
      { date: '2019-08-20', status: 'synced', syncTimes: ['2019-08-20T14:33:09.315098-07:00'] },
      { date: '2019-08-21', status: 'pending', syncTimes: [] },
    ])
  })

  test('may be empty, and is asked without a name as the documents of today have it', async () => {
    expect(await read('pipelinesTimeline', { day_syncs: null })).toEqual([])
    expect(await ask('pipelinesTimeline', {}, got('timeline', {}, { body: { day_syncs: [] } }))).toEqual([])
  })

  test.each([
    [{}],
    [{ day_syncs: [{ date: '19 August', sync_times: [], status: 'synced' }] }],
    [{ day_syncs: [{ date: '2019-08-19', sync_times: ['soon'], status: 'synced' }] }],
    [{ day_syncs: [{ date: '2019-08-19', sync_times: [] }] }],
  ])('is no %j', async (body) => {
    await expect(read('pipelinesTimeline', body)).rejects.toThrow(DataError)
  })
})

test('pipelines are at the data host of the region, and take up no query', async () => {
  await using vendor = await startVendor([got('jobs', {}, { body: {} })])
  const hosts = { us: 'data', eu: 'data-eu', in: 'data-in' } as const
  for (const region of ['us', 'eu', 'in'] as const) {
    await using door = openDoor(vendor, { region, url: undefined })
    expect(door.client.describe('pipelinesPause', { name: 'x' })).toBe(
      `POST https://${hosts[region]}.mixpanel.com/api/2.0/nessie/pipeline/pause {"project_id":"1234567","name":"x"}`,
    )
  }
  const ledger = { take: async () => Promise.reject(new Error('taken')), block: async () => {} }
  await using door = openDoor(vendor, { ledger: ledger as never })
  expect(await door.client.pipelinesJobs()).toEqual([])
})

test('a project secret is sent without the project', async () => {
  const expected = { method: 'POST', path: '/api/2.0/nessie/pipeline/pause', form: { name }, answer: {} }
  await using vendor = await startVendor([expected])
  await using door = openDoor(vendor, { credential: async () => 'a'.repeat(32) })
  await door.client.pipelinesPause({ name })
})
