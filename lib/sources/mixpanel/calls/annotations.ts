import type { MixpanelCall } from '../call.ts'

export const annotationCalls = {} as const satisfies Record<string, MixpanelCall>
