import type { Funnel, Question, Ratio, Segmentation } from '../query.ts'

/** A question as one would say it, so that an author sees what was understood. */
export function questionWords(question: Question): string {
  switch (question.kind) {
    case 'segmentation':
      return segmentationWords(question)
    case 'funnel':
      return funnelWords(question)
    case 'ratio':
      return ratioWords(question)
    default: {
      const { kind: _, ...words } = question
      return Object.entries(words)
        .filter(([, value]) => value !== undefined && value !== false)
        .map(([key, value]) => `${key} ${[value].flat().join(', ')}`)
        .join(', ')
    }
  }
}

function segmentationWords(question: Segmentation): string {
  const { event, type, of, unit, on, where, buckets, percentile, limit, clean } = question
  const events = event === 'any' ? 'any event' : [event].flat().join(', ')
  const measured = {
    general: events,
    unique: `users of ${events}`,
    average: of === undefined ? `${events} per user` : `average ${of} of ${events}`,
    sum: `sum of ${of ?? 'nothing'} of ${events}`,
    min: `least ${of ?? 'nothing'} of ${events}`,
    max: `greatest ${of ?? 'nothing'} of ${events}`,
    median: `median ${of ?? 'nothing'} of ${events}`,
    percentile: `percentile ${percentile ?? ''} of ${of ?? 'nothing'} of ${events}`,
  }[type]
  const split = on === undefined ? [] : [`by ${[on].flat().join(' and ')}, the ${limit} largest`]
  return [
    measured,
    `each ${unit}`,
    ...split,
    ...(buckets === undefined ? [] : [`in ${buckets} buckets`]),
    ...(clean ? ['without empty segments'] : []),
    ...(where === undefined ? [] : [`where ${where}`]),
  ].join(', ')
}

function funnelWords({ steps, within, on, where, unordered, figure, limit }: Funnel): string {
  const named = steps.map((step) => (step.where === undefined ? step.event : `${step.event} (${step.where})`))
  return [
    named.join(unordered ? ' + ' : ' → '),
    `within ${within}`,
    ...(unordered ? ['in any order'] : []),
    ...(on === undefined ? [] : [`by ${on}, the ${limit} largest`]),
    ...(where === undefined ? [] : [`where ${where}`]),
    ...(figure === undefined ? [] : [`figure: step ${figure}`]),
  ].join(', ')
}

function ratioWords({ of, to, times }: Ratio): string {
  return `${of} ÷ ${to}${times === 1 ? '' : ` × ${times}`}`
}
