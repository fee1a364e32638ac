import * as z from 'zod'
import { parseMailbox } from '../mailbox.ts'
import { name, query } from '../query.ts'
import { parseSchedule } from '../schedule.ts'
import type { ExportData } from '../sources/source.ts'
import { parseDuration } from '../timeframe.ts'
import { localeProblem, zoneProblem } from './places.ts'

/** The project file as its author writes it. Every object is strict: a word that is not known is a mistake. */

const text = z.string().min(1)

/** A text that something else reads, and says what is wrong with. */
function readBy(problemOf: (value: string) => string | undefined) {
  return text.superRefine((value, context) => {
    const message = problemOf(value)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
}

function problemIn(read: object): string | undefined {
  return 'problem' in read ? String(read.problem) : undefined
}

const zone = readBy(zoneProblem).describe('An IANA time zone, such as Europe/Berlin.')
const schedule = readBy((value) => problemIn(parseSchedule(value))).describe(
  'When it runs, in words of EventBridge Scheduler: cron(0 8 ? * MON *), rate(1 day) or at(2026-11-16T08:00:00).',
)
const mailbox = readBy((value) => problemIn(parseMailbox(value))).describe(
  'growth@example.com, or Growth team <growth@example.com>.',
)
const duration = readBy((value) =>
  parseDuration(value) === undefined ? `"${value}" is not a duration; write 90 minutes, 2 hours or 5 days` : undefined,
)
const seconds = duration.transform((value) => parseDuration(value) ?? 0)
const { timeframe, compare } = query.shape
const hold = seconds.describe('How long after its schedule a report waits for a source that does not answer, such as 2 hours.')
const recipients = z.array(mailbox).min(1)

const email = z.strictObject({
  from: mailbox.optional(),
  to: recipients.optional(),
  attach: z.enum(['csv']).optional().describe('Also attaches each answer as a CSV file.'),
})

export const defaults = z.strictObject({
  source: name.optional(),
  timeframe,
  compare,
  hold: hold.optional(),
  email: email.optional(),
})
export type Defaults = z.output<typeof defaults>

export const alert = z
  .strictObject({
    when: text.describe("A query's name, or one of its segments: `signups / DE`."),
    below: z.number().optional(),
    above: z.number().optional(),
    changed: z
      .string()
      .regex(/^[+-]?\d+(?:\.\d+)? ?%$/, 'a change is written like -20 %')
      .optional()
      .describe('The change on the period before: -20 % (falls), +20 % (rises), 20 % (either).'),
    floor: z.number().nonnegative().optional().describe('Smaller figures raise no alarm.'),
    for: z.number().int().positive().default(1).describe('How many periods in a row.'),
    to: recipients.optional(),
  })
  .refine((value) => value.below !== undefined || value.above !== undefined || value.changed !== undefined, {
    message: 'an alert says `below`, `above` or `changed`',
  })
export type Alert = z.output<typeof alert>

export const report = z.strictObject({
  title: text.optional(),
  owner: mailbox.optional().describe('Answers go there, and failures.'),
  schedule,
  timezone: zone.optional(),
  timeframe,
  compare,
  hold: hold.optional(),
  queries: z.record(name, query).describe('The questions, by names that become keys and addresses.'),
  figures: z.array(name).optional().describe('The tiles at the top, in order; the first four queries unless said.'),
  alerts: z.array(alert).default([]),
  email: email.optional(),
})

/** What each row is told by, and why it cannot be without: a wish to drop it must not be taken and not be done. */
const person = 'each row is told by whom it is of; `broadsheet forget` takes a person out'
const undroppable: Readonly<Record<ExportData, ReadonlyMap<string, string>>> = {
  events: new Map([
    ['distinct_id', person],
    ['$insert_id', 'what came twice is told by it, and would be there twice'],
    ['time', 'days are told by it'],
    ['event', 'rows are told by it; `events` says which ones come'],
  ]),
  people: new Map([['distinct_id', person]]),
  customers: new Map([['distinct_id', person]]),
  catalog: new Map([['item_id', 'each row is told by its item']]),
}

const day = z.iso.date()
export const exported = z
  .strictObject({
    source: name,
    data: z.enum(['events', 'people', 'customers', 'catalog']),
    from: day.describe('The first day, such as 2026-01-01.'),
    to: day.optional().describe('The day after the last one; it goes on unless said.'),
    every: z.enum(['hour', 'day']).default('day'),
    at: z
      .string()
      .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "a time of day is written like '03:00'")
      .optional(),
    order: z.enum(['oldest', 'newest']).default('newest').describe('Which days of the past come first.'),
    sync: seconds.optional().describe('The trailing days that are looked at again, such as 5 days.'),
    format: z
      .array(z.enum(['json', 'parquet']))
      .min(1)
      .default(['json', 'parquet']),
    schema: z.enum(['mono', 'multi']).default('mono').describe('multi keeps the events of each name by themselves.'),
    events: z.array(text).min(1).optional().describe('Only these.'),
    catalog: text.optional().describe('The id of the catalog, with `data: catalog`.'),
    where: text.optional(),
    keep: seconds.optional().describe('Older days are deleted.'),
    drop: z.array(text).min(1).optional().describe('Properties that are not kept.'),
    refresh: z.strictObject({ every: z.enum(['week', 'month']), back: seconds }).optional(),
    glue: z
      .boolean()
      .optional()
      .describe('false: no table in Glue’s Data Catalog; `broadsheet export <name> --ddl` prints what makes one.'),
  })
  .refine((value) => value.to === undefined || value.to > value.from, { path: ['to'], message: '`to` lies after `from`' })
  .refine((value) => value.drop === undefined || !value.format.includes('json'), {
    path: ['drop'],
    message: "json keeps the vendor's own bytes, with every property; with `drop` write `format: [parquet]`",
  })
  .superRefine(({ data, catalog, sync, refresh, schema, drop }, context) => {
    const say = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    for (const [at, word] of (drop ?? []).entries()) {
      const why = undroppable[data].get(word)
      if (why === undefined) continue
      context.addIssue({ code: 'custom', path: ['drop', at], message: `\`${word}\` cannot be dropped: ${why}` })
    }
    if (data === 'catalog' && catalog === undefined) say('data', 'say which one: `catalog:` with its id')
    if (data !== 'catalog' && catalog !== undefined) say('catalog', '`catalog` belongs to `data: catalog`')
    if (data === 'events') return
    // What has no time is kept as it is when it is asked for.
    if (sync !== undefined) say('sync', `${data} cannot be had as they were on days before; leave out \`sync\``)
    if (refresh !== undefined) say('refresh', `${data} cannot be had as they were on days before; leave out \`refresh\``)
    if (schema === 'multi') say('schema', '`schema: multi` keeps events by their names, and only events have them')
  })
export type Exported = z.output<typeof exported>

/** A source before its kind has read it. */
export const source = z.looseObject({ kind: text })

export const project = z.strictObject({
  timezone: zone,
  locale: readBy(localeProblem).default('en-GB').describe('How numbers and dates are written, such as en-GB.'),
  weekStart: z.enum(['monday', 'sunday']).default('monday'),
  sources: z.record(name, source).default({}).describe('Places that can be asked, by name.'),
  defaults: defaults.default({}).describe('What reports and queries leave out.'),
  reports: z.record(name, report).default({}),
  exports: z.record(name, exported).default({}).describe('Continuing copies of events, profiles or catalog items.'),
})
