import * as z from 'zod'
import { parseDuration } from '../../timeframe.ts'

/** How long a run waits for an export that has not finished its windows, unless the source says. */
export const usualWait = '3 hours'

/** What a lake says of itself in the project file: a folder of events, or an export of the same project. */
export const config = z
  .strictObject({
    kind: z.literal('lake'),
    /** A folder of Mixpanel-format NDJSON (also gzipped) or of Parquet, read recursively; a relative path starts at the project file. */
    events: z.string().min(1).optional(),
    /** The name of an export whose kept windows are asked. */
    export: z.string().min(1).optional(),
    /** How long after its schedule a run waits for the export to finish. */
    wait: z.string().optional(),
  })
  .superRefine((value, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if ((value.events === undefined) === (value.export === undefined)) {
      const found = value.events === undefined ? 'neither is there' : 'both are there'
      context.addIssue({ code: 'custom', message: `a lake has either events (a folder) or export (an export's name); ${found}` })
    }
    if (value.events !== undefined && /^[a-z][a-z0-9+.-]+:\/\//i.test(value.events)) {
      problem(
        'events',
        `"${value.events}" is not a folder on this machine, and a lake reads no other place yet; copy the events into a folder`,
      )
    }
    if (value.wait === undefined) return
    if (value.export === undefined) problem('wait', 'a folder is not waited for; wait belongs to export')
    else if (parseDuration(value.wait) === undefined)
      problem('wait', `"${value.wait}" is not a duration; write 90 minutes or 3 hours`)
  })
export type Config = z.output<typeof config>
