import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { beforeAll, describe, expect, test } from 'vitest'
import { sampleProject, writeSample } from '../../../lib/sample/index.ts'
import { parseDuration, resolveWindows } from '../../../lib/timeframe.ts'
import { type Made, type MadeEvent, make, projectOf } from './made.ts'

const at = Temporal.Instant.from('2026-11-16T07:00:00Z')

const growth = projectOf({
  growth: {
    signups: { segmentation: { event: 'Sign Up', on: 'country', clean: true }, trend: 'previous_4_weeks' },
    activation: {
      funnel: {
        steps: ['Sign Up', 'Create Project', { event: 'Invite', where: 'properties["count"] > 0' }, 'Upgrade'],
        within: '7 days',
        saved: { product: '7509' },
      },
    },
    active: { segmentation: { event: 'Open App', type: 'unique', unit: 'week' } },
    errors: { segmentation: { event: 'Error' }, better: 'lower' },
  },
})

const odd = projectOf({
  ventas: {
    a: {
      segmentation: {
        event: ['Añadir "al carrito"', '購入 🛒', 'it’s; DROP TABLE --', '__proto__'],
        on: ['Größe', 'properties["tier \\"x\\""]'],
        where: 'properties["plan \\\\ neu"] == "prø" or properties["Zahl"] >= 10',
      },
      trend: 'previous_3_weeks',
    },
    b: { segmentation: { event: '購入 🛒', type: 'sum', of: 'Betrag €' } },
    c: {
      funnel: {
        steps: ['Añadir "al carrito"', { event: '購入 🛒', where: 'properties["ok"]' }, '購入 🛒', 'Añadir "al carrito"'],
        within: '90 minutes',
        on: '__proto__',
      },
      timeframe: 'previous_2_days',
    },
  },
})

describe('sampleProject', () => {
  const sampled = sampleProject(growth, '/tmp/somewhere')

  test('has the lake answer in place of every source, under its name', () => {
    expect(sampled.sources).toEqual({
      product: { name: 'product', kind: 'lake', config: { kind: 'lake', events: '/tmp/somewhere' } },
      own: { name: 'own', kind: 'lake', config: { kind: 'lake', events: '/tmp/somewhere' } },
    })
  })

  test('asks funnels by their steps and changes nothing else', () => {
    const [signups, activation] = sampled.reports.growth?.queries ?? []
    expect(activation?.question).toMatchObject({ kind: 'funnel', within: '7 days' })
    expect(activation?.question).not.toHaveProperty('saved')
    expect(growth.reports.growth?.queries[1]?.question).toHaveProperty('saved')
    expect(signups).toEqual(growth.reports.growth?.queries[0])
    expect({ ...sampled, sources: 0, reports: 0 }).toEqual({ ...growth, sources: 0, reports: 0 })
  })
})

