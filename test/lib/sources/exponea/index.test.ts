import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { CredentialError, RefusedError, UsageError } from '../../../../lib/errors.ts'
import type { Question } from '../../../../lib/query.ts'
import * as words from '../../../../lib/query.ts'
import { commands } from '../../../../lib/sources/exponea/client.ts'
import { exponea } from '../../../../lib/sources/exponea/index.ts'
import { config } from '../../../../lib/sources/exponea/schema.ts'
import type { Source } from '../../../../lib/sources/source.ts'
import type { Expected, Payload } from '../../../servers/vendor.ts'
import { funnelAsk, plainAsk } from '../mixpanel/asking.ts'
import type { TableSent } from './asking.ts'
import { analysis, answering, project, withExponea } from './asking.ts'

const own = config.parse({ kind: 'exponea', project, credentials: 'env:CRM' })
const context = { name: 'crm', timezone: 'Europe/Berlin' }

describe('what Exponea cannot answer', () => {
  test.each([
    [{ saved: { other: '60645' } }, 'add `saved: { crm: <id> }`'],
    [{ saved: undefined }, 'add `saved: { crm: <id> }`'],
    [{ on: 'country' }, 'leave out `on`'],
    [{ where: 'properties["plan"] == "pro"' }, 'leave out `where`'],
    [{ unordered: true }, 'leave out `unordered`'],
  ])('is refused when the project is loaded, and when it is asked all the same: %j', async (change, text) => {
    const ask = funnelAsk({ steps: ['A', 'B'], within: '7 days', saved: { crm: '60645' }, ...change })
    expect(exponea.refuse(own, ask.question, context)).toContain(text)
    await withExponea([], async (source) => {
      await expect(answering(source, 'funnel')(ask)).rejects.toThrow(RefusedError)
      expect(() => source.explain(ask)).toThrow(RefusedError)
    })
  })

  test.each([
    [{}, 'name one saved analysis'],
    [{ type: 'report' }, 'name one saved analysis'],
    [{ analysis: '60645' }, 'does not tell what it is'],
    [{ insights: '7' }, 'other vendors'],
    [{ funnel: '60645' }, 'other vendors'],
    [{ query: 'weekly', analysis: '60645', type: 'report' }, 'other vendors'],
    [{ analysis: 'https://app.exponea.com/p/shop/report/60645', type: 'report' }, 'one word of the address'],
  ])('is refused of what is saved, too: %j', async (question, text) => {
    const ask = plainAsk('saved', question)
    expect(exponea.refuse(own, ask.question, context)).toContain(text)
    await withExponea([], async (source) => {
      await expect(answering(source, 'saved')(ask)).rejects.toThrow(RefusedError)
    })
  })

  test('is not what it can', () => {
    const steps = ['A', { event: 'B', where: 'properties["n"] > 1' }]
    const funnel = funnelAsk({ steps, within: '7 days', saved: { crm: '60645', product: '1' } })
    expect(exponea.refuse(own, funnel.question, context)).toBeUndefined()
    for (const type of ['report', 'funnel', 'segmentation', 'retention']) {
      const { question } = plainAsk('saved', { analysis: '60645fd8ab', type })
      expect(exponea.refuse(own, question, context)).toBeUndefined()
    }
  })
})

test('a source says what it is, what it answers and how much it takes at a time', async () => {
  await withExponea([], async (source) => {
    expect(source.label).toBe(`Exponea (project ${project})`)
    expect(source.concurrency).toBe(4)
    expect(Object.keys(source.answers).sort()).toEqual(['funnel', 'saved'])
    expect([...exponea.kinds].sort()).toEqual(['funnel', 'saved'])
  })
})

