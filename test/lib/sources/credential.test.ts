import { expect, test } from 'vitest'
import { CredentialError } from '../../../lib/errors.ts'
import { credentialKeeper } from '../../../lib/sources/credential.ts'

function keeper(...given: (string | Error)[]) {
  const asked: boolean[] = []
  const told: string[] = []
  const withCredential = credentialKeeper<string>({
    async read(again) {
      asked.push(again)
      const next = given.shift()
      if (next instanceof Error) throw next
      return next ?? 'none'
    },
    first: (own) => told.push(own),
  })
  const use = (attempt: (own: string) => Promise<string>) => withCredential((own) => own, attempt)
  return { asked, told, use, withCredential }
}
const refusing = (bad: string) => async (own: string) => {
  if (own === bad) throw new CredentialError(`${own} is unknown`)
  return `with ${own}`
}

test('is read once for all who ask at a time, and told of once', async () => {
  const { asked, told, use } = keeper('one')
  expect(await Promise.all([use(refusing('')), use(refusing('')), use(refusing(''))])).toEqual(Array(3).fill('with one'))
  expect([asked, told]).toEqual([[false], ['one']])
})

test('is read again, past caches, where the vendor does not know it; once for all', async () => {
  const { asked, use } = keeper('old', 'new')
  expect(await Promise.all([use(refusing('old')), use(refusing('old'))])).toEqual(['with new', 'with new'])
  expect(asked).toEqual([false, true])
})

test('is not tried twice', async () => {
  const { asked, use } = keeper('old', 'old')
  await expect(use(refusing('old'))).rejects.toThrow('old is unknown')
  expect(asked).toEqual([false, true])
})

test('a failed reading is forgotten', async () => {
  const { asked, use } = keeper(new CredentialError('not there'), 'one')
  await expect(use(refusing(''))).rejects.toThrow('not there')
  expect(await use(refusing(''))).toBe('with one')
  expect(asked).toEqual([false, false])
})

test('is not read again where it is unfit before anything is sent, however often', async () => {
  const { asked, withCredential } = keeper('old', 'new')
  const unfit = () => {
    throw new CredentialError('not of that kind')
  }
  for (let calls = 0; calls < 3; calls += 1) {
    await expect(withCredential(unfit, async () => 'sent')).rejects.toThrow('not of that kind')
  }
  expect(asked).toEqual([false])
})
