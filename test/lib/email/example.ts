import type { Cell, Edition, SeriesChart } from '../../../lib/edition.ts'

/** Four weeks of days, invented: a level, a weekly rhythm, and what the last week adds. */
function days(level: number, weekend: number, lift: number): number[] {
  const wobble = [0, -2, 7, -3, 5, 0, 3, 4, -1, 6, -4, 2, 5, -2, 3, 1, 8, -3, 4, 2, -1, 5, -4, 6, 0, 3, -2, 4]
  return wobble.map((add, at) => Math.round((at % 7 > 4 ? weekend : level) + add + (at >= 21 ? lift : 0)))
}

const dates = Array.from({ length: 28 }, (_, at) => {
  const date = new Date(Date.UTC(2026, 9, 19 + at))
  return `${date.getUTCDate()} ${date.toLocaleString('en-GB', { month: 'short', timeZone: 'UTC' })}`
})

export const signups: SeriesChart = {
  kind: 'line',
  alt: 'Sign-ups a day, 19 October to 15 November. 4,190 in the last week, up 9 %: Germany 1,102, United States 1,016, France 607.',
  labels: dates,
  ticks: [0, 7, 14, 21],
  series: [
    { name: 'Germany', values: days(122, 74, 48) },
    { name: 'United States', values: days(152, 86, 8) },
    { name: 'France', values: days(97, 56, 3) },
    { name: 'Japan', values: days(58, 36, 2) },
    { name: 'Brazil', values: days(42, 25, 1) },
    { name: 'Other (31)', values: days(118, 70, 6), other: true },
  ],
  timeframeFrom: 21,
  partial: [],
  annotations: [{ at: 21, date: '9 Nov', text: 'Campaign DE' }],
  locale: 'en-GB',
  format: 'number',
}

/** A row of shares: a name, how many, and what there is of the shares. */
function shares(name: string, users: string, ...parts: number[]): Cell[] {
  const cells = Array.from({ length: 4 }, (_, at): Cell => {
    const part = parts[at]
    return part === undefined ? { text: '' } : { text: `${part} %`, shade: part / 48 }
  })
  return [{ text: name }, { text: users }, ...cells]
}

const about = { text: 'about the same', verdict: 'neutral' } as const