test('a question is explained as it is sent', async () => {
  await withExponea([], async (source) => {
    const asks = [
      plainAsk('saved', { analysis: '60645', type: 'retention' }),
      funnelAsk({ steps: ['A', 'B'], within: '1 day', saved: { crm: 'f1' } }, { compare: ['previous'] }),
    ]
    const lines = await Promise.all(asks.map((ask) => source.explain(ask)))
    expect(lines.map((each) => each.map((line) => line.replace(/http:\/\/[^/]+/, '')))).toEqual([
      [
        `POST /data/v2/projects/${project}/analyses/retention {"analysis_id":"60645","execution_time":1794812400,"timezone":"Europe/Berlin","format":"table_json"}`,
      ],
      [
        `POST /data/v2/projects/${project}/analyses/funnel {"analysis_id":"f1","execution_time":1794812400,"timezone":"Europe/Berlin","format":"table_json"}`,
      ],
    ])
  })
})

test('an author is told once that analyses have dates of their own', () => {
  const { question } = plainAsk('saved', { analysis: '60645', type: 'report' })
  expect(exponea.advice(own, [])).toEqual([])
  expect(exponea.advice(own, [question, question])).toEqual([expect.stringMatching(/dates that they are saved with/)])
})

describe('looking up what is saved', () => {
  const table = { header: ['serie', 'step 1 A count', 'step 2 B count'], rows: [['Total', 2, 1]] }
  const sent = (kind: string, answer: TableSent | Payload, id = '60645'): Expected =>
    analysis(kind, { analysis_id: id, timezone: 'Europe/Berlin' }, answer)
  const question = (kind: string, body: object): Question =>
    ({ kind, ...words.questions[kind as 'funnel'].parse(body) }) as unknown as Question
  const funnel = (steps: readonly string[], id = '60645') => question('funnel', { steps, within: '7 days', saved: { crm: id } })
  const saved = (type: string, id = '60645') => question('saved', { analysis: id, type })

  function findings(questions: readonly Question[], expected: readonly Expected[]) {
    const asked = questions.map((one, at) => ({ report: 'weekly', query: `q${at + 1}`, question: one }))
    return withExponea(expected, async (source) => source.inspect?.(asked))
  }

  test('asks for each once, and finds nothing wrong with what is as it is named', async () => {
    const asked = [funnel(['A', 'B']), funnel(['A', 'B']), saved('funnel'), saved('report', 'r1')]
    expect(await findings(asked, [sent('funnel', table), sent('report', { header: ['a'], rows: [] }, 'r1')])).toEqual([])
  })

  test('names other steps', async () => {
    expect(await findings([funnel(['A', 'C'])], [sent('funnel', table)])).toEqual([
      {
        report: 'weekly',
        query: 'q1',
        problem: 'the saved funnel 60645, "Weekly", has the steps A → B; the question names A → C',
        remedy: expect.stringContaining('own steps'),
      },
    ])
  })

  test('names what is not there, and goes on', async () => {
    const gone = { status: 404, body: { success: false, error: 'Analysis does not exist' } }
    const found = await findings([saved('report'), saved('funnel', 'f2')], [sent('report', gone), sent('funnel', table, 'f2')])
    expect(found).toEqual([
      {
        report: 'weekly',
        query: 'q1',
        problem: expect.stringMatching(/^the saved report 60645 cannot be asked: .*Analysis does not exist/),
        remedy: expect.any(String),
      },
    ])
  })

  test('leaves out what another source answers, and what names nothing', async () => {
    const others = question('funnel', { steps: ['A', 'B'], within: '7 days', saved: { product: '1' } })
    expect(await findings([others, question('saved', { insights: '1' }), question('saved', { analysis: '1' })], [])).toEqual([])
  })

  test('does not hide that nobody is let in', async () => {
    const denied = { status: 403, body: { success: false, errors: ['forbidden'] } }
    await expect(findings([saved('report')], [sent('report', denied)])).rejects.toThrow(CredentialError)
  })
})

