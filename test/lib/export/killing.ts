import { Temporal } from 'temporal-polyfill'
import type { ExportContext, ExportRequest } from '../../../lib/export/run.ts'
import { ownerOfThisProcess } from '../../../lib/store/claims.ts'
import type { Store } from '../../../lib/store/store.ts'
import { exportingIn } from './exporting.ts'
import { joined, rawData } from './raw.ts'

/** An export of one day, which is looked at again each time. */
export async function exportRun(
  store: Store,
  given: readonly string[],
  scratch: string,
): Promise<{ request: ExportRequest; context: ExportContext }> {
  const clock = () => new Date()
  const exporting = await exportingIn(
    store,
    { lines: given },
    {
      clock,
      scratch,
      ask: async () => ({ raw: rawData(joined(given), { size: 4000 }) }),
    },
  )
  const entry = { name: 'events', from: '2026-11-09', to: '2026-11-10', every: 'day', order: 'oldest' } as ExportContext['entry']
  return {
    request: { scheduledAt: Temporal.Now.instant(), from: '2026-11-09' },
    context: { entry, zone: 'UTC', exporting, owner: ownerOfThisProcess(), atATime: 1 },
  }
}
