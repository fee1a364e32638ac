import type { Question } from '../../query.ts'

/** Kinds of question whose calls Mixpanel keeps running and builds nothing more on, by its documentation of 2026. */
const maintained = { segmentation: 'segmentations', funnel: 'funnels' } as const

/** What an author should know before relying on these questions: a sentence each. */
export function adviceOn(questions: readonly Question[]): string[] {
  const asked = Object.entries(maintained).filter(([kind]) => questions.some((question) => question.kind === kind))
  if (asked.length === 0) return []
  const what = asked.map(([, words]) => words).join(' and ')
  return [
    `Mixpanel's calls for ${what} are in maintenance mode: they work and get nothing new. Its way forward is a report saved in Mixpanel, asked as saved: { insights: <bookmark id> }`,
  ]
}
