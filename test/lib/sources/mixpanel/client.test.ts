import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { CredentialError, DataError, RefusedError, UnavailableError, UsageError, WaitError } from '../../../../lib/errors.ts'
import type { CallName, MixpanelOptions } from '../../../../lib/sources/mixpanel/client.ts'
import { createMixpanelClient } from '../../../../lib/sources/mixpanel/client.ts'
import { fakeTime } from '../../../servers/fake-time.ts'
import type { Payload, Vendor } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'

const secret = 'Zk3vQ9pLr7TnX2mB'
const account = { username: 'reports.5b1f.mp-service-account', secret }
const basic = (password = secret) => `Basic ${Buffer.from(`${account.username}:${password}`).toString('base64')}`

function open(vendor: Vendor, options: Partial<MixpanelOptions> = {}) {
  const time = fakeTime()
  const lines: string[] = []
  const client = createMixpanelClient({
    project: '1234567',
    region: 'eu',
    url: vendor.url,
    credential: async () => JSON.stringify(account),
    credentials: 'ssm:/broadsheet/product',
    trace: (line) => lines.push(line),
    clock: time.clock,
    http: { sleep: time.sleep, random: time.random },
    ...options,
  })
  return { client, time, lines, [Symbol.asyncDispose]: () => client.close() }
}

const range = { from_date: '2026-11-09', to_date: '2026-11-15' }
const sent = { project_id: '1234567', ...range }

const options = { project: '1234567', credential: async () => JSON.stringify(account), credentials: 'env:MIXPANEL' }

describe('a client', () => {
  test.each([
    [{ ...options, region: 'de' }, '`region` is us, eu or in, not "de"'],
    [{ ...options, project: 'our project' }, '`project`: an id has digits only'],
    [{ ...options, project: undefined }, '`project` is needed'],
    [{ ...options, credential: `reports:${secret}` }, '`credential`: a function that gives the credential'],
    [{ ...options, credential: undefined }, '`credential` is needed: a function'],
    [{ ...options, credentials: undefined }, '`credentials` is needed'],
    [{ ...options, url: 'http://example.com' }, '`url`: "http://example.com" is not https'],
    [{ ...options, workspace: 'x' }, '`workspace`: an id has digits only'],
    [{ ...options, perHour: 0 }, '`perHour` is above 0, not 0'],
    [undefined, 'parameters are a JSON object, not nothing'],
  ])('is not made of %j', (given, words) => {
    let failed: unknown
    try {
      createMixpanelClient(given as never)
    } catch (error) {
      failed = error
    }
    expect(failed).toBeInstanceOf(UsageError)
    expect(String(failed)).toContain(words)
    expect(String(failed)).not.toContain(secret)
  })

  test('lives in us unless said', async () => {
    const client = createMixpanelClient(options)
    expect(client.describe('funnelsList', {})).toContain('GET https://mixpanel.com/api/query/funnels/list')
    await client.close()
  })

  test('that is closed says so, whatever it is asked, and may be closed again', async () => {
    await using vendor = await startVendor([])
    await using door = open(vendor)
    await door.client.close()
    const { client } = door
    const drained = async (each: AsyncIterable<unknown>) => {
      for await (const one of each) expect(one).toBeUndefined()
    }
    const asked = [
      client.funnelsList(),
      client.export(range),
      drained(client.exportEvents(range)),
      drained(client.engageAll()),
      client.annotationsMove({ id: 7, date: '2026-11-09 08:00:00' }),
    ]
    for (const failed of asked) await expect(failed).rejects.toBeInstanceOf(UsageError)
    for (const failed of asked) await expect(failed).rejects.toThrow('the client is closed')
  })
})

