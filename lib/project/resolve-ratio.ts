import type { Query } from '../query.ts'
import type { Timeframe } from '../timeframe.ts'
import { checkName } from './names.ts'
import type { Frame, OpenRatio } from './resolve-query.ts'
import { checkFormat, shownAs } from './resolve-query.ts'
import type { Surroundings } from './surroundings.ts'
import type { Path } from './tree.ts'

type Asked = ReadonlyMap<string, Query | OpenRatio | undefined>

/** A ratio of two segmentations of its report; it speaks of the times that they speak of. */
export function resolveRatio(around: Surroundings, frame: Frame, open: OpenRatio, asked: Asked): Query | undefined {
  const { reader } = around
  const { name, ratio: own } = open
  const path = [...frame.path, name]
  if (reader.raw([...path, 'source']) !== undefined) {
    reader.mistake([...path, 'source'], 'a ratio asks no source: it divides two answers', 'leave it out')
  }
  const [of, to] = (['of', 'to'] as const).map((part) => ratioPart(around, frame, [...path, 'ratio', part], asked))
  if (of === undefined || to === undefined) return undefined
  const apart = differences(of, to)
  if (apart !== undefined) {
    reader.mistake(
      [...path, 'ratio'],
      `${of.name} and ${to.name} differ in \`${apart}\``,
      'a ratio divides point by point: give both the same',
    )
    return undefined
  }
  if (!checkSplit(around, [...path, 'ratio'], of, to)) return undefined
  for (const word of ['timeframe', 'trend'] as const) {
    if (own[word] === undefined || same(own[word], of[word])) continue
    reader.mistake([...path, word], `a ratio speaks of the \`${word}\` of ${of.name} and ${to.name}`, 'leave it out')
  }
  const both = of.compare.filter((one) => to.compare.includes(one))
  const compare = own.compare ?? both
  const lacking = compare.find((one) => !both.includes(one))
  if (lacking !== undefined) {
    const who = of.compare.includes(lacking) ? to.name : of.name
    reader.mistake([...path, 'compare'], `${who} is not compared with \`${lacking}\``, `add it to the \`compare\` of ${who}`)
  }
  if (own.ratio === undefined) return undefined
  const question = { kind: 'ratio', ...own.ratio } as const
  if (own.format !== undefined) checkFormat(around, [...path, 'format'], own.format, question)
  const { timeframe, trend } = of
  return {
    ...shownAs(name, own),
    question,
    timeframe,
    ...(trend === undefined ? {} : { trend }),
    compare,
  }
}

function ratioPart({ reader }: Surroundings, frame: Frame, path: Path, asked: Asked): Query | undefined {
  const part = reader.raw(path)
  if (typeof part !== 'string' || !checkName(reader, path, 'query', part, frame.names)) return undefined
  const query = asked.get(part)
  if (query === undefined) return undefined
  const kind = 'ratio' in query ? 'ratio' : query.question.kind
  if (!('ratio' in query) && kind === 'segmentation') return query
  reader.mistake(path, `"${part}" is a ${kind}`, 'a ratio divides two segmentations')
  return undefined
}

/** The word in which two segmentations differ that are to be divided point by point. */
function differences(of: Query, to: Query): string | undefined {
  if (!same(of.timeframe, to.timeframe)) return 'timeframe'
  if (!same(of.trend, to.trend)) return 'trend'
  const [first, second] = [of.question, to.question]
  return first.kind === 'segmentation' && second.kind === 'segmentation' && first.unit !== second.unit ? 'unit' : undefined
}

/** Segments are divided by the segment of their name, or by the whole. */
function checkSplit({ reader }: Surroundings, path: Path, of: Query, to: Query): boolean {
  const [over, under] = [splitOf(of), splitOf(to)]
  if (under === undefined || over === under) return true
  const [message, remedy] =
    over === undefined
      ? [`${to.name} is split by ${under}, and ${of.name} is not`, `split ${of.name} as well, or leave ${to.name} whole`]
      : [`${of.name} is split by ${over}, and ${to.name} by ${under}`, `split both alike, or leave ${to.name} whole`]
  reader.mistake(path, message, `${remedy}: a segment is divided by the one of its name, or by the whole`)
  return false
}

/** What a segmentation has a series for each of, in words; undefined where it is one series. A list of one is a list. */
function splitOf({ question }: Query): string | undefined {
  if (question.kind !== 'segmentation') return undefined
  const { event, on } = question
  const events = Array.isArray(event) ? [`\`event: [${event.join(', ')}]\``] : []
  const properties = on === undefined ? [] : [`\`on: ${Array.isArray(on) ? `[${on.join(', ')}]` : on}\``]
  return [...events, ...properties].join(' and ') || undefined
}

function same(one: Timeframe | undefined, other: Timeframe | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
