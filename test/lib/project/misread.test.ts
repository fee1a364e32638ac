import { describe, expect, test } from 'vitest'
import { load, mistakesOf, right, spoilt } from './written.ts'

const eventOf = (yaml: string) => {
  const [query] = load(yaml).reports['weekly']?.queries ?? []
  return query?.question.kind === 'segmentation' ? query.question.event : undefined
}

describe('what YAML would quietly read otherwise is told, with how to write it', () => {
  test.each([
    // A comma ends a value in flow style.
    [
      'schedule: cron(0 8 ? * MON *)',
      '<<: { schedule: cron(0 8 ? * MON,WED *) }',
      "10:21: in flow style ({…}, […]) a comma ends a value; quote it: 'cron(0 8 ? * MON,WED *)'",
    ],
    // Brackets are a list of their own there.
    [
      'schedule: cron(0 8 ? * MON *)',
      '<<: { schedule: cron[0 8 ? * MON *] }',
      /^10:21: \[ means something else in a text without quotes; quote it: 'cron\[0 8/,
    ],
    [
      'event: Sign Up',
      'event: Sign Up, where: properties["count"] > 0',
      `13:57: [ means something else in a text without quotes; quote it: 'properties["count"] > 0'`,
    ],
    [
      'event: Sign Up',
      'event: Sign Up, on: user["plan"]',
      `13:54: [ means something else in a text without quotes; quote it: 'user["plan"]'`,
    ],
    // A space and # begin a comment.
    [
      'event: Sign Up }',
      'event: Sign Up #2 }',
      "13:41: a space and # begin a comment, so the text ends before it; quote it: 'Sign Up #2', or put a space after the # of a comment",
    ],
    [
      'schedule:',
      'title: Weekly #1\n    schedule:',
      "10:12: a space and # begin a comment, so the text ends before it; quote it: 'Weekly #1', or put a space after the # of a comment",
    ],
    ['schedule:', 'title: Weekly #1 # the best\n    schedule:', /quote it: 'Weekly #1', or/],
    // Nothing is left of these, or not even a closing bracket.
    [
      'schedule:',
      'title: #growth\n    schedule:',
      "10:12: a space and # begin a comment, so the line ends before it; quote it: '#growth', or put a space after the # of a comment",
    ],
    [
      '{ event: Sign Up }',
      '{ event: Sign Up, #on: country }',
      "13:50: a space and # begin a comment, so the line ends before it; quote it: '#on', or put a comment on a line of its own",
    ],
    [
      '{ event: Sign Up }',
      '{ event: #Sign Up }',
      "13:41: a space and # begin a comment, so the line ends before it; quote it: '#Sign Up', or put a comment on a line of its own",
    ],
    [
      '[Sign Up, Invite]',
      '[Sign Up, #Invite]',
      "15:42: a space and # begin a comment, so the line ends before it; quote it: '#Invite', or put a comment on a line of its own",
    ],
    // A bracket that is never closed ends where the value does.
    ['event: Sign Up', 'event: Sign [Up', "13:41: [ means something else in a text without quotes; quote it: 'Sign [Up'"],
    // A second colon: a comma is missing, or quotes.
    [
      'within: 7 days',
      'within: 7 days saved: { product: 7 }',
      "15:66: a comma is missing before saved; write it; if all of this is one text, quote it: '7 days saved: { product: 7 }'",
    ],
    [
      '{ segmentation: { event: Sign',
      '{ title: Growth: weekly, segmentation: { event: Sign',
      "13:25: a colon and a space make a key and a value of this; quote it: 'Growth: weekly'",
    ],
    // 1,000 is a text in a block, and two values in flow style.
    [
      'event: Sign Up',
      'event: Sign Up, limit: 1,000',
      "13:57: in flow style ({…}, […]) 1,000 is several values; write 1000; if it is a text, quote it: '1,000'",
    ],
    [
      '{ segmentation: { event: Sign Up } }',
      '\n        segmentation:\n          event: Sign Up\n          limit: 1,000',
      '16:18: `limit` is a number, not "1,000"; write 1000',
    ],
    ['event: Sign Up', 'event: Sign Up, limit: 1_000', '13:57: `limit` is a number, not "1_000"; write 1000'],
    // An id is a text, and as a number it would lose something.
    ['1234567', '0123', "3:39: YAML reads 0123 as another number; quote it: '0123'"],
    ['1234567', '1e5', "3:39: YAML reads 1e5 as another number; quote it: '1e5'"],
    ['1234567', '51e092', "3:39: YAML reads 51e092 as another number; quote it: '51e092'"],
    [
      '1234567',
      '12345678901234567890',
      "3:39: YAML reads 12345678901234567890 as another number; quote it: '12345678901234567890'",
    ],
    ['1234567', '0x1F', "3:39: YAML reads 0x1F as another number; quote it: '0x1F'"],
    ['1234567', '1_000', '3:39: an id has digits only'],
    ['within: 7 days', 'within: 7 days, saved: { own: 007 }', "15:81: YAML reads 007 as another number; quote it: '007'"],
    ['event: Sign Up', 'event: 1e3', "13:41: YAML reads 1e3 as another number; quote it: '1e3'"],
    // An older YAML has other words for true, and other numbers.
    [
      'timezone: ',
      '%YAML 1.1\n---\ntimezone: ',
      '1:1: an older YAML reads yes and 08:00 as other things than texts; leave out the line %YAML',
    ],
  ])('%s → %s', (from, to, expected) => {
    expect(mistakesOf(spoilt(from, to))).toEqual([expected instanceof RegExp ? expect.stringMatching(expected) : expected])
  })

  test('the remedies work: quoted, each is what was meant', () => {
    expect(eventOf(spoilt('event: Sign Up', "event: 'Sign Up #2'"))).toBe('Sign Up #2')
    expect(eventOf(spoilt('event: Sign Up', "event: '1e3'"))).toBe('1e3')
    expect(load(spoilt('1234567', "'0123'")).sources['product']?.config['project']).toBe('0123')
    expect(load(spoilt('cron(0 8 ? * MON *)', "'cron(0 8 ? * MON,WED *)'")).reports['weekly']?.schedule).toBe(
      'cron(0 8 ? * MON,WED *)',
    )
  })

  test('a comment that is one is left alone', () => {
    expect(mistakesOf(spoilt('schedule:', 'title: Weekly # the best\n    #first\n    schedule:'))).toEqual([])
    expect(mistakesOf(spoilt('figures: [signups]', 'figures: [signups] #tiles'))).toEqual([])
    expect(eventOf(spoilt('event: Sign Up', 'event: C# Built'))).toBe('C# Built')
  })
})

describe('what stays a text', () => {
  test.each([
    'yes',
    'no',
    'on',
    'off',
    'y',
    '08:00',
    '12:30:45',
    '2026-01-01',
    '1_000',
    '1,5',
    '.',
    '-',
    '~a',
    'Über uns 🎉',
    '404 page',
  ])('the event %s', (event) => {
    const written = event === '1,5' || event === '-' ? `"${event}"` : event
    expect(eventOf(spoilt('event: Sign Up', `event: ${written}`))).toBe(event)
  })

  test('a number is the text that is written, where a text is meant', () => {
    expect(eventOf(spoilt('event: Sign Up', 'event: 404'))).toBe('404')
    expect(eventOf(spoilt('event: Sign Up', 'event: [404, -1.5]'))).toEqual(['404', '-1.5'])
    expect(
      load(spoilt('within: 7 days', 'within: 7 days, saved: { product: 7509 }')).reports['weekly']?.queries[2]?.question,
    ).toMatchObject({
      saved: { product: '7509' },
    })
  })

  test('a number that is written in an unusual way, where a number is meant', () => {
    const [query] = load(spoilt('event: Sign Up', 'event: Sign Up, limit: 1e1')).reports['weekly']?.queries ?? []
    expect(query?.question).toMatchObject({ limit: 10 })
  })
})

describe('the parser’s own errors are told in words that say what to write', () => {
  test.each([
    ['title: Weekly: growth', "10:12: a colon and a space make a key and a value of this; quote it: 'Weekly: growth'"],
    ['title: @growth', "10:12: a value cannot begin with @; quote it: '@growth'"],
    ['title: `growth`', "10:12: a value cannot begin with `; quote it: '`growth`'"],
    ['title: *growth', "10:12: there is no anchor &growth before this *; quote it: '*growth'"],
    [
      'title: !growth it is',
      "10:12: a ! at the start of a value makes it a tag, and there are none here; quote it: '!growth it is'",
    ],
    ["title: 'it's'", "10:16: the text goes on after its closing quote; a quote in single quotes is written twice: 'it''s'"],
    ['title: "a\\qb"', '10:14: \\q means nothing in double quotes; use single quotes, or write \\\\ for a backslash'],
    ['title: - Weekly', '10:12: a list in lines begins on a line of its own; write [a, b], or go to the next line before the -'],
    ['\ttitle: x', '10:5: a tab indents nothing in YAML; write spaces'],
    [' title: x', '11:1: this line begins at another column than those it belongs to; indent it as they are'],
    ['figures: [a, b', '11:5: a [ before this is not closed; close it with ], and indent the lines between'],
    ['title', '10:5: this is neither a key nor a value; write `key: value`, with a space after the colon'],
    ['timezone: &zone UTC\n    title: *zone\n    <<: [1]', '12:10: << takes a map, or a list of maps'],
  ])('%j', (line, expected) => {
    const [first] = mistakesOf(spoilt('schedule:', `${line}\n    schedule:`))
    expect(first).toBe(expected)
  })

  test.each([
    ['      active:', '\tactive:', ['14:1: a tab indents nothing in YAML; write spaces']],
    ['    timeframe:', '\ttimeframe:', ['11:1: a tab indents nothing in YAML; write spaces']],
    [
      '{ segmentation: { event: Open App } }',
      '{\n\t\tsegmentation: { event: Open App } }',
      ['15:3: a tab indents nothing in YAML; write spaces'],
    ],
    [
      '{ event: Sign Up }',
      '{ event: [Sign Up }',
      ['13:50: a [ before this is not closed; close it with ], and indent the lines between'],
    ],
    [
      'schedule: cron(0 8 ? * MON *)',
      'title: [growth\n    schedule: cron(0 8 ? * MON,WED *)',
      [/^11:5: a \[ before this is not closed/],
    ],
  ])('what follows from a broken line is not told: %j → %j', (from, to, expected) => {
    expect(mistakesOf(spoilt(from, to))).toEqual(
      expected.map((line) => (line instanceof RegExp ? expect.stringMatching(line) : line)),
    )
  })

  test('a quote that is never closed', () => {
    expect(mistakesOf(spoilt('schedule:', 'title: "Weekly\n    schedule:'))[0]).toMatch(/a quote that was opened is never closed/)
  })

  test('a second document', () => {
    expect(mistakesOf(`${right}---\na: 1\n`)).toEqual([
      '19:1: a second document begins here; a project is one document; leave out the line ---',
    ])
  })

  test('anchors that stand in themselves, by alias and by merge', () => {
    expect(mistakesOf(`${right}x-a: &a [*a]\n`)).toEqual(['19:10: *a stands inside of what it stands for'])
    expect(mistakesOf(`${right}x-a: &a { b: { <<: *a } }\n`)).toEqual(['19:20: *a stands inside of what it stands for'])
  })

  test('aliases that grow without bounds are cut off', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) =>
        `x-${level}: &l${level} [${Array(9)
          .fill(level === 0 ? 'a' : `*l${level - 1}`)
          .join(', ')}]`,
    )
    expect(mistakesOf(`${levels.join('\n')}\n${right}`)).toContain(
      '1:1: aliases make more values of this file than a project can have',
    )
  })

  test('bytes that are not UTF-8, and files that are no texts', () => {
    const latin = Buffer.concat([Buffer.from('timezone: Europe/Berlin\ntitle: Gr'), Buffer.from([0xfc]), Buffer.from('n\n')])
    expect(mistakesOf(latin)).toEqual(['2:10: this is not UTF-8; save the file as UTF-8'])
    expect(mistakesOf(Buffer.from([0x89, 0x50, 0, 0xff]))).toEqual([expect.stringMatching(/this is no text file/)])
  })

  test('a byte order mark and Windows line ends are no mistakes', () => {
    expect(mistakesOf(`\uFEFF${right}`)).toEqual([])
    expect(mistakesOf(right.replaceAll('\n', '\r\n'))).toEqual([])
    expect(mistakesOf(right.replaceAll('\n', '\r\n').replace('event: Open App', 'event: Open App, limit: x'))).toEqual([
      '14:57: `limit` is a number, not "x"',
    ])
  })
})