describe('a call', () => {
  test('of a segmentation has its address, parameters and account, and its dates come sorted', async () => {
    await using vendor = await startVendor([
      {
        path: '/api/query/segmentation',
        query: {
          ...sent,
          workspace_id: '99',
          event: 'Signed up',
          type: 'general',
          unit: 'day',
          on: 'properties["país"]',
          where: 'true',
          limit: '10000',
        },
        headers: { authorization: basic() },
        answer: {
          gzip: 'whole',
          body: {
            data: {
              series: ['2026-11-11', '2026-11-09'],
              values: { DE: { '2026-11-09': 147, '2026-11-11': 776 }, 'ü "x"': { '2026-11-11': 1 } },
            },
            legend_size: 2,
          },
        },
      },
    ])
    await using door = open(vendor, { workspace: '99' })
    const answer = await door.client.segmentation({
      event: 'Signed up',
      ...range,
      type: 'general',
      unit: 'day',
      on: 'properties["país"]',
      where: 'true',
      limit: 10_000,
    })
    expect(answer).toEqual({
      dates: ['2026-11-09', '2026-11-11'],
      segments: [
        { name: 'DE', values: { '2026-11-09': 147, '2026-11-11': 776 } },
        { name: 'ü "x"', values: { '2026-11-11': 1 } },
      ],
      legendSize: 2,
    })
    expect(door.lines).toEqual([expect.stringMatching(/^GET 127\.0\.0\.1:\d+\/api\/query\/segmentation 200 \d+ ms$/)])
  })

  test('loses no segment, whatever it is called', async () => {
    const body = '{"data":{"series":[],"values":{"__proto__":{"2026-11-09":3},"constructor":{"2026-11-09":4}}}}'
    await using vendor = await startVendor([expected({ body })])
    await using door = open(vendor)
    const { segments } = await door.client.segmentation(question)
    expect(segments.map(({ name }) => name)).toEqual(['__proto__', 'constructor'])
  })

  test('of a sum, a funnel and the list of funnels', async () => {
    const step = { avg_time: null, avg_time_from_start: null, step_conv_ratio: 1, overall_conv_ratio: 1 }
    await using vendor = await startVendor([
      {
        path: '/api/query/segmentation/sum',
        query: { ...sent, event: 'Charge', on: 'properties["amount"]', unit: 'day' },
        answer: {
          body: {
            status: 'ok',
            computed_at: '2026-11-16T07:00:01.666218+00:00',
            results: { '2026-11-10': 4, '2026-11-09': 7.5 },
          },
        },
      },
      {
        path: '/api/query/funnels',
        query: { ...sent, funnel_id: '7509', length: '7', length_unit: 'day', interval: '7' },
        answer: {
          body: {
            meta: { dates: ['2026-11-09'] },
            data: {
              '2026-11-09': {
                steps: [
                  { ...step, count: 32_688, goal: 'App Open', event: 'App Open' },
                  {
                    ...step,
                    count: 20_524,
                    avg_time: 133,
                    goal: '$custom_event:12345',
                    event: '$custom_event:12345',
                    step_label: 'Game Played',
                    custom_event: true,
                    custom_event_id: 12_345,
                  },
                ],
                analysis: { completion: 20_524, starting_amount: 32_688, steps: 2, worst: 1 },
              },
            },
          },
        },
      },
      {
        path: '/api/query/funnels/list',
        query: { project_id: '1234567' },
        answer: {
          body: [
            { funnel_id: 7509, name: 'Signup funnel' },
            { funnel_id: 9070, name: 'Funnel tutorial' },
          ],
        },
      },
    ])
    await using door = open(vendor, { credential: async () => `${account.username}:${secret}\n` })
    const { client } = door
    expect(await client.segmentationSum({ event: 'Charge', ...range, on: 'properties["amount"]', unit: 'day' })).toEqual({
      '2026-11-09': 7.5,
      '2026-11-10': 4,
    })
    expect(await client.funnel({ funnel_id: '7509', ...range, length: 7, length_unit: 'day', interval: 7 })).toEqual([
      {
        date: '2026-11-09',
        steps: [
          expect.objectContaining({ name: 'App Open', names: ['App Open'], count: 32_688, meanSeconds: null }),
          expect.objectContaining({
            name: 'Game Played',
            names: ['$custom_event:12345', 'Game Played'],
            count: 20_524,
            meanSeconds: 133,
          }),
        ],
        analysis: { completion: 20_524, startingAmount: 32_688, steps: 2, worst: 1 },
      },
    ])
    expect(await client.funnelsList({})).toEqual([
      { id: '7509', name: 'Signup funnel' },
      { id: '9070', name: 'Funnel tutorial' },
    ])
  })

  test('is described without sending it, at the host of its region', async () => {
    const options = { project: '1', credential: async () => '', credentials: 'env:X' } as const
    const describeIn = async (region: 'us' | 'eu' | 'in') => {
      const client = createMixpanelClient({ ...options, region })
      const line = client.describe('segmentation', { event: 'A', ...range, type: 'unique', interval: 7 })
      await client.close()
      return line
    }
    expect(await describeIn('us')).toBe(
      'GET https://mixpanel.com/api/query/segmentation {"project_id":"1","event":"A","from_date":"2026-11-09","to_date":"2026-11-15","interval":7,"type":"unique"}',
    )
    expect(await describeIn('eu')).toMatch(/^GET https:\/\/eu\.mixpanel\.com\/api\/query\/segmentation /)
    expect(await describeIn('in')).toMatch(/^GET https:\/\/in\.mixpanel\.com\/api\/query\/segmentation /)
  })

  test.each([
    ['to_date', { event: 'A', from_date: '2026-11-15', to_date: '2026-11-09' }],
    ['from_date', { event: 'A', from_date: '2026-11-31', to_date: '2026-12-09' }],
    ['unit', { event: 'A', ...range, unit: 'week' }],
    ['limit', { event: 'A', ...range, on: 'x', limit: 10_001 }],
    ['interval', { event: 'A', ...range, type: 'unique', unit: 'day', interval: 7 }],
    ['general', { event: 'A', ...range, interval: 7 }],
    ['units', { event: 'A', ...range, units: 'day' }],
  ])('is not sent with a wrong %s', async (word, parameters) => {
    await using vendor = await startVendor([])
    await using door = open(vendor)
    const error = await door.client.segmentation(parameters as never).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UsageError)
    expect((error as Error).message).toContain(word)
  })
})

