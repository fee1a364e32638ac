import type { MixpanelCall } from '../call.ts'

export const savedCalls = {} as const satisfies Record<string, MixpanelCall>