describe('a secret in the file is refused wherever it is, and never shown', () => {
  const secret = 'hushhush1234567890'
  test.each([
    ['ssm:/broadsheet/product', `user:${secret}`, '3:61: `credentials` is a reference'],
    ['ssm:/broadsheet/product', `'{"username":"a","secret":"${secret}"}'`, '3:61: `credentials` is a reference'],
    ['ssm:/broadsheet/product', `{ username: a, secret: ${secret} }`, '3:'],
    ['ssm:/broadsheet/product', `"user:${secret}`, ''],
    ['ssm:/broadsheet/product', `@${secret}`, '3:61: a value cannot begin with @; quote it$'],
    ['ssm:/broadsheet/product', `a: ${secret}`, ''],
    ['ssm:/broadsheet/product', `user:x #${secret}`, '3:61: '],
    ['ssm:/broadsheet/product', `user[${secret}]`, ''],
    ['ssm:/broadsheet/product', `[${secret}]`, ''],
    ['ssm:/broadsheet/product', `ssm:/a, secret: ${secret}`, '3:69: `secret` looks like a secret'],
    ['ssm:/broadsheet/product', `ssm:/a, api_secret: ${secret}`, '3:69: `api_secret` looks like a secret'],
    ['ssm:/broadsheet/product', `ssm:/a, apiKey: ${secret}`, '3:69: `apiKey` looks like a secret'],
    ['ssm:/broadsheet/product', `ssm:/a, token: 12345678`, '3:69: `token` looks like a secret'],
    [
      'ssm:/broadsheet/product',
      `ssm:/a, url: https://user:${secret}@example.com`,
      '3:74: an address with a password in it is a secret',
    ],
    ['timezone:', `x-mine: { password: ${secret} }\ntimezone:`, '1:11: `password` looks like a secret'],
    ['email: { to', `password: ${secret}\n    email: { to`, '18:5: `password` looks like a secret'],
    ['email: { to', `password: |\n      ${secret}\n    email: { to`, '18:5: `password` looks like a secret'],
    ['email: { to', `password: "${secret}" "\n    email: { to`, ''],
    ['email: { to', `password: ${secret}: x\n    email: { to`, ''],
  ])('%s → %s', (from, to, expected) => {
    const mistakes = mistakesOf(spoilt(from, to))
    expect(mistakes.length).toBeGreaterThan(0)
    expect(mistakes.join('\n')).not.toContain(secret)
    expect(mistakes.join('\n')).not.toContain('12345678')
    expect(mistakes.join('\n')).toMatch(new RegExp(expected.replaceAll('`', '\\`'), 'm'))
  })

  test('a source or an event may be called token, and its id is no secret', () => {
    const renamed = right.replaceAll('product:', 'token:').replace('within: 7 days', 'within: 7 days, saved: { token: 7 }')
    expect(mistakesOf(renamed.replace('event: Sign Up', 'event: token'))).toEqual([])
  })
})
