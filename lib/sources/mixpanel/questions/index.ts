import type { AnsweredKind } from '../../source.ts'
import type { Asking } from './asking.ts'
import { answerFunnel, funnelRequests, refuseFunnel } from './funnel.ts'
import { answerSegmentation } from './segmentation.ts'
import { planSegmentation, refuseSegmentation } from './segmentation-plan.ts'

/** The kinds of question that Mixpanel answers. */
export const questions = {
  segmentation: {
    refuse: refuseSegmentation,
    requests: (ask, { zone }) => planSegmentation(ask, zone).requests,
    answer: (ask, { client, zone }) => answerSegmentation(ask, client, zone),
  },
  funnel: {
    refuse: refuseFunnel,
    requests: (ask, { name, zone }) => funnelRequests(ask, name, zone).map((parameters) => ({ call: 'funnel', parameters })),
    answer: (ask, { client, name, zone }) => answerFunnel(ask, client, name, zone),
  },
} as const satisfies { readonly [Kind in AnsweredKind]?: Asking<Kind> }
