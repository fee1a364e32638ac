import { RefusedError } from '../../errors.ts'
import type { Question } from '../../query.ts'
import { parseDuration } from '../../timeframe.ts'
import type { AnsweredKind, Ask, Bodies } from '../source.ts'
import type { Events, LakeClient } from './client.ts'
import { answerFrequency, checkFrequency, frequencyReads, frequencySql, frequencyStretches } from './frequency.ts'
import { answerFunnel, funnelProperties, funnelSql, refuseFunnel } from './funnel.ts'
import type { Reads } from './load.ts'
import { answerRetention, checkRetention, retentionReads, retentionSql, retentionStretches } from './retention.ts'
import { answerSegmentation, refuseSegmentation, segmentationProperties, segmentationSql } from './segmentation.ts'
import type { Sql } from './sql.ts'
import { answerTop, checkTop, topReads, topSql, topStretches } from './top.ts'
import type { Stretch } from './windows.ts'
import { figuresOf } from './windows.ts'

type Of<Kind extends AnsweredKind> = Extract<Question, { kind: Kind }>

/** What one kind of question is to a lake. */
export interface Asking<Kind extends AnsweredKind> {
  /** Why a lake cannot be asked this, if it cannot; said when the project is loaded. */
  refuse(question: Of<Kind>): string | undefined
  /** What of events it reads. */
  reads(question: Of<Kind>): Reads
  /** The time whose events it reads, which an export must have kept. */
  stretches(ask: Ask<Kind>): Stretch[]
  /** What `--explain` prints. */
  statements(ask: Ask<Kind>, events: Events): Sql[]
  answer(ask: Ask<Kind>, events: Events, client: LakeClient): Promise<Bodies[Kind]>
}

/** The kinds of question that a lake answers. */
export const questions = {
  segmentation: {
    refuse: refuseSegmentation,
    reads: (question) => ({ properties: segmentationProperties(question) }),
    stretches: ({ windows }) => [windows.trend ?? windows.timeframe, ...figuresOf(windows)],
    statements: (ask, events) => [segmentationSql(ask, events)],
    answer: answerSegmentation,
  },
  funnel: {
    refuse: refuseFunnel,
    reads: (question) => ({ properties: funnelProperties(question) }),
    stretches: ({ question, windows }) => {
      const seconds = parseDuration(question.within) ?? 0
      return figuresOf(windows).map(({ start, end }) => ({ start, end: end.add({ seconds }) }))
    },
    statements: funnelSql,
    answer: answerFunnel,
  },
  retention: {
    refuse: (question) => reasonOf(() => checkRetention(question)),
    reads: retentionReads,
    stretches: retentionStretches,
    statements: retentionSql,
    answer: answerRetention,
  },
  frequency: {
    refuse: (question) => reasonOf(() => checkFrequency(question)),
    reads: frequencyReads,
    stretches: frequencyStretches,
    statements: frequencySql,
    answer: answerFrequency,
  },
  top: {
    refuse: (question) => reasonOf(() => checkTop(question)),
    reads: topReads,
    stretches: topStretches,
    statements: topSql,
    answer: answerTop,
  },
} as const satisfies { readonly [Kind in AnsweredKind]?: Asking<Kind> }

function reasonOf(check: () => void): string | undefined {
  try {
    check()
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return error.remedy === undefined ? error.message : `${error.message}; ${error.remedy}`
  }
  return undefined
}
