import { questionsOf } from '../../asking.ts'
import type { Place, Request, Site } from './asking.ts'
import { answerFunnel, funnelRequests, refuseFunnel } from './funnel.ts'
import { answerPeople, peopleRequest, refusePeople } from './people.ts'
import { answerSaved, refuseSaved, savedRequest } from './saved.ts'
import { answerSegmentation } from './segmentation.ts'
import { planSegmentation, refuseSegmentation } from './segmentation-plan.ts'

/** The kinds of question that Keen answers. */
export const questions = questionsOf<Site, Place, Request>({
  segmentation: {
    refuse: refuseSegmentation,
    requests: (ask, site) => planSegmentation(ask, site).requests,
    answer: answerSegmentation,
  },
  funnel: {
    refuse: refuseFunnel,
    requests: (ask, site) => funnelRequests(ask, site).map((parameters) => ({ call: 'funnel', parameters })),
    answer: answerFunnel,
  },
  people: {
    refuse: refusePeople,
    requests: (ask) => [{ call: 'extraction', parameters: peopleRequest(ask) }],
    answer: answerPeople,
  },
  saved: {
    refuse: refuseSaved,
    requests: (ask) => [{ call: 'savedQueryResult', parameters: savedRequest(ask) }],
    answer: answerSaved,
  },
})
