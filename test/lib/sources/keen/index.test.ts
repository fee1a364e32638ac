import { describe, expect, test } from 'vitest'
import { RefusedError, UsageError } from '../../../../lib/errors.ts'
import type { Question } from '../../../../lib/query.ts'
import * as words from '../../../../lib/query.ts'
import { keen } from '../../../../lib/sources/keen/index.ts'
import { config } from '../../../../lib/sources/keen/schema.ts'
import { funnelAsk, get, plainAsk, query, segmentationAsk, withKeen } from './asking.ts'

const context = { name: 'shop', timezone: 'UTC' }

describe('a Keen source', () => {
  test('answers segmentations, funnels, lists and saved queries, and nothing else', () => {
    expect(keen.kinds).toEqual(['segmentation', 'funnel', 'people', 'saved'])
    expect(keen.kind).toBe('keen')
  })

  test("reads the vendor's own variables where the file gives no credentials", () => {
    expect(keen.variables).toEqual(['KEEN_PROJECT_ID', 'KEEN_WRITE_KEY', 'KEEN_READ_KEY', 'KEEN_MASTER_KEY', 'KEEN_BASE_URL'])
  })

  test('is called by its project, or by the variable that has it', async () => {
    const label = (settings: object) => withKeen([], async (source) => [source.label, source.concurrency], settings)
    expect(await label({})).toEqual(['Keen IO (project 5f1e0c)', 6])
    expect(await label({ project: undefined })).toEqual(['Keen IO (project of KEEN_PROJECT_ID)', 6])
  })

  test('lists the words of every call, composed ones included', () => {
    const names = Object.keys(keen.calls)
    for (const name of [
      'addEvents',
      'multiAnalysis',
      'savedQueryUpdate',
      'extractionEach',
      'createAccessKey',
      'datasetResults',
    ]) {
      expect(names).toContain(name)
    }
    expect(Object.values(keen.calls).every(({ about, parameters }) => about.length > 5 && parameters !== undefined)).toBe(true)
  })
})

describe('explain', () => {
  test('has a line for each query, without a key', async () => {
    const shown = await withKeen([], async (source) => [
      ...(await source.explain(segmentationAsk({ event: 'a', type: 'unique' }, { timeframe: 'previous_2_days' }))),
      ...(await source.explain(funnelAsk({ steps: ['a', 'b'], within: '1 day' }))),
      ...(await source.explain(plainAsk('people', { event: 'a', limit: 5 }))),
      ...(await source.explain(plainAsk('saved', { query: 'weekly sales' }))),
    ])
    expect(shown.map((line) => line.replace(/http:\/\/127\.0\.0\.1:\d+/, ''))).toEqual([
      'POST /3.0/projects/5f1e0c/queries/count_unique {"event_collection":"a","timeframe":{"start":"2026-11-14","end":"2026-11-16"},"timezone":"Europe/Berlin","interval":"daily","target_property":"user.id"}',
      'POST /3.0/projects/5f1e0c/queries/count_unique {"event_collection":"a","timeframe":{"start":"2026-11-13T23:00:00.000Z","end":"2026-11-15T23:00:00.000Z"},"target_property":"user.id"}',
      'POST /3.0/projects/5f1e0c/queries/funnel {"steps":[{"event_collection":"a","actor_property":"user.id","timeframe":{"start":"2026-11-01T23:00:00.000Z","end":"2026-11-08T23:00:00.000Z"}},{"event_collection":"b","actor_property":"user.id","timeframe":{"start":"2026-11-01T23:00:00.000Z","end":"2026-11-09T23:00:00.000Z"}}]}',
      'POST /3.0/projects/5f1e0c/queries/extraction {"event_collection":"a","timeframe":{"start":"2026-11-08T23:00:00.000Z","end":"2026-11-15T23:00:00.000Z"},"latest":6}',
      'GET /3.0/projects/5f1e0c/queries/saved/weekly%20sales/result {}',
    ])
  })

  test('refuses what cannot be asked', async () => {
    const asked = withKeen([], async (source) => source.explain(segmentationAsk({ event: 'any' })))
    await expect(asked).rejects.toThrow(RefusedError)
  })
})