describe('the events of a sample', () => {
  let made: Made
  beforeAll(async () => {
    made = await make(growth, at)
  })

  test('are about 50,000, of which one in a hundred is there twice', () => {
    expect(made.events).toBe(made.lines.length)
    expect(made.events).toBeGreaterThan(45_000)
    expect(made.events).toBeLessThan(55_000)
    expect(made.duplicates).toBe(made.lines.length - made.once.length)
    expect(made.duplicates / made.events).toBeGreaterThan(0.008)
    expect(made.duplicates / made.events).toBeLessThan(0.012)
    expect(new Set(made.once.map((each) => each.properties.$insert_id)).size).toBe(made.once.length)
    expect(made.users).toBe(new Set(made.once.map((each) => each.properties.distinct_id)).size)
  })

  test('have the shape of a Mixpanel export and about 30 properties', () => {
    for (const each of made.once) {
      expect(Object.keys(each)).toEqual(['event', 'properties'])
      expect(Number.isInteger(each.properties.time)).toBe(true)
      expect(each.properties.distinct_id).toMatch(/^[0-9a-f]{16}$/)
    }
    const names = new Set(made.once.flatMap((each) => Object.keys(each.properties)))
    expect(names.size).toBe(30)
    for (const name of ['$insert_id', '$browser', '$os', 'mp_country_code', 'country', 'plan', '$city', 'utm_source', 'amount']) {
      expect(names).toContain(name)
    }
  })

  test('are odd in the ways that real ones are', () => {
    const values = (name: string) => made.once.map((each) => each.properties[name])
    expect(values('build').every((value) => /^00\d+$/.test(String(value)))).toBe(true)
    expect(values('tags').some((value) => Array.isArray(value))).toBe(true)
    expect(values('context')[0]).toBeTypeOf('object')
    expect(new Set(values('coupon').map((value) => (value === null ? 'null' : typeof value)))).toEqual(
      new Set(['null', 'undefined', 'string']),
    )
    expect(values('$city')).toContain('東京')
    const without = made.once.filter((each) => each.properties.country === undefined).length
    expect(without).toBeGreaterThan(50)
    expect(without).toBeLessThan(made.once.length / 50)
  })

  test('are there on each day of every window, and never after the scheduled instant', () => {
    const days = new Set(made.once.map(dayOf))
    for (const query of growth.reports.growth?.queries ?? []) {
      const within = query.question.kind === 'funnel' ? parseDuration(query.question.within) : undefined
      const windows = resolveWindows({ ...query, within }, at, growth)
      for (const { start, end } of [
        windows.timeframe,
        ...(windows.trend === undefined ? [] : [windows.trend]),
        ...windows.comparisons.map((each) => each.timeframe),
      ]) {
        for (let day = start; Temporal.ZonedDateTime.compare(day, end) < 0; day = day.add({ days: 1 })) {
          expect(days).toContain(day.toPlainDate().toString())
        }
      }
    }
    // Four weeks now, and for the funnel a year ago one week and the one in which its users go on.
    expect(made.files).toHaveLength(28 + 14)
    expect(Math.max(...made.once.map((each) => each.properties.time))).toBeLessThan(at.epochMilliseconds / 1000)
  })

  test('stand in the file of their day in the project’s zone', () => {
    const first = made.lines[0]
    expect(first).toBeDefined()
    expect(made.files[0]).toBe(`sample-${dayOf(JSON.parse(first ?? ''))}.ndjson.gz`)
    expect([...made.files].sort()).toEqual(made.files)
  })

  test('ebb at weekends and at night', () => {
    const perDay = count(made.once.filter((each) => each.event === 'Open App').map(dayOf))
    const mean = (weekend: boolean) => {
      const counts = [...perDay].filter(([day]) => Temporal.PlainDate.from(day).dayOfWeek > 5 === weekend).map(([, n]) => n)
      return counts.reduce((sum, n) => sum + n, 0) / counts.length
    }
    expect(mean(true) / mean(false)).toBeGreaterThan(0.5)
    expect(mean(true) / mean(false)).toBeLessThan(0.7)
    const perHour = count(made.once.map((each) => zoned(each).hour))
    expect(perHour.get(3) ?? 0).toBeLessThan((perHour.get(10) ?? 0) / 5)
  })

  test('come from users of whom a few do much', () => {
    const perUser = [...count(made.once.map((each) => each.properties.distinct_id)).values()].sort((a, b) => b - a)
    const top = perUser.slice(0, Math.round(perUser.length / 10)).reduce((sum, n) => sum + n, 0)
    expect(top / made.once.length).toBeGreaterThan(0.25)
    expect(perUser.at(-1)).toBe(1)
  })

  test('tell of a campaign: last week is up by about 9 %, and one country made most of it', () => {
    const now = signups(made, '2026-11-09')
    const before = signups(made, '2026-11-02')
    const rise = total(now) - total(before)
    expect(rise / total(before)).toBeGreaterThan(0.06)
    expect(rise / total(before)).toBeLessThan(0.13)
    const rises = [...now]
      .map(([country, n]) => ({ country, rise: n - (before.get(country) ?? 0) }))
      .sort((a, b) => b.rise - a.rise)
    expect(rises[0]?.country).toBe('DE')
    expect((rises[0]?.rise ?? 0) / rise).toBeGreaterThan(0.6)
    expect(now.size).toBeGreaterThan(30)
    const year = total(signups(made, '2025-11-10'))
    expect(total(now) / year).toBeGreaterThan(1.2)
    expect(total(now) / year).toBeLessThan(1.45)
  })

  test('tell of errors that get rarer', () => {
    const errors = (monday: string) => inWeek(made.once, monday).filter((each) => each.event === 'Error').length
    expect(errors('2026-11-09')).toBeLessThan(errors('2026-11-02') * 0.85)
    expect(errors('2026-11-02')).toBeLessThan(errors('2025-11-10'))
  })

  test('take users through the funnel step by step, fewer at each', () => {
    const [entered = 0, ...later] = funnel(made, '2026-11-02')
    expect(entered).toBeGreaterThan(500)
    const shares = later.map((reached) => reached / entered)
    expect(shares[0]).toBeCloseTo(0.61, 1)
    expect(shares[1]).toBeCloseTo(0.27, 1)
    expect(shares[2]).toBeCloseTo(0.07, 1)
    expect(shares).toEqual([...shares].sort((a, b) => b - a))
    const wentOn = new Set(made.once.filter((each) => each.event === 'Create Project').map((each) => each.properties.distinct_id))
    for (const country of ['DE', 'US', 'FR', 'JP', 'BR']) {
      const users = made.once.filter((each) => each.event === 'Sign Up' && each.properties.country === country)
      expect(users.filter((each) => wentOn.has(each.properties.distinct_id)).length / users.length).toBeCloseTo(0.6, 1)
    }
  })
})

