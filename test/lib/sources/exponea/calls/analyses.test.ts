import { describe, expect, test } from 'vitest'
import { startVendor } from '../../../../servers/vendor.ts'
import { asked, good, open } from '../door.ts'
import { answersAll } from '../exchange.ts'

const table = {
  header: ['segment', '#'],
  name: 'Bought',
  rows: [
    ['already', 0],
    ['not yet', 4],
  ],
}

answersAll("the vendor's Python client", [
  {
    sdk: 'analyses.get_report',
    request: 'POST data/analyses/report',
    json: { analysis_id: 'rep', format: 'table_json' },
    answer: good({ header: ['cookie id', 'count(customer)'], name: 'People', rows: [['t1', 1]] }),
    use: (client) => client.report({ analysis_id: 'rep' }),
    gives: { name: 'People', header: ['cookie id', 'count(customer)'], rows: [['t1', 1]] },
  },
  {
    sdk: 'analyses.get_funnel',
    request: 'POST data/analyses/funnel',
    json: { analysis_id: 'fun', format: 'table_json', execution_time: 1_763_276_400, timezone: 'Europe/Bratislava' },
    answer: good({
      header: ['serie', 'step 1 visit count', 'step 2 visit count', 'step 2 visit duration from previous'],
      name: 'Return',
      rows: [
        ['Total', 2, 1, 435_764.1615576744],
        ['Foo', 1, 0, -1],
      ],
    }),
    use: (client) => client.funnel({ analysis_id: 'fun', execution_time: 1_763_276_400, timezone: 'Europe/Bratislava' }),
    gives: {
      name: 'Return',
      header: ['serie', 'step 1 visit count', 'step 2 visit count', 'step 2 visit duration from previous'],
      rows: [
        ['Total', 2, 1, 435_764.1615576744],
        ['Foo', 1, 0, -1],
      ],
    },
  },
  {
    sdk: 'analyses.get_segmentation',
    request: 'POST data/analyses/segmentation',
    json: { analysis_id: 'seg', format: 'table_json' },
    answer: good(table),
    use: (client) => client.segmentation({ analysis_id: 'seg', format: 'table_json' }),
    gives: table,
  },
])

answersAll('newer documentation', [
  {
    sdk: 'retention',
    request: 'POST data/analyses/retention',
    json: { analysis_id: 'ret', format: 'table_json' },
    answer: good({ header: ['starting date', 'initial step', 'period 0'], name: 'Weeks', rows: [[1_514_761_200, 3, null]] }),
    use: (client) => client.retention({ analysis_id: 'ret' }),
    gives: { name: 'Weeks', header: ['starting date', 'initial step', 'period 0'], rows: [[1_514_761_200, 3, null]] },
  },
])

describe('an analysis', () => {
  test.each(['report', 'funnel', 'segmentation', 'retention'] as const)('of a %s as CSV is the text that came', async (name) => {
    const csv = 'serie,step 1 purchase count,step 1 purchase count\nTotal,3,1\n"online, ""new""",2,1\n'
    await using vendor = await startVendor([
      asked(
        `POST data/analyses/${name}`,
        { json: { analysis_id: 'x', format: 'csv' } },
        { body: csv, headers: { 'content-type': 'text/csv' } },
      ),
    ])
    await using door = open(vendor)
    const given: string = await door.client[name]({ analysis_id: 'x', format: 'csv' })
    expect(given).toBe(csv)
  })

  test('keeps columns of the same name', async () => {
    const same = { header: ['count', 'count'], name: 'Twice', rows: [[1, 2]] }
    await using vendor = await startVendor([
      asked('POST data/analyses/report', { json: { analysis_id: 'x', format: 'table_json' } }, good(same)),
    ])
    await using door = open(vendor)
    expect(await door.client.report({ analysis_id: 'x' })).toEqual(same)
  })
})
