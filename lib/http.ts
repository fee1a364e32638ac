/** The only door to the network. Whoever opens one says how its vendor's refusals are told apart (`classify`). */
export type { Http, HttpOptions } from './http/door.ts'
export { createHttp } from './http/door.ts'
export type { Reply } from './http/reply.ts'
export { beginning, retryAfter } from './http/reply.ts'
export type { Ended, Fields, HttpOpening, HttpRequest, Settle } from './http/request.ts'
export { addressProblem } from './http/request.ts'
export type { Opened } from './http/stream.ts'
