import type { Body, Operation } from './operation.ts'
import { bodyOf, dayInWords, inPath, inQuery, integer, may, must, number, numbers, text } from './operation.ts'

const project = must('projectId', integer)
const all = '/projects/{projectId}/annotations'
const one = `${all}/{annotationId}`
const tags = `${all}/tags`
const description = may('description', text)
const tagIds = may('tags', numbers)
const second = String.raw`^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$`

function operation(method: Operation['method'], path: string, body?: Body): Operation {
  const places = path === one ? [project, must('annotationId', number)] : [project]
  return { file: 'annotations', method, path, parameters: inPath(...places), ...(body === undefined ? {} : { body }) }
}

const list = operation('GET', all)

export const annotationOperations: readonly Operation[] = [
  { ...list, parameters: [...list.parameters, ...inQuery(may('fromDate', text, dayInWords), may('toDate', text, dayInWords))] },
  operation(
    'POST',
    all,
    bodyOf('application/json', true, may('date', text, { schema: { type: 'string', pattern: second } }), description, tagIds),
  ),
  operation('GET', one),
  operation('PATCH', one, bodyOf('application/json', true, description, tagIds)),
  operation('DELETE', one),
  operation('GET', tags),
  operation('POST', tags, bodyOf('application/json', true, may('name', text))),
]
