import type { CallName, MixpanelClient } from '../client.ts'
import type { AnnotationReader } from './annotations.ts'

/** What is known of a source before it is opened. */
export interface Site {
  /** The name that the project file gave it. */
  readonly name: string
  /** The zone in which Mixpanel counts the project's days, IANA. */
  readonly zone: string
}

/** What the source is, as far as questions have to know. */
export interface Place extends Site {
  readonly client: MixpanelClient
  readonly annotations: AnnotationReader
  readonly clock: () => Date
}

export interface Request {
  readonly call: CallName
  readonly parameters: object
}