describe('the bytes of a sample', () => {
  test('are the same for the same project and instant, and others for another project', async () => {
    const one = await make(growth, at, { events: 3000 })
    const two = await make(growth, at, { events: 3000 })
    expect(two.bytes).toEqual(one.bytes)
    const other = await make(projectOf({ other: { x: { segmentation: { event: 'Sign Up' } } } }), at, { events: 3000 })
    expect(other.bytes[0]?.equals(one.bytes[0] ?? Buffer.of())).toBe(false)
  })

  test('replace an earlier sample in the folder and leave other files alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sample-'))
    try {
      await writeFile(join(folder, 'sample-1999-01-01.ndjson.gz'), '')
      await writeFile(join(folder, 'mine.ndjson.gz'), '')
      const inner = join(folder, 'with spaces', 'ü')
      await mkdir(inner, { recursive: true })
      const sample = await writeSample(growth, at, folder, { events: 500 })
      expect((await readdir(folder)).sort()).toEqual(['mine.ndjson.gz', ...sample.files, 'with spaces'])
      expect((await writeSample(growth, at, inner, { events: 500 })).files).toEqual(sample.files)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('any project', () => {
  test('finds its own events, properties and conditions, whatever their names', async () => {
    const made = await make(odd, at)
    expect(new Set(made.once.map((each) => each.event))).toEqual(
      new Set(['Añadir "al carrito"', '購入 🛒', 'it’s; DROP TABLE --', '__proto__']),
    )
    const has = (name: string) => made.once.filter((each) => Object.hasOwn(each.properties, name))
    for (const name of ['Größe', 'tier "x"', 'plan \\ neu', 'Zahl', 'Betrag €', 'ok', '__proto__']) {
      expect(has(name).length, name).toBeGreaterThan(made.once.length / 3)
    }
    expect(has('Betrag €').filter((each) => typeof each.properties['Betrag €'] === 'number').length).toBeGreaterThan(1000)
    const asked = made.once.filter((each) => each.event === 'it’s; DROP TABLE --')
    const matching = asked.filter(
      ({ properties: { 'plan \\ neu': plan, Zahl } }) => plan === 'prø' || (typeof Zahl === 'number' && Zahl >= 10),
    )
    expect(matching.length / asked.length).toBeGreaterThan(0.2)
    expect(matching.length / asked.length).toBeLessThan(0.8)
    const bought = made.once.filter((each) => each.event === '購入 🛒')
    for (const ok of [true, false]) expect(bought.filter((each) => each.properties.ok === ok).length).toBeGreaterThan(100)
    expect(made.events).toBeGreaterThan(45_000)
    expect(made.events).toBeLessThan(55_000)
  })

  test.each<[string, Record<string, object>]>([
    ['only a saved question', { board: { saved: { insights: '60327213' } } }],
    ['only any event', { all: { segmentation: { event: 'any', type: 'unique' } } }],
    ['no question', {}],
  ])('with %s has plausible events', async (_, queries) => {
    const made = await make(projectOf({ only: queries }), at, { events: 5000 })
    expect(new Set(made.once.map((each) => each.event))).toContain('Sign Up')
    expect(made.events).toBeGreaterThan(4000)
    expect(made.events).toBeLessThan(6000)
  })

  test.each([
    ['an hour', 'previous_60_minutes', '2026-11-16T07:00:00Z', 'Asia/Kolkata'],
    ['a running week', 'this_1_week', '2026-11-18T07:00:00Z', 'America/New_York'],
    ['three years', 'previous_36_months', '2026-11-16T07:00:00Z', 'Pacific/Apia'],
    ['the night in which clocks go back', 'previous_1_day', '2026-10-26T07:00:00Z', 'Europe/Berlin'],
  ])('that asks about %s gets it whole', async (_, timeframe, instant, timezone) => {
    const project = projectOf({ r: { q: { segmentation: { event: 'View', unit: 'hour' }, timeframe } } }, timezone)
    const end = Temporal.Instant.from(instant)
    const made = await make(project, end)
    const days = new Set(made.once.map((each) => zoned(each, timezone).toPlainDate().toString()))
    const { timeframe: window, comparisons } = resolveWindows({ timeframe, compare: ['previous', 'year'] }, end, project)
    for (const { start, end: stop } of [window, ...comparisons.map((each) => each.timeframe)]) {
      for (let day = start; Temporal.ZonedDateTime.compare(day, stop) < 0; day = day.add({ days: 1 })) {
        expect(days).toContain(day.toPlainDate().toString())
      }
    }
    expect(made.events).toBeGreaterThan(40_000)
    expect(made.events).toBeLessThan(60_000)
  })

  test('with reports at several instants ends at the latest', async () => {
    const views = { views: { segmentation: { event: 'View' }, timeframe: 'today', compare: [] } }
    const later = at.add({ hours: 50 })
    const made = await make(
      projectOf({ one: views, two: views, three: views }),
      new Map([
        ['one', at],
        ['two', later],
      ]),
      { events: 2000 },
    )
    expect(made.files).toEqual(['sample-2026-11-16.ndjson.gz', 'sample-2026-11-18.ndjson.gz'])
    expect(Math.max(...made.once.map((each) => each.properties.time))).toBeLessThan(later.epochMilliseconds / 1000)
  })
})

function zoned(event: MadeEvent, timezone = 'Europe/Berlin'): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(event.properties.time * 1000).toZonedDateTimeISO(timezone)
}

function dayOf(event: MadeEvent): string {
  return zoned(event).toPlainDate().toString()
}

function inWeek(events: readonly MadeEvent[], monday: string): MadeEvent[] {
  const start = Temporal.PlainDate.from(monday).toZonedDateTime('Europe/Berlin')
  const [from, to] = [start.epochMilliseconds, start.add({ days: 7 }).epochMilliseconds]
  return events.filter(({ properties: { time } }) => time * 1000 >= from && time * 1000 < to)
}

function count<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

function signups(made: Made, monday: string): Map<unknown, number> {
  return count(
    inWeek(made.once, monday)
      .filter((each) => each.event === 'Sign Up')
      .map((each) => each.properties.country),
  )
}

function total(counts: Map<unknown, number>): number {
  return [...counts.values()].reduce((sum, n) => sum + n, 0)
}

/** How many of a week's new users reached each step within seven days, in order. */
function funnel(made: Made, monday: string): number[] {
  const steps = ['Sign Up', 'Create Project', 'Invite', 'Upgrade']
  const reached = [0, 0, 0, 0]
  const byUser = new Map<string, MadeEvent[]>()
  for (const each of made.once)
    byUser.set(each.properties.distinct_id, [...(byUser.get(each.properties.distinct_id) ?? []), each])
  for (const entry of inWeek(made.once, monday).filter((each) => each.event === 'Sign Up')) {
    let time = entry.properties.time
    for (const [index, step] of steps.entries()) {
      const next = (byUser.get(entry.properties.distinct_id) ?? [])
        .filter(
          (each) => each.event === step && each.properties.time >= time && each.properties.time < entry.properties.time + 604_800,
        )
        .filter((each) => step !== 'Invite' || Number(each.properties.count) > 0)
        .sort((a, b) => a.properties.time - b.properties.time)[0]
      if (next === undefined) break
      time = next.properties.time
      reached[index] = (reached[index] ?? 0) + 1
    }
  }
  return reached
}
