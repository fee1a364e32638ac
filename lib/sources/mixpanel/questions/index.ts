import { questionsOf } from '../../asking.ts'
import type { Place, Request, Site } from './asking.ts'
import { answerFrequency, frequencyRequest, refuseFrequency } from './frequency.ts'
import { answerFunnel, funnelRequests, refuseFunnel } from './funnel.ts'
import { answerPeople, peopleRequest, refusePeople } from './people.ts'
import { answerRetention, refuseRetention, retentionRequest } from './retention.ts'
import { answerSaved, refuseSaved, savedRequests } from './saved.ts'
import { answerSegmentation, segmentationRequests } from './segmentation.ts'
import { refuseSegmentation } from './segmentation-plan.ts'
import { answerTop, refuseTop, topRequests } from './top.ts'

/** The kinds of question that Mixpanel answers. */
export const questions = questionsOf<Site, Place, Request>({
  segmentation: {
    refuse: refuseSegmentation,
    requests: (ask, { zone }) => segmentationRequests(ask, zone),
    answer: answerSegmentation,
  },
  funnel: {
    refuse: (question, { name }) => refuseFunnel(question, name),
    requests: (ask, { name, zone }) => funnelRequests(ask, name, zone).map((parameters) => ({ call: 'funnel', parameters })),
    answer: answerFunnel,
  },
  retention: {
    refuse: refuseRetention,
    requests: (ask, { zone }) => [{ call: 'retention', parameters: retentionRequest(ask, zone) }],
    answer: answerRetention,
  },
  frequency: {
    refuse: refuseFrequency,
    requests: (ask, { zone }) => [{ call: 'frequency', parameters: frequencyRequest(ask, zone) }],
    answer: answerFrequency,
  },
  top: { refuse: refuseTop, requests: (ask, { zone }) => topRequests(ask, zone), answer: answerTop },
  people: {
    refuse: refusePeople,
    requests: (ask) => [{ call: 'engage', parameters: peopleRequest(ask) }],
    answer: answerPeople,
  },
  saved: { refuse: refuseSaved, requests: (ask, { zone }) => savedRequests(ask, zone), answer: answerSaved },
})