const question = { event: 'A', ...range }
const expected = (answer: Payload) => ({ path: '/api/query/segmentation', query: { ...sent, event: 'A' }, answer })
const empty = { body: { data: { series: [], values: {} }, legend_size: 0 } }

async function fail(payload: Payload, options: Partial<MixpanelOptions> = {}, times = 1): Promise<unknown> {
  await using vendor = await startVendor(Array.from({ length: times }, () => expected(payload)))
  await using door = open(vendor, options)
  return await door.client.segmentation(question).then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('a refusal', () => {
  test.each([
    [
      '402: the plan has no Query API',
      { status: 402, body: { error: 'Your plan does not allow API calls. Upgrade at mixpanel.com/pricing' } },
      RefusedError,
      'lake',
    ],
    [
      '403: the plan does not go back so far',
      { status: 403, body: { error: 'Date range exceeds 90 days into the past' } },
      RefusedError,
      'goes back 90 days',
    ],
    [
      '403: no permission',
      { status: 403, body: { error: 'Permission denied' } },
      CredentialError,
      'ssm:/broadsheet/product access to project 1234567',
    ],
    [
      '400: the project lives in another region',
      {
        status: 400,
        body: {
          request: '/api/query/segmentation?project_id=1234567',
          error: 'request failed with error: invalid project id for cluster.',
        },
      },
      RefusedError,
      'to us or in',
    ],
    [
      '400: a bad account',
      { status: 400, body: '...Unable to authenticate request...' },
      CredentialError,
      'ssm:/broadsheet/product',
    ],
    ['401: a bad account', { status: 401, body: { error: 'Invalid credentials' } }, CredentialError, 'ssm:/broadsheet/product'],
    ['400: a text', { status: 400, body: 'Query limit exceeds max limit of 50000' }, RefusedError, 'check what was sent'],
    ['400: a day to come', { status: 400, body: 'to_date cannot be later than today' }, RefusedError, 'time zone of the project'],
    ['400: too many days', { status: 400, body: { error: 'Date range exceeds 90 days' } }, RefusedError, 'fewer days at a time'],
    ['403: too many days', { status: 403, body: { error: 'Date range exceeds 90 days' } }, RefusedError, 'fewer days at a time'],
    ['404: no such thing', { status: 404, body: { error: 'not found' } }, RefusedError, "check the source's `project`"],
    ['412: a precondition', { status: 412, body: { error: 'Precondition failed' } }, RefusedError, 'mend the script'],
    ['302: a redirect', { status: 302, headers: { location: 'https://example.com/' }, body: 'moved' }, RefusedError, '`url`'],
    ['200 that holds an error', { status: 200, body: { error: 'Invalid JSON Format: event' } }, RefusedError, 'another way'],
    ['200 that holds nothing', { status: 200, body: 'null' }, RefusedError, 'another way'],
  ] as const)('is told apart and keeps the text: %s', async (_, payload, kind, remedy) => {
    const error = await fail({
      ...payload,
      headers: { 'x-request-id': 'mp-1', ...('headers' in payload ? payload.headers : {}) },
    })
    expect(error).toBeInstanceOf(kind)
    expect(error).toMatchObject({ requestId: 'mp-1', remedy: expect.stringContaining(remedy) })
    const text = typeof payload.body === 'string' ? payload.body : payload.body.error
    expect((error as Error).message).toContain(`/api/query/segmentation ${payload.status}: ${text}`)
  })

  test.each([
    [401, 'Invalid credentials', true],
    [400, '...Unable to authenticate request...', true],
    [402, 'Your plan does not allow API calls.', true],
    [400, 'invalid project id for cluster.', true],
    [403, 'Permission denied', false],
    [403, 'Date range exceeds 90 days into the past', false],
    [404, 'not found', false],
    [400, 'unknown event', false],
  ])('says whether all that is asked of the project would be refused: %i %s', async (status, error, everywhere) => {
    expect(await fail({ status, body: { error } })).toMatchObject({ everywhere })
  })

  test.each<[CallName, object, string, string]>([
    ['funnel', { funnel_id: 7, ...range }, '/api/query/funnels', 'look up the id in Mixpanel;'],
    ['insights', { bookmark_id: 7 }, '/api/query/insights', 'look up the id in Mixpanel;'],
    ['savedFlows', { bookmark_id: 7 }, '/api/query/arb_funnels', 'look up the id in Mixpanel;'],
    ['annotation', { id: 7 }, '/api/app/projects/1234567/annotations/7', 'look up the id in Mixpanel;'],
    ['annotations', {}, '/api/app/projects/1234567/annotations', "check the source's `project`"],
    ['annotationTags', {}, '/api/app/projects/1234567/annotations/tags', "check the source's `project`"],
    ['savedRetention', { bookmark_id: 7 }, '/api/query/retention', 'look up the id of the saved report'],
    ['engage', {}, '/api/query/engage', 'look up the id of the saved report or cohort, if one was named'],
    ['insightsQuery', { bookmark: {} }, '/api/query/insights', "check the source's `project`"],
    ['eventsTop', { type: 'general' }, '/api/query/events/top', "check the source's `project`"],
    ['frequency', { ...range, unit: 'week', addiction_unit: 'day' }, '/api/query/retention/addiction', "check the source's"],
    ['jql', { script: 'x' }, '/api/query/jql', "check the source's `project`"],
    ['pipelinesPause', { name: 'p' }, '/api/2.0/nessie/pipeline/pause', 'look up the name with pipelinesJobs'],
    ['pipelinesJobs', {}, '/api/2.0/nessie/pipeline/jobs', "check the source's `project`"],
  ])('404 of %s names what could be gone', async (name, parameters, path, remedy) => {
    await using vendor = await startVendor([], { [path]: { status: 404, body: { error: 'not found' } } })
    await using door = open(vendor)
    const error = await door.client.call(name, parameters).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RefusedError)
    expect((error as RefusedError).remedy).toContain(remedy)
  })

  test('leaves out the address that the vendor repeats, for parameters may be personal', async () => {
    const error = await fail({ status: 400, body: { request: '/api/query/segmentation?where=ada@example.com', error: 'no' } })
    expect(inspect(error, { depth: 9 })).not.toContain('ada@example.com')
  })

  test.each([
    ['5xx', { status: 500, body: { error: 'Internal' } }],
    ['503 with a page', { status: 503, body: '<html>' }],
    ['504 with nothing', { status: 504 }],
    ['200 with a page', { status: 200, body: '<html>maintenance' }],
    ['200 that is cut', { ...empty, cutAfter: 10 }],
  ] as [string, Payload][])('is tried again when it may pass: %s', async (_, payload) => {
    expect(await fail(payload, {}, 4)).toBeInstanceOf(UnavailableError)
  })

  test('of another shape is a failure, not an empty answer', async () => {
    for (const body of [
      {},
      [],
      { data: { series: [] } },
      { data: { series: [], values: { A: { 'last week': 1 } } } },
      { data: { series: [], values: { A: { '2026-11-09': '1' } } } },
    ]) {
      expect(await fail({ body })).toBeInstanceOf(DataError)
    }
  })
})

