import * as z from 'zod'
import type { ExponeaCall } from '../call.ts'
import { evaluated, text } from './parameters.ts'

/** What the vendor made of a saved analysis: a table, and nothing of how it is defined. */
export interface Analysis {
  /** As the app shows it. */
  readonly name: string
  /** One for each column; a name may come twice. */
  readonly header: readonly string[]
  /** A cell for each column. */
  readonly rows: readonly (readonly unknown[])[]
}

const analysis = z
  .object({ name: z.string(), header: z.array(z.string()), rows: z.array(z.array(z.unknown())) })
  .superRefine(({ header, rows }, context) => {
    const at = rows.findIndex((row) => row.length !== header.length)
    if (at === -1) return
    const message = `${rows[at]?.length} cells under ${header.length} columns`
    context.addIssue({ code: 'custom', message, path: ['rows', at] })
  })
  .transform(({ name, header, rows }): Analysis => ({ name, header, rows }))

function analysisCall<const Kind extends string>(kind: Kind, about: string) {
  return {
    about: `${about}, as it was saved in the app; answers may be 10 minutes old`,
    api: 'data',
    method: 'POST',
    path: `/analyses/${kind}`,
    sends: 'json',
    parameters: z.strictObject({
      /** From the address of the app where the analysis is edited. */
      analysis_id: text,
      ...evaluated,
      format: z.enum(['table_json', 'csv']).default('table_json'),
    }),
    instead: { id: 'write `analysis_id`', 'format=json': 'write table_json' },
    answer: analysis,
    csv: true,
    exact: true,
    repeatable: true,
    // Computed when it is asked for.
    budget: 300_000,
  } as const satisfies ExponeaCall
}

/** Saved analyses. The vendor computes no other: none can be defined with a call. */
export const analysisCalls = {
  report: analysisCall('report', 'the rows of a report'),
  funnel: analysisCall('funnel', 'the steps of a funnel'),
  segmentation: analysisCall('segmentation', 'the segments of a segmentation'),
  retention: analysisCall('retention', 'the cohorts of a retention'),
} as const satisfies Record<string, ExponeaCall>
