import type { Question } from '../../../query.ts'
import type { AnsweredKind, Ask, Bodies } from '../../source.ts'
import type { CallName, MixpanelClient } from '../client.ts'
import type { AnnotationReader } from './annotations.ts'

/** What the source is, as far as questions have to know. */
export interface Place {
  /** The name that the project file gave it. */
  readonly name: string
  /** The zone in which Mixpanel counts the project's days, IANA. */
  readonly zone: string
  readonly client: MixpanelClient
  readonly annotations: AnnotationReader
  readonly clock: () => Date
}

export interface Request {
  readonly call: CallName
  readonly parameters: object
}

/** What one kind of question is to Mixpanel. */
export interface Asking<Kind extends AnsweredKind> {
  /** Why the source of that name cannot be asked this, if it cannot; said when the project is loaded. */
  refuse?(question: Extract<Question, { kind: Kind }>, source: string): string | undefined
  /**
   * Every request that an answer takes, each once, pure: what `--explain` prints and the hourly budget counts. Throws
   * RefusedError where a window cannot be asked for.
   */
  requests(ask: Ask<Kind>, place: Pick<Place, 'name' | 'zone'>): readonly Request[]
  /** Throws RefusedError where the vendor answers something else than was asked, and what the client throws. */
  answer(ask: Ask<Kind>, place: Place): Promise<Bodies[Kind]>
}
