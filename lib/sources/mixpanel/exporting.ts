import type { Temporal } from 'temporal-polyfill'
import { DataError, RefusedError } from '../../errors.ts'
import type { ExportAsk, Exported, RawData, SourceKind } from '../source.ts'
import type { MixpanelClient } from './client.ts'
import type { RawExport } from './export.ts'
import { readExport } from './export-lines.ts'
import { limitOf } from './limits.ts'
import type { Config, config } from './schema.ts'

/** What exports can copy of Mixpanel: raw events as the vendor's own bytes, profiles as they are when they are asked for. */
export const exportable: NonNullable<SourceKind<typeof config>['exports']> = {
  data: ['events', 'people'],
  zone: (own, timezone) => zoneOf(own, timezone),
  countsLocally: ({ epochs }) => epochs === 'project',
  limit: (own) => limitOf(own, 'export'),
  refuse(_, { data, events, every }) {
    if (data === 'people' && events !== undefined) return 'profiles have no events; leave out `events`'
    return data === 'people' && every === 'hour' ? 'profiles are copied whole, once a day at most; write `every: day`' : undefined
  },
}

/** Projects created since 2023 count an export's days in UTC, older ones in the project's zone; nothing in an answer tells which. */
function zoneOf({ epochs, timezone: own }: Config, timezone: string): string {
  return epochs === 'project' ? (own ?? timezone) : 'UTC'
}

export async function exportOf(client: MixpanelClient, own: Config, ask: ExportAsk): Promise<Exported> {
  if (ask.data === 'people') return { rows: profiles(client, ask) }
  if (ask.data !== 'events' || ask.window === undefined) throw new RefusedError(`Mixpanel has no ${ask.data} to export`)
  const { events, where, signal } = ask
  const hour = hourIn(ask.window, own)
  const conditions = [where, hour?.condition].filter((one) => one !== undefined)
  const raw = await client.export(
    {
      from_date: ask.window.start.toPlainDate().toString(),
      to_date: ask.window.end.subtract({ nanoseconds: 1 }).toPlainDate().toString(),
      ...(events === undefined ? {} : { event: [...events] }),
      ...(conditions.length === 0 ? {} : { where: conditions.map((one) => `(${one})`).join(' and ') }),
    },
    signal,
  )
  return { raw: { call: raw.call, requestId: raw.requestId, body: raw.body, encoding: raw.encoding, lines: watched(raw, hour) } }
}

interface Hour {
  readonly condition: string
  readonly from: number
  readonly to: number
}

/**
 * Mixpanel exports days. An hour is asked for by its events' own times, in seconds as they are kept: in UTC, or of a
 * project from before 2023 by the clock on its wall.
 */
function hourIn({ start, end }: NonNullable<ExportAsk['window']>, own: Config): Hour | undefined {
  if (start.equals(start.startOfDay()) && end.equals(end.startOfDay())) return undefined
  const [from, to] = [start, end].map((time) => secondsOf(time, own)) as [number, number]
  return { condition: `properties["$time"] >= datetime(${from}) and properties["$time"] < datetime(${to})`, from, to }
}

function secondsOf(time: Temporal.ZonedDateTime, { epochs }: Config): number {
  const own = epochs === 'project' ? time.toPlainDateTime().toZonedDateTime('UTC') : time
  return Math.floor(own.epochMilliseconds / 1000)
}

/** The zone of `datetime()` is not documented, so each event of an hour is looked at: one of another hour is no answer. */
function watched(raw: RawExport, hour: Hour | undefined): RawData['lines'] {
  const reader = readExport(raw)
  if (hour === undefined) return { see: reader.see, end: reader.end, cut: (cause) => reader.cut(cause as never) }
  return {
    see(line) {
      const event = reader.read(line)
      if (event === undefined) return
      const time = Number(event.properties['time'])
      if (hour.from <= time && time < hour.to) return
      throw new DataError(`${raw.call}: an event of another hour came (${time}, asked for ${hour.from} to ${hour.to})`, {
        requestId: raw.requestId,
        remedy: 'export days: `every: day`',
      })
    },
    end: reader.end,
    cut: (cause) => reader.cut(cause as never),
  }
}

async function* profiles(client: MixpanelClient, { where, signal }: ExportAsk): AsyncGenerator<object, void> {
  for await (const { distinctId, properties } of client.engageAll(where === undefined ? {} : { where }, signal)) {
    yield { distinct_id: distinctId, properties }
  }
}
