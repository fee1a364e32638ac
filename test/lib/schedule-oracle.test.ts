import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import { nextTimes, parseSchedule, previousTime } from '../../lib/schedule.ts'

// The offset of a zone changes on a quarter of an hour at most often.
function localFields(zone: string, from: number, minutes: number): { epoch: number; local: number }[] {
  const found: { epoch: number; local: number }[] = []
  let offset = 0
  for (let minute = 0; minute < minutes; minute += 1) {
    const epoch = from + minute * 60_000
    if (minute === 0 || (epoch / 60_000) % 15 === 0) {
      offset = Temporal.Instant.fromEpochMilliseconds(epoch).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6
    }
    found.push({ epoch, local: epoch + offset })
  }
  return found
}

const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
/** One field: what is written, and which numbers that is. */
const field = (least: number, most: number, name: (value: number) => string = String) =>
  fc.oneof(
    fc.constant({ text: '*', has: () => true }),
    fc.uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 3 }).map((list) => ({
      text: list.map(name).join(','),
      has: (value: number) => list.includes(value),
    })),
    fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most })).map(([one, other]) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)]
      return { text: `${name(low)}-${name(high)}`, has: (value: number) => value >= low && value <= high }
    }),
  )
const stepped = (least: number, most: number) =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: 1, max: 20 })).map(([start, step]) => ({
    text: `${start}/${step}`,
    has: (value: number) => value >= start && (value - start) % step === 0,
  }))
interface Day {
  readonly date: string
  readonly weekday: string
  readonly has: (date: number, weekday: number, last: number) => boolean
}
const workday = (weekday: number) => weekday !== 0 && weekday !== 6
const dayFields: fc.Arbitrary<Day> = fc.oneof(
  field(1, 31).map(({ text, has }): Day => ({ date: text, weekday: '?', has: (date) => has(date) })),
  field(0, 6, (day) => days[Number(day)] as string).map(
    ({ text, has }): Day => ({ date: '?', weekday: text, has: (_, weekday) => has(weekday) }),
  ),
  fc.constant<Day>({ date: 'L', weekday: '?', has: (date, _, last) => date === last }),
  fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 5 })).map(
    ([day, nth]): Day => ({
      date: '?',
      weekday: `${day + 1}#${nth}`,
      has: (date, weekday) => weekday === day && Math.ceil(date / 7) === nth,
    }),
  ),
  fc.integer({ min: 0, max: 6 }).map(
    (day): Day => ({
      date: '?',
      weekday: `${days[day]}L`,
      has: (date, weekday, last) => weekday === day && date + 7 > last,
    }),
  ),
  fc.integer({ min: 1, max: 28 }).map(
    (near): Day => ({
      date: `${near}W`,
      weekday: '?',
      has: (date, weekday, last) => {
        if (!workday(weekday)) return false
        const weekdayOf = (other: number) => (weekday + (other - date) + 70) % 7
        const distances = Array.from({ length: last }, (_, index) => index + 1)
          .filter((other) => workday(weekdayOf(other)))
          .map((other) => Math.abs(other - near))
        return Math.abs(date - near) === Math.min(...distances)
      },
    }),
  ),
)
// Around changes of clocks, over midnight too, and anywhere.
const starts = fc.oneof(
  fc.constantFrom(
    ['Europe/Berlin', '2026-03-28'],
    ['Europe/Berlin', '2026-10-24'],
    ['America/Sao_Paulo', '2018-11-03'],
    ['America/Sao_Paulo', '2018-02-16'],
    ['Africa/Cairo', '2026-10-28'],
    ['Australia/Lord_Howe', '2026-04-04'],
    ['Australia/Lord_Howe', '2026-10-03'],
    ['Asia/Kathmandu', '2028-02-27'],
  ),
  fc.tuple(
    fc.constantFrom('Europe/Berlin', 'America/New_York', 'UTC', 'Pacific/Chatham'),
    fc.integer({ min: 0, max: 3000 }).map((day) => new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10)),
  ),
)

test('agrees with asking every minute of nine days, forwards and backwards', () => {
  const cases = fc.record({
    start: starts,
    minute: fc.oneof(field(0, 59), stepped(0, 59)),
    hour: fc.oneof(field(0, 23), stepped(0, 23)),
    day: dayFields,
    month: field(1, 12),
  })
  fc.assert(
    fc.property(cases, ({ start: [zone = '', date = ''], minute, hour, day, month }) => {
      const text = `cron(${minute.text} ${hour.text} ${day.date} ${month.text} ${day.weekday} *)`
      const read = parseSchedule(text)
      // Days that never come are another test's.
      fc.pre(!('problem' in read))
      if ('problem' in read) return
      const first = Date.parse(`${date}T00:00Z`)
      const seen = new Set<number>()
      const expected: number[] = []
      const all = localFields(zone, first - 2 * 86_400_000, 11 * 1440)
      for (const { epoch, local } of all) {
        const again = seen.has(local)
        seen.add(local)
        const clock = new Date(local)
        const last = new Date(Date.UTC(clock.getUTCFullYear(), clock.getUTCMonth() + 1, 0)).getUTCDate()
        if (again || epoch <= first) continue
        if (!minute.has(clock.getUTCMinutes()) || !hour.has(clock.getUTCHours()) || !month.has(clock.getUTCMonth() + 1)) continue
        if (day.has(clock.getUTCDate(), clock.getUTCDay(), last)) expected.push(epoch)
      }
      const end = first + 9 * 86_400_000 - 60_000
      const forwards = nextTimes(read, zone, Temporal.Instant.fromEpochMilliseconds(first), Math.min(40, expected.length + 1))
      expect(forwards.map(({ epochMilliseconds }) => epochMilliseconds).filter((time) => time <= end)).toEqual(
        expected.slice(0, 40),
      )
      const backwards = previousTime(read, zone, Temporal.Instant.fromEpochMilliseconds(end))
      if (expected.length > 0) expect(backwards?.epochMilliseconds).toBe(expected.at(-1))
      else expect(backwards === undefined || backwards.epochMilliseconds <= first).toBe(true)
    }),
    { numRuns: 400 },
  )
})
