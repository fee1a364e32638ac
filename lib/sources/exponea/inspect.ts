import { RefusedError } from '../../errors.ts'
import type { Finding, Inspected } from '../source.ts'
import type { Analysis } from './client.ts'
import type { Analyses, AnalysisKind } from './questions/asking.ts'
import { otherSteps, stepsRemedy } from './questions/funnel.ts'
import { readFunnel } from './questions/funnel-table.ts'

/**
 * Asks for each saved analysis that questions name, once, as it stands now: whether it is there, of the type that the
 * question says, and of a funnel whether it has the steps that are named.
 */
export async function inspect(
  asked: readonly Inspected[],
  place: { readonly name: string; readonly timezone: string; readonly client: Analyses },
): Promise<Finding[]> {
  const answers = new Map<string, Promise<Analysis>>()
  const ask = (kind: AnalysisKind, id: string) => {
    const key = `${kind} ${id}`
    const answer = answers.get(key) ?? place.client[kind]({ analysis_id: id, timezone: place.timezone })
    answers.set(key, answer)
    return answer
  }

  const findings: Finding[] = []
  for (const { question, ...where } of asked) {
    const saved = savedIn(question, place.name)
    if (saved === undefined) continue
    try {
      const analysis = await ask(saved.kind, saved.id)
      if (saved.kind !== 'funnel') continue
      const table = readFunnel(analysis)
      const other = question.kind === 'funnel' ? otherSteps(table, question) : undefined
      if (other === undefined) continue
      findings.push({ ...where, problem: `the saved funnel ${saved.id}, "${analysis.name}", ${other}`, remedy: stepsRemedy })
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      const problem = `the saved ${saved.kind} ${saved.id} cannot be asked: ${error.message}`
      findings.push({ ...where, problem, remedy: error.remedy })
    }
  }
  return findings
}

function savedIn(question: Inspected['question'], source: string): { kind: AnalysisKind; id: string } | undefined {
  if (question.kind === 'funnel') {
    const id = question.saved?.[source]
    return id === undefined ? undefined : { kind: 'funnel', id }
  }
  if (question.kind !== 'saved' || question.analysis === undefined || question.type === undefined) return undefined
  return { kind: question.type, id: question.analysis }
}