describe('a call by its name', () => {
  test('gives JSON', async () => {
    const sent = { event_collection: 'a', timeframe: 'today' }
    await withKeen([query('count', sent, 5)], async (source) => {
      expect(await source.call?.('count', sent)).toEqual({ json: [{ value: 5 }] })
    })
  })

  test('gives events one by one', async () => {
    const sent = { event_collection: 'a', timeframe: 'today' }
    await withKeen([query('extraction', sent, [{ a: 1 }, { a: 2 }])], async (source) => {
      const called = await source.call?.('extractionEach', sent)
      if (called === undefined || !('each' in called)) throw new Error('no events')
      const events: unknown[] = []
      for await (const event of called.each) events.push(event)
      expect(events).toEqual([{ a: 1 }, { a: 2 }])
    })
  })

  test.each([
    ['counts', {}, 'Keen has no call "counts"'],
    ['close', {}, 'Keen has no call "close"'],
    ['toString', {}, 'Keen has no call "toString"'],
    ['count', null, 'parameters are a JSON object'],
    ['count', { event: 'a' }, 'event'],
  ])('is refused before anything is sent: %s %j', async (name, parameters, words) => {
    await withKeen([], async (source) => {
      const made = source.call?.(name, parameters)
      await expect(made).rejects.toThrow(UsageError)
      await expect(made).rejects.toThrow(words)
    })
  })
})

describe('inspect', () => {
  const schema = [
    { name: 'purchases', properties: { 'user.id': 'num', 'item.price': 'num', country: 'string' }, url: '/x' },
    { name: 'sign ups', properties: { country: 'string' } },
  ]
  const asked = (questions: Readonly<Record<string, Question>>) =>
    Object.entries(questions).map(([name, question]) => ({ report: 'weekly', query: name, question }))
  const segmentation = (question: object): Question => ({ kind: 'segmentation', ...words.segmentation.parse(question) })
  const funnel = (question: object): Question => ({ kind: 'funnel', ...words.funnel.parse(question) })
  const people = (question: object): Question => ({ kind: 'people', ...words.people.parse(question) })

  test('finds what is misspelt, by one call for all questions', async () => {
    const findings = await withKeen([get('/events', schema)], async (source) =>
      source.inspect?.(
        asked({
          good: segmentation({
            event: 'purchases',
            on: 'country',
            type: 'sum',
            of: 'item.price',
            where: 'defined(properties["item"])',
          }),
          event: segmentation({ event: ['Purchase', 'purchases'] }),
          property: segmentation({ event: 'purchases', on: 'cuontry', where: 'properties["item.prise"] > 5' }),
          own: segmentation({ event: 'purchases', on: 'keen.location.city' }),
          actor: segmentation({ event: 'sign ups', type: 'unique' }),
          steps: funnel({ steps: ['sign up', { event: 'purchases', where: 'properties["zzzzzz"] == 1' }], within: '7 days' }),
          list: people({ event: 'purchases', properties: ['country', 'contry'] }),
        }),
      ),
    )
    expect(findings?.map(({ query: name, problem, remedy }) => [name, problem, remedy])).toEqual([
      ['event', 'the project has no event collection "Purchase"', 'did you mean "purchases"?'],
      ['property', 'no event of "purchases" has a property "cuontry"', 'did you mean "country"?'],
      ['property', 'no event of "purchases" has a property "item.prise"', 'did you mean "item.price"?'],
      ['actor', 'no event of "sign ups" has a property "user.id"', undefined],
      ['steps', 'the project has no event collection "sign up"', 'did you mean "sign ups"?'],
      ['steps', 'no event of "purchases" has a property "zzzzzz"', undefined],
      ['list', 'no event of "purchases" has a property "contry"', 'did you mean "country"?'],
    ])
  })

  test('asks each saved query once, and tells of those that are not there', async () => {
    const good = { query_name: 'a', refresh_rate: 0, query: { analysis_type: 'count' }, result: 5 }
    const gone = {
      ...get('/queries/saved/b/result', {}),
      answer: { status: 404, body: { message: 'Resource not found', error_code: 'ResourceNotFoundError' } },
    }
    const saved = (name: string): Question => ({ kind: 'saved', ...words.saved.parse({ query: name }) })
    const findings = await withKeen([get('/queries/saved/a/result', good), gone], async (source) =>
      source.inspect?.(asked({ one: saved('a'), two: saved('b'), three: saved('b') })),
    )
    expect(findings?.map(({ query: name, problem }) => [name, problem.slice(0, 40)])).toEqual([
      ['two', 'the saved query "b" cannot be asked: GET'],
      ['three', 'the saved query "b" cannot be asked: GET'],
    ])
  })

  test('asks nothing where nothing is named', async () => {
    expect(await withKeen([], async (source) => source.inspect?.([]))).toEqual([])
  })
})

test('a kind of question that Keen cannot answer has no key', () => {
  const question = plainAsk('top', { what: 'events' }).question
  expect(keen.kinds).not.toContain('top')
  expect(keen.refuse(config.parse({ kind: 'keen' }), question, context)).toBeUndefined()
})
