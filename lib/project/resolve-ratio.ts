import type { Query } from '../query.ts'
import type { Timeframe } from '../timeframe.ts'
import { checkName } from './names.ts'
import type { Frame, OpenRatio } from './resolve-query.ts'
import { shownAs } from './resolve-query.ts'
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
  const { timeframe, trend } = of
  return {
    ...shownAs(name, own),
    question: { kind: 'ratio', ...own.ratio },
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

function same(one: Timeframe | undefined, other: Timeframe | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
