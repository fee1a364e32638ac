import { expect, test } from 'vitest'
import * as z from 'zod'
import { UsageError } from '../../../lib/errors.ts'
import { checkParameters, placeParameters } from '../../../lib/sources/call.ts'

const call = {
  path: '/catalogs/{id}/items/{item}',
  parameters: z.strictObject({ id: z.string(), item: z.string(), tags: z.array(z.string()).optional(), deep: z.unknown() }),
}

test('parameters go where the call says, each once', () => {
  const values = { id: 'a b/č', item: 'x?y#z%', tags: ['1', '2'], deep: { a: [1] }, left: undefined }
  expect(placeParameters('V c', call, values)).toEqual({
    path: '/catalogs/a%20b%2F%C4%8D/items/x%3Fy%23z%25',
    json: { tags: ['1', '2'], deep: { a: [1] } },
    fields: { tags: '["1","2"]', deep: '{"a":[1]}' },
  })
  expect(placeParameters('V c', { ...call, repeats: ['tags'] }, values).fields).toEqual({ tags: ['1', '2'], deep: '{"a":[1]}' })
})

test.each(['.', '..', ''])('a path never leads to another call: "%s"', (item) => {
  expect(() => placeParameters('Vendor getItem', call, { id: 'a', item })).toThrow(UsageError)
})

test('each wrong parameter is named', () => {
  expect(() => checkParameters('Vendor getItem', call, { id: 1, itm: 'x', item: 'y' })).toThrow(
    'Vendor getItem: ✖ `id` is text, not a number\n✖ `deep` is needed\n✖ there is no parameter `itm`; did you mean item?',
  )
})