describe('calls by their name', () => {
  function call(name: string, parameters: unknown, expected: readonly Expected[] = []) {
    return withExponea(expected, async (source: Source) => {
      const called = await source.call?.(name, parameters)
      if (called === undefined || !('each' in called)) return called
      const each: unknown[] = []
      for await (const one of called.each) each.push(one)
      return { each }
    })
  }
  const path = (rest: string) => `/data/v2/projects/${project}/${rest}`

  test('give JSON, a text or one after the other', async () => {
    const table = { header: ['a'], rows: [[1]] }
    expect(await call('report', { analysis_id: '60645' }, [analysis('report', {}, table)])).toEqual({
      json: { name: 'Weekly', ...table },
    })
    const csv: Expected = {
      method: 'POST',
      path: path('analyses/report'),
      json: { analysis_id: '60645', format: 'csv' },
      answer: { body: 'a\n1\n', headers: { 'content-type': 'text/csv' } },
    }
    expect(await call('report', { analysis_id: '60645', format: 'csv' }, [csv])).toEqual({ text: 'a\n1\n' })
    const everyone: Expected = {
      method: 'POST',
      path: path('customers/export'),
      json: { format: 'native_json' },
      answer: { body: { success: true, fields: [{ type: 'id', id: 'registered' }], data: [['ann'], ['bob']] } },
    }
    expect(await call('customersEach', {}, [everyone])).toEqual({
      each: [
        { ids: { registered: 'ann' }, properties: {} },
        { ids: { registered: 'bob' }, properties: {} },
      ],
    })
    const consent: Expected = {
      method: 'POST',
      path: path('customers/attributes'),
      json: { customer_ids: { registered: 'ann' }, attributes: [{ type: 'consent', category: 'news' }] },
      answer: { body: { success: true, results: [{ success: true, value: true }] } },
    }
    expect(await call('customerConsents', { customer_ids: { registered: 'ann' }, categories: ['news'] }, [consent])).toEqual({
      json: { consents: { news: true }, failed: [] },
    })
  })

  test.each<[string, unknown]>([
    ['get_report', {}],
    ['toString', {}],
    ['report', { id: '60645' }],
    ['report', undefined],
    ['report', 'weekly'],
    ['customerConsents', null],
    ['batchEach', { commands: [] }],
  ])('are checked before anything is sent: %s %j', async (name, parameters) => {
    await expect(call(name, parameters)).rejects.toThrow(UsageError)
  })

  test('all have words for people', () => {
    for (const [name, { about, parameters }] of Object.entries(exponea.calls)) {
      expect(about, name).toMatch(/\w/)
      expect(parameters.safeParse(7).success, name).toBe(false)
    }
  })
})

describe('the readme’s table of calls', () => {
  async function rows(): Promise<string[][]> {
    const text = await readFile(new URL('../../../../lib/sources/exponea/readme.md', import.meta.url), 'utf8')
    const [, table = ''] = /\| exponea-python-sdk \| here \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(text) ?? []
    const lines = table.trim().split('\n')
    return lines.map((line) => line.split('|').map((cell) => cell.trim()))
  }
  const named = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  const batchable = Object.keys(commands).map((name) => `commands.${name}`)

  test('has every call that there is, and no other', async () => {
    const here = (await rows()).flatMap((cells) => named(cells[2] ?? ''))
    expect(here.toSorted()).toEqual([...Object.keys(exponea.calls), ...batchable, 'createExponeaClient'].toSorted())
  })

  test('has every method of the vendor’s Python client', async () => {
    const methods = {
      catalog: `create_catalog get_catalog_name get_catalog_items update_catalog_name create_catalog_item
        update_catalog_item delete_catalog_item delete_catalog_items delete_catalog`,
      tracking: 'get_system_time update_customer_properties add_event batch_commands',
      customer: `get_customer get_customer_consents get_customer_attributes get_customers get_events anonymize_customer`,
      analyses: 'get_report get_funnel get_segmentation',
    }
    const theirs = Object.entries(methods).flatMap(([part, names]) => names.split(/\s+/).map((name) => `${part}.${name}`))
    const listed = (await rows()).flatMap((cells) => named(cells[1] ?? ''))
    expect(listed).toEqual(expect.arrayContaining(theirs))
  })
})
