import type { Question } from '../../query.ts'

/** What an author should know before relying on these questions: a sentence each. */
export function adviceOn(questions: readonly Question[]): string[] {
  if (questions.length === 0) return []
  return [
    "Exponea's analyses have the dates that they are saved with, whatever `timeframe` and `compare` say: save them with a relative time, such as the last 7 days; each run asks for them as of its schedule",
  ]
}
