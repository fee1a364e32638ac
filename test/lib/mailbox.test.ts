import { expect, test } from 'vitest'
import { parseMailbox } from '../../lib/mailbox.ts'

test.each([
  ['growth@example.com', { address: 'growth@example.com' }],
  ['  growth@example.com ', { address: 'growth@example.com' }],
  ['<growth@example.com>', { address: 'growth@example.com' }],
  ['Growth team <growth@example.com>', { name: 'Growth team', address: 'growth@example.com' }],
  ['J. Doe <j.doe+mail@mail.example.co.uk>', { name: 'J. Doe', address: 'j.doe+mail@mail.example.co.uk' }],
  ['"Growth, \\"Inc.\\"" <growth@example.com>', { name: 'Growth, "Inc."', address: 'growth@example.com' }],
  ['Zoë Ünal 李 <zoe@example.com>', { name: 'Zoë Ünal 李', address: 'zoe@example.com' }],
  ['post@bücher.example', { address: 'post@xn--bcher-kva.example' }],
])('%j is one mailbox', (text, mailbox) => {
  expect(parseMailbox(text)).toEqual(mailbox)
})

test.each([
  ['growth', 'no address'],
  ['', 'no address'],
  ['@example.com', 'no address'],
  ['a@example.com, b@example.com', 'several addresses'],
  ['a@example.com;b@example.com', 'several addresses'],
  ['Growth: team <growth@example.com>', 'double quotes'],
  ['a@b@example.com', 'before the @'],
  ['.a@example.com', 'before the @'],
  ['zoë@example.com', 'before the @'],
  ['two words@example.com', 'before the @'],
  ['a@localhost', 'no domain'],
  ['a@example..com', 'no domain'],
  ['a@[127.0.0.1]', 'no domain'],
  ['a@example.com\r\nBcc: thief@example.com', 'line breaks'],
  ['Growth\n <growth@example.com>', 'line breaks'],
  ['A <a@example.com> <b@example.com>', 'before the @'],
])('%j is refused: %s', (text, problem) => {
  expect(parseMailbox(text)).toEqual({ problem: expect.stringContaining(problem) })
})
