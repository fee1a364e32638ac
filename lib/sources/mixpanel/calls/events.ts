import type { MixpanelCall } from '../call.ts'

export const eventCalls = {} as const satisfies Record<string, MixpanelCall>
