import { annotationCalls } from './annotations.ts'
import { eventCalls } from './events.ts'
import { funnelCalls } from './funnels.ts'
import { peopleCalls } from './people.ts'
import { pipelineCalls } from './pipelines.ts'
import { retentionCalls } from './retention.ts'
import { savedCalls } from './saved.ts'
import { segmentationCalls } from './segmentation.ts'

/** Every call that is one request, by the name it has here. Parameters have the vendor's own names. */
export const calls = {
  ...eventCalls,
  ...segmentationCalls,
  ...funnelCalls,
  ...retentionCalls,
  ...savedCalls,
  ...peopleCalls,
  ...annotationCalls,
  ...pipelineCalls,
}
