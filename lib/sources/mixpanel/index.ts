import { RefusedError } from '../../errors.ts'
import type { Question } from '../../query.ts'
import type { Ask, Source, SourceContext, SourceKind } from '../source.ts'
import { createMixpanelClient } from './client.ts'
import { concurrency } from './limits.ts'
import { answerFunnel, funnelRequests, refuseFunnel } from './questions/funnel.ts'
import { answerSegmentation } from './questions/segmentation.ts'
import { planSegmentation, refuseSegmentation } from './questions/segmentation-plan.ts'
import type { Config } from './schema.ts'
import { config } from './schema.ts'

/** Mixpanel's Query API, asked with a service account. */
export const mixpanel = {
  kind: 'mixpanel',
  schema: config,
  kinds: ['segmentation', 'funnel'],
  refuse: (_, question, name) => refuse(question, name),
  open,
} satisfies SourceKind<typeof config>

function refuse(question: Question, name: string): string | undefined {
  if (question.kind === 'segmentation') return refuseSegmentation(question)
  if (question.kind === 'funnel') return refuseFunnel(question, name)
  return undefined
}

function open(options: Config, context: SourceContext): Source {
  const { project, region, credentials } = options
  const zone = options.timezone ?? context.timezone
  const client = createMixpanelClient({
    project,
    region,
    workspace: options.workspace,
    url: options.url,
    credentials,
    credential: (again) => context.credential(credentials, again),
    trace: context.trace,
    clock: context.clock,
  })
  /** A question that the project file could not hold may still come from a program. */
  function check(question: Question): void {
    const reason = refuse(question, context.name)
    if (reason !== undefined) throw new RefusedError(reason)
  }
  return {
    label: `Mixpanel (project ${project}, ${region.toUpperCase()})`,
    concurrency,
    answers: {
      async segmentation(ask) {
        check(ask.question)
        return answerSegmentation(ask, client, zone)
      },
      async funnel(ask) {
        check(ask.question)
        return answerFunnel(ask, client, context.name, zone)
      },
    },
    explain(ask) {
      check(ask.question)
      if (isKind(ask, 'segmentation')) {
        return planSegmentation(ask, zone).requests.map(({ call, parameters }) => client.describe(call, parameters))
      }
      if (isKind(ask, 'funnel')) {
        return funnelRequests(ask, context.name, zone).map((parameters) => client.describe('funnel', parameters))
      }
      return []
    },
    close: () => client.close(),
  }
}

function isKind<Kind extends Question['kind']>(ask: Ask, kind: Kind): ask is Ask & Ask<Kind> {
  return ask.question.kind === kind
}
