import type { MixpanelCall } from '../call.ts'

export const pipelineCalls = {} as const satisfies Record<string, MixpanelCall>