describe('too many queries', () => {
  const policy = '"project";q=60;w=3600, "project-concurrency";q=5;qu="concurrent-requests"'
  const window =
    'Query rate limit exceeded for project_id: 1234567. This request exceeded the rate limit (61/60 queries running in the last hour).'

  test.each([
    [
      'by the header',
      { 'ratelimit-policy': policy, ratelimit: '"project";r=0;t=1800, "project-concurrency";r=3', 'retry-after': '3600' },
      window,
      '07:30',
    ],
    [
      'by the header, its time by Retry-After',
      { ratelimit: '"project";r=0, "project-concurrency";r=0;t=10', 'retry-after': '2400' },
      window,
      '07:40',
    ],
    ['by the text, where a proxy drops headers', {}, window, '08:00'],
    [
      'by the text of 2022',
      { 'retry-after': '600' },
      'Query rate limit exceeded for project_id: 2526451. 1/5 queries running concurrently and 61/60 queries running in the last hour.',
      '07:10',
    ],
  ] as [string, Record<string, string>, string, string][])(
    'in the hour wait until it is over: %s',
    async (_, headers, error, until) => {
      const thrown = await fail({ status: 429, headers, body: { error } })
      expect(thrown).toBeInstanceOf(WaitError)
      expect(thrown).toMatchObject({ until: new Date(`2026-11-16T${until}:00Z`), message: expect.stringContaining(error) })
    },
  )

  test.each([
    ['by the header', { ratelimit: '"project";r=12, "project-concurrency";r=0;t=10' }, 'Query rate limit exceeded.'],
    ['by the text', {}, 'This request exceeded the concurrency limit (6/5 queries running concurrently).'],
  ] as [string, Record<string, string>, string][])(
    'at a time are asked again after ten seconds: %s',
    async (_, headers, error) => {
      await using vendor = await startVendor([expected({ status: 429, headers, body: { error } }), expected(empty)])
      await using door = open(vendor)
      expect(await door.client.segmentation(question)).toMatchObject({ segments: [] })
      expect(door.time.slept).toEqual([10_000])
    },
  )

  test('for the whole vendor are backed off from, and then unavailable', async () => {
    const shed = {
      status: 429,
      body: { error: 'Query rate limit exceeded for project_id: 1234567 For more information, please consult our documentation' },
    }
    await using vendor = await startVendor(Array.from({ length: 4 }, () => expected(shed)))
    await using door = open(vendor)
    await expect(door.client.segmentation(question)).rejects.toThrow(UnavailableError)
    expect(door.time.slept).toEqual([750, 1500, 3000])
  })
})

