import { RefusedError } from '../errors.ts'
import type { Question } from '../query.ts'
import type { AnsweredKind, Answers, Ask, Bodies } from './source.ts'

/**
 * What one kind of question is to a vendor. `Site` is what is known of a source before it is opened, `Place` what is
 * known once it is, `Request` one call with its parameters.
 */
export interface Asking<Kind extends AnsweredKind, Site, Place extends Site, Request> {
  /** Why the source of that name cannot be asked this, if it cannot; said when the project is loaded. */
  refuse?(question: Extract<Question, { kind: Kind }>, site: Site): string | undefined
  /**
   * Every request that an answer takes, each once, pure: what `--explain` prints and the hourly budget counts. Throws
   * RefusedError where a window cannot be asked for.
   */
  requests(ask: Ask<Kind>, site: Site): readonly Request[]
  /** Throws RefusedError where the vendor answers something else than was asked, and what the client throws. */
  answer(ask: Ask<Kind>, place: Place): Promise<Bodies[Kind]>
}

/** A vendor's table of questions: the kinds that it answers are its keys. */
export type Askings<Site, Place extends Site, Request> = {
  readonly [Kind in AnsweredKind]?: Asking<Kind, Site, Place, Request>
}

/** What a source does with its table of questions. */
export interface Questions<Site, Place extends Site, Request> {
  readonly kinds: readonly AnsweredKind[]
  refuse(question: Question, site: Site): string | undefined
  /** Throws RefusedError for what is refused: a question that the project file could not hold may still come from a program. */
  requests(ask: Ask, site: Site): readonly Request[]
  answers(place: Place): Answers
}

export function questionsOf<Site, Place extends Site, Request>(
  table: Askings<Site, Place, Request>,
): Questions<Site, Place, Request> {
  // The table has the same keys as the kinds of `Asking`; TypeScript cannot follow one key through both.
  const askingOf = (kind: Question['kind']): Asking<AnsweredKind, Site, Place, Request> | undefined =>
    (table as Readonly<Record<string, unknown>>)[kind] as never
  const refuse = (question: Question, site: Site) => askingOf(question.kind)?.refuse?.(question as never, site)
  const orThrow = (question: Question, site: Site) => {
    const reason = refuse(question, site)
    if (reason !== undefined) throw new RefusedError(reason)
  }
  const kinds = Object.keys(table) as AnsweredKind[]
  return {
    kinds,
    refuse,
    requests(ask, site) {
      orThrow(ask.question, site)
      return askingOf(ask.question.kind)?.requests(ask as never, site) ?? []
    },
    answers(place) {
      const answers = kinds.map((kind) => [
        kind,
        async (ask: Ask) => {
          orThrow(ask.question, place)
          return askingOf(kind)?.answer(ask as never, place)
        },
      ])
      return Object.fromEntries(answers) as Answers
    },
  }
}
