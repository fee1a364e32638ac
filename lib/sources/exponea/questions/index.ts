import { questionsOf } from '../../asking.ts'
import type { Place, Request, Site } from './asking.ts'
import { answerFunnel, funnelRequest, refuseFunnel } from './funnel.ts'
import { answerSaved, refuseSaved, savedRequest } from './saved.ts'

/** The kinds of question that Exponea answers: all from what is saved there, since its API computes nothing else. */
export const questions = questionsOf<Site, Place, Request>({
  funnel: {
    refuse: refuseFunnel,
    requests: (ask, site) => [funnelRequest(ask, site)],
    answer: answerFunnel,
  },
  saved: {
    refuse: refuseSaved,
    requests: (ask) => [savedRequest(ask)],
    answer: answerSaved,
  },
})
