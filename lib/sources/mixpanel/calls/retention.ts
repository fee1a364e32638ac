import type { MixpanelCall } from '../call.ts'

export const retentionCalls = {} as const satisfies Record<string, MixpanelCall>
