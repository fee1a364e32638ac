import { analysisCalls } from './analyses.ts'
import { catalogCalls } from './catalogs.ts'
import { customerCalls } from './customers.ts'
import { trackingCalls } from './tracking.ts'

/** Every call that is one request, by the name it has here. Parameters have the vendor's own names. */
export const calls = {
  ...analysisCalls,
  ...trackingCalls,
  ...customerCalls,
  ...catalogCalls,
}
