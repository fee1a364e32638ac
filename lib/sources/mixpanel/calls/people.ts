import type { MixpanelCall } from '../call.ts'

export const peopleCalls = {} as const satisfies Record<string, MixpanelCall>
