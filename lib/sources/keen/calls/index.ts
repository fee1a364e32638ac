import { accessKeyCalls } from './access-keys.ts'
import { datasetCalls } from './datasets.ts'
import { eventCalls } from './events.ts'
import { queryCalls } from './queries.ts'
import { savedCalls } from './saved.ts'

/** Every call that is one request, by the name it has here. Parameters have the vendor's own names. */
export const calls = {
  ...eventCalls,
  ...queryCalls,
  ...savedCalls,
  ...accessKeyCalls,
  ...datasetCalls,
}
