import { describe, expect, test } from 'vitest'
import { mistakesOf, right, spoilt } from './written.ts'

const oneOfThem = '(segmentation, funnel, retention, frequency, top, people, saved, ratio)'

describe('a mistake is told with its place, what is wrong, and what would be right', () => {
  test('the project that the others spoil is right', () => {
    expect(mistakesOf(right)).toEqual([])
  })

  describe('keys and names', () => {
    test.each([
      ['timezone: ', 'timezoen: ', ['1:1: there is no `timezoen` here; did you mean timezone?']],
      ['schedule:', 'shedule:', ['10:5: there is no `shedule` in `weekly`; did you mean schedule?']],
      ['{ event: Sign Up }', '{ evnt: Sign Up }', ['13:34: there is no `evnt` in `segmentation`; did you mean event?']],
      [
        'signups: { segmentation:',
        'signups: { segmentaton:',
        ['13:18: there is no `segmentaton` in `signups`; did you mean segmentation?'],
      ],
      ['    timeframe:', '    timefrane:', ['11:5: there is no `timefrane` in `weekly`; did you mean timeframe?']],
      ['  source: own', '  sorce: own', ['6:3: there is no `sorce` in `defaults`; did you mean source?']],
      ['    queries:', '    querys:', ['12:5: there is no `querys` in `weekly`; did you mean queries?']],
      [
        'signups: { segmentation: { event: Sign Up } }',
        'manifest: { segmentation: { event: Sign Up } }',
        [
          '13:7: a query cannot be called manifest: a report keeps a file of that name for itself; give it another name, such as manifests',
          /^16:/,
          /^17:/,
        ],
      ],
      [
        '      path:',
        '      latest:',
        [
          '15:7: a query cannot be called latest: a report keeps a file of that name for itself; give it another name, such as latests',
        ],
      ],
      [
        '      path:',
        '      email:',
        [
          '15:7: a query cannot be called email: a report keeps a file of that name for itself; give it another name, such as emails',
        ],
      ],
      ['within: 7 days', 'within: 7 days, foo: 1', [/^15:67: there is no `foo` in `funnel`; known here: steps, within, on, /]],
      ['project: 1234567', 'project: 1234567, regio: eu', ['3:48: there is no `regio` in `product`; did you mean region?']],
      [
        'email: { to:',
        'email: { cc: [a@example.com], to:',
        [/^18:14: there is no `cc` in `email`; known here: from, to and attach$/],
      ],
      ['  weekly:', '  Weekly_Growth:', ['9:3: a name has small letters, digits and hyphens only, such as weekly-growth']],
      ['      path:', '      constructor:', []],
      ['      path:', '      __proto__:', ['15:7: there is no `__proto__` here']],
      ['source: own', 'source: constructor', [/^6:11: there is no source "constructor"/]],
      ['      path:', '      signups:', ['15:7: `signups` is there twice; keep one of them']],
    ])('%s → %s', (from, to, expected) => {
      expect(mistakesOf(spoilt(from, to))).toEqual(
        expected.map((line) => (line instanceof RegExp ? expect.stringMatching(line) : line)),
      )
    })
  })

  describe('values', () => {
    test.each([
      ['Europe/Berlin', 'Europe/Berlln', '1:11: "Europe/Berlln" is not a time zone; did you mean Europe/Berlin?'],
      ['Europe/Berlin', 'Berlin', '1:11: "Berlin" is not a time zone; did you mean Europe/Berlin?'],
      ['Europe/Berlin', 'europe/berlin', '1:11: "europe/berlin" is not a time zone; did you mean Europe/Berlin?'],
      ['Europe/Berlin', "'+01:00'", '1:11: "+01:00" is not a time zone; write one of the IANA names such as Europe/Berlin'],
      ['sources:', 'locale: xx-Qq\nsources:', '2:9: "xx-Qq" is not a locale; write one such as en-GB or de-DE'],
      ['sources:', 'locale: en_GB\nsources:', '2:9: "en_GB" is not a locale; write en-GB'],
      ['sources:', 'weekStart: tuesday\nsources:', '2:12: "tuesday" is not monday or sunday'],
      ['? * MON *', '? * MON', '10:15: EventBridge needs six fields: cron(0 8 ? * MON *)'],
      ['0 8 ? * MON *', '0 8 * * 1', '10:15: EventBridge needs six fields: cron(0 8 ? * MON *)'],
      ['0 8 ? * MON *', '0 8 31 2 ? *', '10:15: day 31 of month 2 never comes; L is the last day of a month'],
      ['previous_1_week', 'previous_1_weak', '11:16: "previous_1_weak" is not a timeframe; did you mean previous_1_week?'],
      [
        'previous_1_week',
        'last week',
        '11:16: "last week" is not a timeframe; write today, yesterday, this_… or previous_… such as this_14_days or previous_1_week',
      ],
      ['previous_1_week', '{ start: 2026-01-05 }', '11:5: `end` is missing'],
      [
        'previous_1_week',
        '{ start: 2026-01-05, end: 2026-01-05 }',
        '11:5: 2026-01-05 to 2026-01-05 covers nothing; the end is exclusive and lies after the start',
      ],
      [
        'previous_1_week',
        '7',
        '11:16: "7" is not a timeframe; write today, yesterday, this_… or previous_… such as this_14_days or previous_1_week',
      ],
      ['[Sign Up, Invite]', '[Sign Up]', '15:32: a funnel has at least two steps'],
      ['7 days', '7 dayz', '15:59: "7 dayz" is not a duration; write 90 minutes, 7 days or 2 weeks'],
      ['within: 7 days', 'within: 7 days, figure: 1', '15:75: `figure` is 2 or more, not 1'],
      ['within: 7 days', 'within: 7 days, figure: 3', '15:75: there is no step 3: the funnel has 2'],
      ['within: 7 days', 'within: 7 days, saved: { prodct: 7 }', '15:76: there is no source "prodct"; did you mean product?'],
      ['{ event: Sign Up }', '{ event: [] }', '13:41: `event` has at least one entry'],
      ['{ event: Sign Up }', '{ event: }', /^13:41: `event` is a text or a list, such as \[a, b\], not nothing/],
      ['{ event: Sign Up }', "{ event: '' }", '13:41: `event` is empty'],
      ['{ event: Sign Up }', '{ event: true }', "13:41: `event` is a text or a list, such as [a, b], not true; quote it: 'true'"],
      [
        '{ event: Sign Up }',
        '{ event: Sign Up, unit: dayy }',
        '13:56: "dayy" is not minute, hour, day, week or month; did you mean day?',
      ],
      ['{ event: Sign Up }', '{ event: Sign Up, limit: many }', '13:57: `limit` is a number, not "many"'],
      ['{ event: Sign Up }', '{ event: Sign Up, limit: 0 }', '13:57: `limit` is more than 0, not 0'],
      ['{ event: Sign Up }', '{ event: Sign Up, limit: 1.5 }', '13:57: `limit` is a whole number, not 1.5'],
      ['{ event: Sign Up }', '{ event: Sign Up, limit: 100000 }', '13:57: `limit` is 10000 at most, not 100000'],
      ['{ event: Sign Up }', '{ event: Sign Up, clean: yes }', '13:57: `clean` is true or false, not "yes"; write true'],
      ['{ event: Sign Up }', '{ event: Sign Up, on: [a, b, c] }', /^13:54: `on`/],
      ['{ event: Sign Up }', '[Sign Up]', '13:32: `segmentation` is a map of words and values, not a list'],
      [
        '{ event: Sign Up } }',
        '{ event: Sign Up }, compare: [previos] }',
        '13:62: "previos" is not previous or year; did you mean previous?',
      ],
      [
        'segmentation: { event: Open App } }',
        'retention: { first: Open App, then: any }, compare: [year] }',
        '14:69: a retention question is compared with no other time; leave `compare` out',
      ],
      [
        '{ event: Sign Up } }',
        '{ event: Sign Up }, format: eur }',
        '13:60: "eur" is not number, percent or a currency such as EUR',
      ],
      ['{ event: Sign Up } }', '{ event: Sign Up }, chart: pie }', '13:59: "pie" is not line, bar or none'],
      [
        '{ event: Sign Up } }',
        '{ event: Sign Up }, trend: previous_2_days }',
        /^13:59: a trend ends with its timeframe, so it is in the same unit/,
      ],
      [
        '{ event: Sign Up } }',
        '{ event: Sign Up }, timeframe: previous_2_weeks, trend: previous_1_week }',
        '13:88: a trend is at least as long as its timeframe',
      ],
      ['growth@example.com', 'growth', '18:19: "growth" is no address such as name@example.com'],
      [
        '[growth@example.com]',
        'growth@example.com',
        '18:18: `to` is a list, such as [a, b], not "growth@example.com"; write [growth@example.com]',
      ],
      [
        '[growth@example.com]',
        '[a@example.com, A <a@Example.com>]',
        '18:34: a@example.com is there twice; name each reader once',
      ],
      ['[growth@example.com]', '[]', '18:18: `to` has at least one entry'],
      ['Reports <reports@example.com>', 'a@example.com; b@example.com', /^7:18: .* is several addresses, where one is meant/],
      ['schedule:', 'owner: growth\n    schedule:', '10:12: "growth" is no address such as name@example.com'],
      ['schedule:', 'hold: 2 hrs\n    schedule:', '10:11: "2 hrs" is not a duration; write 90 minutes, 2 hours or 5 days'],
      ['schedule:', 'title:\n    schedule:', '10:11: `title` is a text, not nothing'],
    ])('%s → %s', (from, to, expected) => {
      expect(mistakesOf(spoilt(from, to))).toEqual([expected instanceof RegExp ? expect.stringMatching(expected) : expected])
    })
  })

  describe('a question that nobody could answer is told as such, whatever its source', () => {
    const lake = '{ segmentation: { event: Sign Up'
    const vendor = '{ source: product, segmentation: { event: Sign Up'
    test.each([
      ['type: sum', 'a sum needs `of`: the property that is added; add it, such as `of: amount`'],
      ['type: min', 'a minimum needs `of`: the property whose least value it is; add it, such as `of: amount`'],
      ['type: max', 'a maximum needs `of`: the property whose greatest value it is; add it, such as `of: amount`'],
      ['type: median', 'a median needs `of`: the property whose middle value it is; add it, such as `of: amount`'],
      [
        'type: percentile, percentile: 90',
        'a percentile needs `of`: the property whose values it ranks; add it, such as `of: amount`',
      ],
      ['type: percentile, of: n', 'a percentile needs `percentile`: which one it is; add `percentile: 90`'],
      ['type: median, of: n, percentile: 50', 'only a percentile has `percentile`; add `type: percentile`, or leave it out'],
      ['of: n', 'this counts events, and `of` is of a sum or an average; add `type: sum`, or leave it out'],
      ['type: unique, of: n', 'this counts users, and `of` is of a sum or an average; add `type: sum`, or leave it out'],
    ])('%s', (words, expected) => {
      for (const question of [lake, vendor]) {
        const [mistake, ...more] = mistakesOf(spoilt(lake, `${question}, ${words}`))
        expect(mistake?.replace(/^13:\d+: /, '')).toBe(expected)
        expect(more).toEqual([])
      }
    })
  })

  describe('a format that its figure cannot have', () => {
    test.each([
      [
        '{ event: Sign Up } }',
        '{ event: Sign Up }, format: EUR }',
        '13:60: this counts events, and `format: EUR` is money; add up the property that holds the EUR with `type: sum` and `of`, or write `format: number`',
      ],
      [
        '{ event: Sign Up } }',
        '{ event: Sign Up, type: unique }, format: EUR }',
        /^13:74: this counts users, and `format: EUR` is money/,
      ],
      [
        '{ event: Sign Up } }',
        '{ event: Sign Up, type: average }, format: EUR }',
        /^13:75: this counts events per user, and `format: EUR` is money/,
      ],
      [
        '{ event: Sign Up } }',
        '{ event: Sign Up }, format: percent }',
        '13:60: this counts events, and `format: percent` is a share; divide it by another query with a `ratio`, or write `format: number`',
      ],
      [
        '{ event: Sign Up } }',
        '{ event: Sign Up, type: sum, of: n }, format: percent }',
        '13:78: a sum is no share; divide it by another query with a `ratio`, or write `format: number`',
      ],
      ['within: 7 days } }', 'within: 7 days }, format: EUR }', "15:77: a funnel's figure is a percentage; leave `format` out"],
      [
        'to: active } }',
        'to: active, times: 100 }, format: percent }',
        '16:71: a percentage is out of 100 by itself; leave out `times: 100`, or write `format: number`',
      ],
    ])('%s → %s', (from, to, expected) => {
      expect(mistakesOf(spoilt(from, to))).toEqual([expected instanceof RegExp ? expect.stringMatching(expected) : expected])
    })
  })

  describe('what is missing', () => {
    test.each([
      [
        '    timeframe: previous_1_week\n',
        '',
        3,
        '12:7: query signups says no timeframe; add `timeframe: previous_1_week` to it, to its report or to `defaults`',
      ],
      ['  source: own\n', '', 3, '12:7: query signups says no source to ask; add `source: product` to it or to `defaults`'],
      [
        '{ segmentation: { event: Sign Up } }',
        '{ title: Sign-ups }',
        1,
        `13:7: a query asks exactly one question ${oneOfThem}; none is there`,
      ],
      [
        '{ segmentation: { event: Sign Up } }',
        '{ title: Sign-ups, segmentation: { event: A }, top: { what: events } }',
        1,
        `13:7: a query asks exactly one question ${oneOfThem}; segmentation and top are there`,
      ],
      [
        'from: Reports <reports@example.com>',
        '',
        1,
        '18:5: the mail has no sender; add `from: Reports <reports@example.com>` to it, or to `email` in `defaults`',
      ],
      ['to: [growth@example.com]', 'attach: csv', 1, '18:5: the mail goes to nobody; add `to: [growth@example.com]`'],
      [
        ', credentials: ssm:/broadsheet/product',
        '',
        1,
        '3:3: `credentials` is missing; write `credentials: ssm:/broadsheet/name`, where the credential is kept',
      ],
      [', within: 7 days', '', 1, '15:15: `within` is missing; write `within: 7 days`, the time that users have for all steps'],
    ])('%s → %s', (from, to, count, first) => {
      const mistakes = mistakesOf(spoilt(from, to))
      expect(mistakes[0]).toBe(first)
      expect(mistakes).toHaveLength(count)
    })

    test.each(['queries: {}', 'queries: []', ''])('a report without questions: %s', (queries) => {
      const [mistake] = mistakesOf(`timezone: UTC\nreports:\n  weekly:\n    schedule: rate(1 day)\n    ${queries}\n`)
      expect(mistake).toMatch(
        queries.includes('[]')
          ? /^5:14: `queries` is a map/
          : /^[35]:[35]: a report asks something: `queries` is (empty|missing); add one/,
      )
    })

    test.each(['', '# nothing but a comment\n', '- a\n- b\n', 'just text'])('a file that is no map: %j', (yaml) => {
      expect(mistakesOf(yaml)).toEqual([
        expect.stringMatching(/^1:1: a project file is a map of names and values, not (nothing|a list|"just text")$/),
      ])
    })
  })

  describe('an expression that does not parse is shown inside of its text', () => {
    test.each([
      [`where: 'properties["a"] = 3'`, '13:74: in this expression, equality is written =='],
      [`where: "properties[\\"a\\"] = 3"`, '13:76: in this expression, equality is written =='],
      [`where: '"it''s" = 3'`, '13:66: in this expression, equality is written =='],
      [`on: 'properties["a"'`, /^13:65: in this expression, this \[ is never closed/],
      [`on: country`, undefined],
      [`on: [country, 'user["x']`, /^13:70: in this expression, /],
    ])('%s', (word, expected) => {
      const mistakes = mistakesOf(spoilt('{ event: Sign Up }', `{ event: Sign Up, ${word} }`))
      const expressions = mistakes.filter((line) => line.includes('in this expression'))
      expect(expressions).toEqual(
        expected === undefined ? [] : [expected instanceof RegExp ? expect.stringMatching(expected) : expected],
      )
    })

    test('in a block, at its start, since its lines are folded', () => {
      const block = spoilt(
        '{ segmentation: { event: Sign Up } }',
        '\n        segmentation:\n          event: Sign Up\n          where: >\n            properties["a"]\n            = 3',
      )
      expect(mistakesOf(block)).toEqual([expect.stringMatching(/^16:18: in this expression, equality is written ==/)])
    })

    test('at the step of a funnel', () => {
      const step = spoilt('[Sign Up, Invite]', `[Sign Up, { event: Invite, where: 'x' }]`)
      expect(mistakesOf(step)).toEqual([expect.stringMatching(/^15:67: in this expression, x stands alone/)])
    })
  })
})

describe('all mistakes are told at once, in the file’s order', () => {
  test('one in every part hides no other', () => {
    const wrong = right
      .replace('Europe/Berlin', 'Europe/Berlln')
      .replace('project: 1234567', 'project: x')
      .replace('kind: lake, events: ./events', 'kind: lake, evnts: ./events')
      .replace('defaults:', 'defualts:')
      .replace('schedule: cron(0 8 ? * MON *)', 'schedule: cron(0 8 ? * MON)')
      .replace('event: Sign Up', 'event: Sign Up, limit: -1')
      .replace('[Sign Up, Invite]', '[Sign Up]')
      .replace('of: signups', 'of: signup')
      .replace('figures: [signups]', 'figures: [active, path, pth]')
      .replace('growth@example.com', 'growth@')
    const mistakes = mistakesOf(wrong)
    const places = mistakes.map((line) => line.split(':').slice(0, 2).map(Number) as [number, number])
    expect(places.map(([line]) => line)).toEqual([1, 3, 4, 4, 5, 10, 13, 13, 14, 15, 15, 16, 17, 18])
    expect(places).toEqual(places.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]))
  })

  test('nothing that zod says by itself reaches people', () => {
    const wrong = `timezone: 5\nlocale: [a]\nsources: 3\ndefaults: x\nreports: { a: { schedule: {}, queries: { q: { segmentation: 1, funnel: [], compare: year, timeframe: [], better: up } }, alerts: { }, figures: x, email: 7, title: {} } }\nexports: { e: 5 }\n`
    const mistakes = mistakesOf(wrong)
    expect(mistakes.length).toBeGreaterThan(12)
    for (const mistake of mistakes) expect(mistake).not.toMatch(/invalid|expected|received|unworded|undefined|\[object/i)
  })
})
