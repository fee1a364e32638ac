import { afterEach, describe, expect, test } from 'vitest'
import type { BoardOptions, ExportBoard } from '../../functions/export-board.ts'
import { exportBoard } from '../../functions/export-board.ts'

const start = new Date(2026, 10, 21, 16, 43, 17).getTime()
const boards: ExportBoard[] = []
afterEach(() => {
  for (const board of boards.splice(0)) board.end()
})

/** A board on a terminal so wide, or on none, with what it wrote and a clock that only goes on when it is told. */
function open(columns: number | undefined, options: Partial<BoardOptions> = {}) {
  let now = start
  let text = ''
  const out: BoardOptions['out'] = {
    isTTY: columns !== undefined,
    columns: columns ?? 0,
    write(one: string | Uint8Array) {
      text += String(one)
      return true
    },
  }
  const board = exportBoard({
    quiet: false,
    plain: false,
    data: 'events',
    clock: () => new Date(now),
    out,
    ...options,
  })
  boards.push(board)
  return {
    board,
    plan: (count: number, kept = 0) =>
      board.progress({ step: 'planned', kept, windows: Array.from({ length: count }, (_, at) => `w${at}`) }),
    /** So many windows, one after the other, half a second each. */
    run(count: number, from = 0) {
      for (let at = from; at < from + count; at += 1) {
        board.progress({ step: 'began', window: `w${at}` })
        now += 500
        board.received(1000)
        board.progress({ step: 'ended', window: `w${at}`, outcome: 'kept', lines: 2 })
      }
    },
    goOn: (seconds: number) => {
      now += seconds * 1000
    },
    later: (seconds: number) => new Date(now + seconds * 1000),
    /** The lines that stay, then the one that is drawn. */
    lines: () => text.split('\n'),
    shown: () => text.replaceAll('\r\x1b[2K', '\n').split('\n').at(-1),
  }
}

describe('the time that is left', () => {
  test('is by the pace so far', () => {
    const { plan, run, shown } = open(120)
    plan(112)
    run(54)
    expect(shown()).toContain('54/112 windows  about 29 s left')
  })

  test('counts the hour that the limit makes the rest wait', () => {
    const { board, plan, run, shown, lines } = open(120)
    board.limited({ perHour: 60, calls: [] })
    plan(112)
    expect(lines()[0]).toContain('112 windows to export, 0 kept already; at 60 calls an hour at least 60 min')
    run(54)
    // The 112th goes an hour after the 52nd.
    expect(shown()).toContain('54/112 windows  about 60 min left')
    run(6, 54)
    expect(shown()).toContain('60/112 windows  about 60 min left')
  })

  test('counts the calls that others took of this hour', () => {
    const { board, plan, later, lines } = open(undefined)
    board.limited({ perHour: 60, calls: Array.from({ length: 58 }, () => later(-600)) })
    plan(7, 3)
    expect(lines()).toEqual(['7 windows to export, 3 kept already; at 60 calls an hour at least 50 min', ''])
  })

  test('is told at first in hours where it is long, and not where the hour has room', () => {
    const { board, plan, lines } = open(undefined)
    board.limited({ perHour: 60, calls: [] })
    plan(365)
    plan(60)
    expect(lines()).toEqual([
      '365 windows to export, 0 kept already; at 60 calls an hour at least 6 h',
      '60 windows to export, 0 kept already',
      '',
    ])
  })

  test('is at least what is waited for, which is no part of the pace', () => {
    const { board, plan, run, later, goOn, shown } = open(120)
    board.limited({ perHour: 4, calls: [] })
    plan(6)
    run(4)
    board.progress({ step: 'began', window: 'w4' })
    board.waits({ at: later(3600), why: 'the limit is reached' })
    expect(shown()).toContain('about 61 min left')
    goOn(1800)
    board.say('half of it')
    expect(shown()).toContain('about 31 min left')
    goOn(1800)
    plan(2)
    run(1, 4)
    // Half a second for each: neither the hour nor the call that was refused counts.
    expect(shown()).toContain('5/6 windows  about 1 s left')
  })
})

describe('where it waits', () => {
  test.each([
    [40, 'waiting until 17:43:17  2/4 windows'],
    [80, 'waiting until 17:43:17  2/4 windows  about 60 min left  4 events'],
    [30, 'waiting until 17:43:17'],
    [20, 'waiting until 17:43'],
  ])('the words of it come first, and whole where there is room: %i columns', (columns, words) => {
    const { board, plan, run, later, shown } = open(columns)
    plan(4)
    run(2)
    board.waits({ at: later(3599), why: 'the limit is reached' })
    expect(shown()).toBe(words)
  })

  test('it goes on with what comes', () => {
    const { board, plan, run, later, shown } = open(40)
    plan(4)
    run(2)
    board.waits({ at: later(3599), why: 'the limit is reached' })
    run(1, 2)
    expect(shown()).toBe('██████░░ 3/4 windows  about 1 s left')
  })
})

test.each([
  ['events', '1 event', '2 events'],
  ['people', '1 person', '2 people'],
  ['customers', '1 customer', '2 customers'],
  ['catalog', '1 item', '2 items'],
] as const)('lines of %s are what they are', (data, one, two) => {
  const plain = open(undefined, { data })
  plain.plan(2)
  plain.board.progress({ step: 'ended', window: 'w0', outcome: 'kept', lines: 1 })
  plain.board.progress({ step: 'ended', window: 'w1', outcome: 'kept', lines: 2 })
  expect(plain.lines().slice(1, 3)).toEqual([`w0 kept, ${one} (1 of 2)`, `w1 kept, ${two} (2 of 2)`])
  const live = open(200, { data })
  live.plan(1)
  live.run(1)
  expect(live.shown()).toContain(`  ${two}`)
})

test('with --json nothing is written', () => {
  const { board, plan, run, later, lines } = open(80, { quiet: true })
  board.limited({ perHour: 1, calls: [] })
  plan(3)
  run(1)
  board.waits({ at: later(10), why: 'the limit is reached' })
  expect(lines()).toEqual([''])
})