/** An edition much like the one that the look is drawn from, with every part that an edition can have. */
export const example: Edition = {
  language: 'en-GB',
  title: 'Weekly growth',
  period: 'Monday 9 to Sunday 15 November 2026, Berlin time. Compared with 2 to 8 November.',
  lead: 'Sign-ups rose 9 % to 4,190; Germany made 84 % of the rise. Activation is about the same. One of six questions could not be answered.',
  subject: 'Weekly growth: 4,190 sign-ups, up 9 %',
  figures: [
    {
      query: 'signups',
      label: 'Sign-ups',
      value: '4,190',
      changes: [
        { direction: 'up', verdict: 'better', amount: '9 %', against: 'on the week' },
        { direction: 'up', verdict: 'better', amount: '31 %', against: 'on the year' },
      ],
    },
    {
      query: 'activation',
      label: 'Activation in 7 days',
      value: '27.0 %',
      changes: [
        { direction: 'same', verdict: 'neutral', amount: 'about the same', against: '' },
        { direction: 'up', verdict: 'better', amount: '3.1 pts', against: 'on the year' },
      ],
    },
    {
      query: 'active',
      label: 'Weekly active',
      value: '18,930',
      changes: [
        { direction: 'down', verdict: 'worse', amount: '3.4 %', against: 'on the week' },
        { direction: 'up', verdict: 'better', amount: '22 %', against: 'on the year' },
      ],
    },
    {
      query: 'errors',
      label: 'Errors per 1,000',
      value: '1.9',
      changes: [
        { direction: 'down', verdict: 'better', amount: '0.4', against: 'on the week' },
        { direction: 'down', verdict: 'better', amount: '2.2', against: 'on the year' },
      ],
    },
  ],
  articles: [
    {
      query: 'signups',
      kicker: 'Sign-ups by country',
      headline: '4,190 sign-ups, up 9 %; Germany made 84 % of the rise',
      chart: signups,
      table: {
        columns: [
          { title: 'Country', align: 'left' },
          { title: '', align: 'left', bar: true },
          { title: 'Sign-ups', align: 'right' },
          { title: 'On the week before', align: 'right' },
        ],
        rows: [
          [{ text: 'Germany' }, { share: 1 }, { text: '1,102' }, { text: '+36 %', verdict: 'better' }],
          [{ text: 'United States' }, { share: 0.92 }, { text: '1,016' }, about],
          [{ text: 'France' }, { share: 0.55 }, { text: '607' }, about],
          [{ text: 'Japan' }, { share: 0.35 }, { text: '390' }, { text: '−12 %', verdict: 'worse' }],
          [{ text: 'Brazil' }, { share: 0.25 }, { text: '275' }, about],
          [{ text: 'Other (31)', other: true }, { share: 0.73 }, { text: '800' }, about],
        ],
      },
      notes: ['All 36 countries are in the attached CSV.'],
    },
    {
      query: 'activation',
      kicker: 'Activation in 7 days',
      headline: '27 % of the week before last invited a teammate within seven days, about the same',
      chart: {
        kind: 'steps',
        alt: 'Of 3,844 who signed up, 2,399 (62 %) created a project, 1,038 (27 %) invited a teammate, 276 (7 %) upgraded.',
        steps: [
          { name: 'Sign up', count: '3,844', overall: 1, overallText: '100 %', stepText: '' },
          { name: 'Create project', count: '2,399', overall: 0.624, overallText: '62 %', stepText: '62 %' },
          { name: 'Invite teammate', count: '1,038', overall: 0.27, overallText: '27 %', stepText: '43 %' },
          { name: 'Upgrade', count: '276', overall: 0.072, overallText: '7 %', stepText: '27 %' },
        ],
      },
      notes: [
        'Users who signed up from 2 to 8 November: the latest week whose seven days are over.',
        'Most are lost on the way to a first project (1,445).',
      ],
    },
    {
      query: 'channels',
      kicker: 'Sign-ups by channel',
      headline: 'Search brought 1,730 sign-ups, the largest share',
      chart: {
        kind: 'bar',
        alt: 'Sign-ups by channel: search 1,730, direct 1,204, referral 690, social 388, other 178.',
        labels: ['9 Nov'],
        ticks: [0],
        series: [
          { name: 'Search', values: [1730] },
          { name: 'Direct', values: [1204] },
          { name: 'Referral', values: [690] },
          { name: 'Social', values: [388] },
          { name: 'Other (4)', values: [178], other: true },
        ],
        partial: [],
        locale: 'en-GB',
        format: 'number',
      },
      notes: [],
    },
    {
      query: 'active',
      kicker: 'Weekly active users',
      headline: '18,930 users were active, down 3.4 %',
      chart: {
        kind: 'line',
        alt: 'Weekly active users over eight weeks, ending at 18,930; the week that runs now has 9,120 so far.',
        labels: ['21 Sep', '28 Sep', '5 Oct', '12 Oct', '19 Oct', '26 Oct', '2 Nov', '9 Nov', '16 Nov'],
        ticks: [0, 1, 2, 3, 4, 5, 6, 7, 8],
        series: [{ name: 'Weekly active users', values: [16810, 17240, 17900, 18410, null, 18750, 19600, 18930, 9120] }],
        timeframeFrom: 7,
        partial: [8],
        locale: 'en-GB',
        format: 'number',
      },
      notes: ['The week of 16 November is still running.'],
    },
    {
      query: 'stay',
      kicker: 'Retention of new users',
      headline: '47 % came back one week after Sign Up',
      shares: {
        columns: [
          { title: 'Week of', align: 'left' },
          { title: 'Users', align: 'right' },
          ...['1', '2', '3', '4'].map((title) => ({ title, align: 'right' as const, shaded: true })),
        ],
        rows: [
          shares('All', '14,714', 47, 32, 26, 21),
          shares('12 Oct', '3,688', 47, 32, 26, 0),
          shares('19 Oct', '3,609', 47, 33, 26),
          shares('26 Oct', '3,715', 48, 33),
          shares('2 Nov', '3,702', 48),
        ],
        pinned: 1,
      },
      notes: ['Per cent of each week’s users who came back that many weeks later; a figure appears when its week is over.'],
    },
    {
      query: 'people',
      kicker: 'Paying customers',
      headline: 'At least 1,000 people',
      table: {
        columns: [
          { title: 'Distinct id', align: 'left' },
          { title: 'Last seen', align: 'left' },
          { title: 'Visits', align: 'right' },
        ],
        rows: [
          [{ text: '7f3e4b0a-12cd-4ef0-9d3e-73a1b52c90aa' }, { text: '9 Nov 2026, 10:05' }, { text: '1,235' }],
          [{ text: '=cmd|"/c calc"!A1' }, { text: '–' }, { text: '-3' }],
        ],
      },
      notes: ['2 of 1,000 rows and 3 of 6 columns; what was fetched is in the attached CSV.'],
    },
    {
      query: 'revenue',
      kicker: 'Revenue by plan',
      headline: 'This question has no answer today',
      notice:
        'Mixpanel refused the query: the service account lost its access to project 1234567. Whoever manages the project can give it back under Settings, Service accounts. The other figures are not touched by this.',
      notes: [],
    },
  ],
  colophon: [
    'For the edition of 16 November 2026, 08:00, asked of Mixpanel (project “product”, EU).',
    '6 questions, 5 answered.',
    '2 files attached.',
    'Last Monday’s mail said 3,836 sign-ups for 2 to 8 November; with late events it is 3,844.',
  ],
  owner: 'Growth team <growth@example.com>',
}