describe('the service account', () => {
  const unauthorized = { status: 401, body: { error: 'Invalid credentials' } }

  test('is read once for all calls, and once more when the vendor refuses it', async () => {
    const readings: boolean[] = []
    const credential = async (again: boolean) => {
      readings.push(again)
      return `${account.username}:${again ? 'a-newer-secret' : secret}`
    }
    await using vendor = await startVendor([
      { ...expected(empty), headers: { authorization: basic() } },
      { ...expected(unauthorized), headers: { authorization: basic() } },
      { ...expected(empty), headers: { authorization: basic('a-newer-secret') } },
      { ...expected(empty), headers: { authorization: basic('a-newer-secret') } },
    ])
    await using door = open(vendor, { credential })
    for (let call = 0; call < 3; call += 1) await door.client.segmentation(question)
    expect(readings).toEqual([false, true])
  })

  test('that is still the same is not tried again', async () => {
    const readings: boolean[] = []
    const credential = async (again: boolean) => {
      readings.push(again)
      return JSON.stringify(account)
    }
    expect(await fail(unauthorized, { credential })).toBeInstanceOf(CredentialError)
    expect(readings).toEqual([false, true])
  })

  test('that could not be read is read anew by the next call', async () => {
    let readings = 0
    const credential = async () => {
      readings += 1
      if (readings === 1) throw new UnavailableError('the parameter store is busy')
      return JSON.stringify(account)
    }
    await using vendor = await startVendor([expected(empty)])
    await using door = open(vendor, { credential })
    await expect(door.client.segmentation(question)).rejects.toThrow('the parameter store is busy')
    await door.client.segmentation(question)
  })

  test.each([
    ['no colon', secret],
    ['cut JSON', `{"username":"x","secret":"${secret}`],
    ['a missing word', JSON.stringify({ username: 'x', password: secret })],
    ['nothing', ''],
    ['no user', `:${secret}`],
  ])('that is none is named by its place, never quoted: %s', async (_, credential) => {
    await using vendor = await startVendor([])
    await using door = open(vendor, { credential: async () => credential })
    const error = await door.client.segmentation(question).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(CredentialError)
    expect((error as Error).message).toMatch(/^what ssm:\/broadsheet\/product points to /)
    expect(inspect(error, { depth: 9 })).not.toContain(secret)
  })

  test('is in no error and no trace, also where the vendor repeats it', async () => {
    const base64 = basic().slice('Basic '.length)
    const echo = `you sent ${base64} which is ${account.username}:${secret}`
    for (const payload of [
      { status: 401, body: { error: echo } },
      { status: 400, body: echo },
      { body: { error: echo } },
      { body: { data: echo } },
    ]) {
      await using vendor = await startVendor([expected(payload)])
      await using door = open(vendor)
      const error = await door.client.segmentation(question).catch((caught: unknown) => caught)
      const shown = `${inspect(error, { depth: 9, showHidden: true })}${door.lines.join('\n')}`
      expect(shown).toContain('you sent')
      expect(shown).not.toContain(secret)
      expect(shown).not.toContain(base64)
    }
  })
})
