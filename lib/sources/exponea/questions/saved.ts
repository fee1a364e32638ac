import type { Saved } from '../../../query.ts'
import type { AnyBody, Note } from '../../../result.ts'
import type { Ask } from '../../source.ts'
import type { Analysis } from '../client.ts'
import type { Place, Request } from './asking.ts'
import { analysisRequest, notesOn } from './asking.ts'
import { funnelBody } from './funnel.ts'
import { readFunnel } from './funnel-table.ts'
import { readCohorts } from './retention-table.ts'
import { segmentationBody, tableBody } from './table.ts'

const example = 'write `saved: { analysis: <id>, type: report }`; the type is report, funnel, segmentation or retention'

/** Why an Exponea source cannot be asked this, if it cannot. */
export function refuseSaved({ insights, funnel, query, analysis, type }: Saved): string | undefined {
  if (insights !== undefined || funnel !== undefined || query !== undefined) {
    return `Exponea keeps analyses; \`insights\`, \`funnel\` and \`query\` are of other vendors: ${example}`
  }
  if (analysis === undefined) return `name one saved analysis: ${example}`
  if (type === undefined) return `the id of an analysis does not tell what it is: ${example}`
  // People copy the address.
  if (/[/\s]/.test(analysis)) return 'an id of Exponea is one word of the address where the analysis is edited, not the address'
  return undefined
}

export function savedRequest(ask: Ask<'saved'>): Request {
  const { analysis = '', type = 'report' } = ask.question
  return analysisRequest(type, analysis, ask)
}

/**
 * A funnel or, where they can be told, cohorts; everything else is a table. Reports stay tables also where they have
 * dates: how the vendor writes those, and whether a metric adds up over them, is not documented.
 */
export async function answerSaved(ask: Ask<'saved'>, { client }: Place): Promise<AnyBody> {
  const { call, parameters } = savedRequest(ask)
  const analysis = await client[call](parameters, ask.signal)
  switch (call) {
    case 'report':
      return { shape: 'table', ...tableBody(analysis, ask) }
    case 'segmentation':
      return { shape: 'table', ...segmentationBody(analysis, ask) }
    case 'funnel':
      return { shape: 'funnel', ...funnelBody(analysis, readFunnel(analysis), ask) }
    case 'retention':
      return retentionBody(analysis, ask)
  }
}

function retentionBody(analysis: Analysis, ask: Ask<'saved'>): AnyBody {
  const { scheduledAt, calendar } = ask
  const read = readCohorts(analysis, { timezone: calendar.timezone, at: scheduledAt })
  if ('problem' in read) {
    const notes: Note[] = [{ kind: 'source', text: `the retention is a table and no cohorts: ${read.problem}` }]
    return { shape: 'table', ...tableBody(analysis, ask, notes) }
  }
  const { unit, cohorts, timeframe, running } = read
  return {
    shape: 'cohorts',
    timeframe,
    measure: 'retention',
    unit,
    interval: unit,
    cohorts: [...cohorts],
    notes: [
      ...notesOn(analysis, ask, { dated: true }),
      { kind: 'source', text: 'Exponea does not document what the cells are; all are read as numbers of customers' },
      ...(running ? [{ kind: 'source', text: `who entered in the running ${unit} is left out` } as const] : []),
    ],
  }
}
