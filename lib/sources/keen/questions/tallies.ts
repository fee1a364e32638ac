import type { Segmentation } from '../../../query.ts'
import type { Metric, Site } from './asking.ts'
import { plainProperty } from './filters.ts'

/** One metric of Keen's, and how numbers of several stretches of time, or of several groups, become one. */
export interface Tally {
  readonly call: Metric
  readonly target: { readonly target_property?: string; readonly percentile?: number }
  readonly joins: 'adds' | 'least' | 'most' | 'none'
  /** Of what did not happen: 0 where the vendor says 0 of an empty bucket. */
  readonly absent: 0 | null
}

/** The metrics that a question needs: one, or two of which the first is divided by the second. Throws RefusedError. */
export function talliesOf(question: Segmentation, { actor }: Pick<Site, 'actor'>): readonly [Tally, Tally?] {
  const { type, of, percentile } = question
  const target = of === undefined ? {} : { target_property: plainProperty(of) }
  const count: Tally = { call: 'count', target: {}, joins: 'adds', absent: 0 }
  const unique: Tally = { call: 'countUnique', target: { target_property: actor ?? '' }, joins: 'none', absent: 0 }
  switch (type) {
    case 'general':
      return [count]
    case 'unique':
      return [unique]
    case 'average':
      return of === undefined ? [count, unique] : [{ call: 'average', target, joins: 'none', absent: null }]
    case 'sum':
      return [{ call: 'sum', target, joins: 'adds', absent: 0 }]
    case 'min':
      return [{ call: 'minimum', target, joins: 'least', absent: null }]
    case 'max':
      return [{ call: 'maximum', target, joins: 'most', absent: null }]
    case 'median':
      return [{ call: 'median', target, joins: 'none', absent: null }]
    case 'percentile':
      return [
        {
          call: 'percentile',
          target: { ...target, ...(percentile === undefined ? {} : { percentile }) },
          joins: 'none',
          absent: null,
        },
      ]
  }
}

/** Null is "nothing there" and changes nothing; only nothing but null stays null. Nothing at all is `absent`. */
export function joined(values: readonly (number | null)[], { joins, absent }: Pick<Tally, 'joins' | 'absent'>): number | null {
  const [first, ...others] = values.filter((value) => value !== null)
  if (first === undefined) return values.length === 0 ? absent : null
  if (others.length === 0) return first
  switch (joins) {
    case 'adds':
      return others.reduce((sum, value) => sum + value, first)
    case 'least':
      return others.reduce((least, value) => Math.min(least, value), first)
    case 'most':
      return others.reduce((most, value) => Math.max(most, value), first)
    case 'none':
      return null
  }
}
