export type { Drawn, Picture } from './draw.ts'
export { drawEdition } from './draw.ts'
export { composeMessage } from './message.ts'
