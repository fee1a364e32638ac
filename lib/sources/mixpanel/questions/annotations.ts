import { Temporal } from 'temporal-polyfill'
import { BroadsheetError } from '../../../errors.ts'
import type { Note, SeriesBody } from '../../../result.ts'
import type { Unit, Window } from '../../../timeframe.ts'
import { isoWithOffset } from '../../../timeframe.ts'
import { needsAccount } from '../access.ts'
import type { AnswerOf, MixpanelClient } from '../client.ts'
import type { Request } from './asking.ts'
import { timeIn } from './times.ts'

type Annotations = AnswerOf<'annotations'>

/** Windows of one run that are remembered, so that its questions read the annotations once. */
const mostKept = 16

/** Reads what people wrote beside charts between two days, once for all questions of a run. */
export type AnnotationReader = (run: Temporal.Instant, fromDate: string, toDate: string) => Promise<Annotations>

export function annotationReader(client: Pick<MixpanelClient, 'annotations'>): AnnotationReader {
  const kept = new Map<string, Promise<Annotations>>()
  return (run, fromDate, toDate) => {
    const key = `${run} ${fromDate} ${toDate}`
    const known = kept.get(key)
    if (known !== undefined) return known
    const reading = client.annotations({ fromDate, toDate })
    kept.set(key, reading)
    // A failed reading is forgotten, so that a run that goes on reads again.
    reading.catch(() => kept.delete(key))
    for (const oldest of kept.keys()) {
      if (kept.size <= mostKept) break
      kept.delete(oldest)
    }
    return reading
  }
}

/** How they are asked for: whole days, both inclusive. */
export function annotationsRequest({ start, end }: Pick<Window, 'start' | 'end'>) {
  const parameters = {
    fromDate: start.toPlainDate().toString(),
    toDate: end.subtract({ nanoseconds: 1 }).toPlainDate().toString(),
  }
  return { call: 'annotations', parameters } as const satisfies Request
}

/** What an answer gains by them. */
export interface Annotated {
  readonly annotations?: NonNullable<SeriesBody['annotations']>
  readonly notes: readonly Note[]
}

/**
 * The annotations within a window, in the form of the result's dates. They are not counted as queries. Where they cannot
 * be read the figures stand, and a note says it; other ways in than a service account have none.
 */
export async function annotationsIn(
  window: Window,
  unit: Unit,
  { read, run, zone }: { readonly read: AnnotationReader; readonly run: Temporal.Instant; readonly zone: string },
): Promise<Annotated> {
  const { fromDate, toDate } = annotationsRequest(window).parameters
  try {
    const found = (await read(run, fromDate, toDate))
      .map(({ date, description }) => ({ time: timeIn(date, zone, 'an annotation'), text: description }))
      .filter(({ time }) => Temporal.ZonedDateTime.compare(window.start, time) <= 0)
      .filter(({ time }) => Temporal.ZonedDateTime.compare(time, window.end) < 0)
      .sort((a, b) => Temporal.ZonedDateTime.compare(a.time, b.time))
    const short = unit === 'minute' || unit === 'hour'
    const annotations = found.map(({ time, text }) => ({
      date: short ? isoWithOffset(time) : time.toPlainDate().toString(),
      text,
    }))
    return annotations.length === 0 ? { notes: [] } : { annotations, notes: [] }
  } catch (error) {
    if (!(error instanceof BroadsheetError)) throw error
    if (needsAccount(error)) return { notes: [] }
    return { notes: [{ kind: 'source', text: `the annotations of the chart could not be read: ${error.message}` }] }
  }
}
