import { Temporal } from 'temporal-polyfill'
import { converter } from '../../../lib/export/convert.ts'
import type { ExportContext, ExportRequest } from '../../../lib/export/run.ts'
import { ownerOfThisProcess } from '../../../lib/store/claims.ts'
import type { Store } from '../../../lib/store/store.ts'
import { exportingIn, keys } from './exporting.ts'
import { joined, rawData } from './raw.ts'

/** An export of one day in both formats, which is looked at again each time. */
export async function exportRun(
  store: Store,
  given: readonly string[],
  scratch: string,
): Promise<{ request: ExportRequest; context: ExportContext }> {
  const clock = () => new Date()
  const entry: ExportContext['entry'] = {
    name: 'events',
    source: 'product',
    data: 'events',
    from: '2026-11-09',
    to: '2026-11-10',
    every: 'day',
    order: 'oldest',
    format: ['json', 'parquet'],
    schema: 'mono',
  }
  const exporting = await exportingIn(
    store,
    { lines: given },
    {
      clock,
      scratch,
      convert: converter({ store, keys }, entry),
      ask: async () => ({ raw: rawData(joined(given), { size: 4000 }) }),
    },
  )
  return {
    request: { scheduledAt: Temporal.Now.instant(), from: '2026-11-09' },
    context: { entry, zone: 'UTC', exporting, owner: ownerOfThisProcess(), atATime: 1 },
  }
}
