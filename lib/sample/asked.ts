import type { Project } from '../project/project.ts'
import type { Funnel, Query, Question } from '../query.ts'
import { parseDuration } from '../timeframe.ts'
import type { Condition, Mention } from './conditions.ts'
import { conditionOf, mentionsOf } from './conditions.ts'
import type { Wish } from './values.ts'
import { isUsual } from './values.ts'

/** An event that the project asks about, and the conditions that its questions put on it. */
export interface AskedEvent {
  readonly name: string
  readonly conditions: Map<string, Condition>
  /** Its users are counted, or something is measured per one of it: there are many. */
  busy: boolean
  /** Fewer are better (errors): there are few, and fewer every week. */
  falling: boolean
  /** It begins a way; a later step of one. */
  first: boolean
  later: boolean
}

/** A step of a funnel, and what its users may do next. */
export interface Step {
  readonly event: AskedEvent
  readonly where: Condition | undefined
  /** Milliseconds in which a user goes through the whole funnel. */
  within: number
  readonly next: Map<string, Step>
}

/** What people do again and again after their first event of some kind, ever fewer of them. */
export interface Habit {
  readonly entry: AskedEvent
  readonly back: AskedEvent
}

/** What a project asks: the events with their conditions, the ways users take, the properties. */
export interface Asked {
  readonly events: ReadonlyMap<string, AskedEvent>
  /** First steps, funnels that begin alike merged; and events that begin something by their name, such as Sign Up. */
  readonly roots: readonly Step[]
  /** What people come back for, where a question asks how many do. */
  readonly habits: readonly Habit[]
  readonly wishes: readonly Wish[]
}

const beginnings = /sign.?up|sign.?ed.up|regist|install|account.?created|create.?account|subscrib/i
const failures = /error|exception|crash|fail/i

export function askedBy(project: Project): Asked {
  const events = new Map<string, AskedEvent>()
  const roots = new Map<string, Step>()
  const wishes = new Map<string, Wish>()

  const event = (name: string): AskedEvent => {
    const known = events.get(name)
    if (known !== undefined) return known
    const falling = failures.test(name)
    const added = { name, conditions: new Map(), busy: false, falling, first: beginnings.test(name), later: false }
    events.set(name, added)
    return added
  }
  const wish = (name: string): Wish => {
    const added = wishes.get(name) ?? { name, segment: false, numeric: false, literals: new Set() }
    wishes.set(name, added)
    return added
  }
  const mention = (expression: string): readonly Mention[] => {
    const mentions = mentionsOf(expression)
    for (const { name, numeric, literals } of mentions) {
      const wished = wish(name)
      wished.numeric ||= numeric
      for (const literal of literals) wished.literals.add(literal)
    }
    return mentions
  }
  const property = (text: string | undefined, use: 'segment' | 'numeric') => {
    if (text === undefined) return
    const names = text.includes('[') ? mention(text).map(({ name }) => name) : [text]
    for (const name of names) wish(name)[use] = true
  }
  const condition = (text: string | undefined, on: readonly AskedEvent[]): Condition | undefined => {
    if (text === undefined) return undefined
    // What the values of themselves meet now and then needs no settling: shares of countries stay as they are.
    const usual = mention(text).every(
      ({ name, literals }) => literals.length > 0 && literals.every((each) => isUsual(name, each)),
    )
    const parsed = conditionOf(text)
    if (!usual) for (const each of on) each.conditions.set(text, parsed)
    return parsed
  }
  const funnel = ({ steps, within, on, where }: Pick<Funnel, 'steps' | 'within'> & Partial<Funnel>) => {
    property(on, 'segment')
    const milliseconds = (parseDuration(within) ?? 0) * 1000
    let level = roots
    for (const [index, step] of steps.entries()) {
      const asked = event(step.event)
      if (index === 0) asked.first = true
      else asked.later = true
      condition(where, [asked])
      const key = JSON.stringify([step.event, step.where])
      const known = level.get(key) ?? { event: asked, where: condition(step.where, []), within: milliseconds, next: new Map() }
      known.within = Math.min(known.within, milliseconds)
      level.set(key, known)
      level = known.next
    }
  }
  const named = (given: string | readonly string[]): AskedEvent[] =>
    [given]
      .flat()
      .filter((name) => name !== 'any')
      .map(event)

  const retentions: Extract<Question, { kind: 'retention' }>[] = []

  for (const { question, better } of queriesOf(project)) {
    switch (question.kind) {
      case 'segmentation': {
        const asked = named(question.event)
        for (const each of asked) {
          each.busy ||= question.type === 'unique'
          each.falling ||= better === 'lower'
        }
        for (const on of [question.on ?? []].flat()) property(on, 'segment')
        property(question.of, 'numeric')
        condition(question.where, asked)
        break
      }
      case 'funnel':
        funnel(question)
        break
      case 'retention':
        condition(question.where, named([question.first, question.then]))
        property(question.on, 'segment')
        retentions.push(question)
        break
      case 'frequency': {
        const asked = named(question.event)
        for (const each of asked) each.busy = true
        property(question.on, 'segment')
        condition(question.where, asked)
        break
      }
      case 'top':
        if (question.event !== undefined) named(question.event)
        property(question.property, 'segment')
        break
    }
  }
  for (const report of Object.values(project.reports)) {
    const eventsOf = (name: string): AskedEvent[] => {
      const question = report.queries.find((query) => query.name === name)?.question
      return question?.kind === 'segmentation' ? named(question.event) : []
    }
    for (const { question, better } of report.queries) {
      if (question.kind !== 'ratio') continue
      for (const each of eventsOf(question.to)) each.busy ||= !each.falling
      for (const each of eventsOf(question.of)) each.falling ||= better === 'lower' && !each.busy
    }
  }
  if (events.size === 0) {
    funnel({ steps: [{ event: 'Sign Up' }, { event: 'Create Project' }, { event: 'Upgrade' }], within: '7 days' })
    for (const each of named(['Open App', 'Page View'])) each.busy = true
    event('Error')
  }
  const habits = new Map<string, Habit>()
  for (const { first, then } of retentions) {
    const back = named(then)[0] ?? routineAmong(events.values(), first) ?? event('Open App')
    const entry = named(first)[0] ?? back
    entry.first ||= entry !== back && !entry.busy && !entry.falling
    habits.set(JSON.stringify([entry.name, back.name]), { entry, back })
  }
  for (const each of events.values()) {
    const rooted = [...roots.values()].some((root) => root.event === each)
    if (each.first && !rooted && !each.later) {
      roots.set(JSON.stringify([each.name]), { event: each, where: undefined, within: 0, next: new Map() })
    }
  }
  return { events, roots: [...roots.values()], habits: [...habits.values()], wishes: [...wishes.values()] }
}

/** What is done again and again: rather something that many do, and not what the people begin with. */
function routineAmong(events: Iterable<AskedEvent>, first: string): AskedEvent | undefined {
  const others = [...events].filter(({ name, falling, first: begins, later }) => name !== first && !falling && !begins && !later)
  return others.find(({ busy }) => busy) ?? others[0]
}

function queriesOf(project: Project): Query[] {
  return Object.values(project.reports).flatMap((report) => report.queries)
}
