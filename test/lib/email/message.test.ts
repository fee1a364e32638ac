import { simpleParser } from 'mailparser'
import { beforeAll, expect, test } from 'vitest'
import type { Drawn } from '../../../lib/email/index.ts'
import { composeMessage, drawEdition } from '../../../lib/email/index.ts'
import type { MessageOptions } from '../../../lib/email/message.ts'
import { UsageError } from '../../../lib/errors.ts'
import { example } from './example.ts'

let drawn: Drawn
beforeAll(async () => {
  drawn = await drawEdition(example)
})

const options: MessageOptions = {
  edition: example,
  from: 'Broadsheet <reports@example.com>',
  to: 'Ana Ünal <ana@example.com>',
  date: new Date('2026-11-16T07:00:05Z'),
  run: 'weekly-growth/20261116T070000Z',
  report: 'weekly-growth',
  attachments: [
    { filename: 'signups.csv', content: 'date,series,value\n2026-11-09,Zürich,62\n' },
    { filename: 'activation.csv', content: 'segment,step,count\n,Sign up,3844\n' },
  ],
}
const compose = (more: Partial<MessageOptions> = {}) => composeMessage(drawn, { ...options, ...more })
/** A header as it is sent, unfolded. */
const header = (raw: Uint8Array, name: string) =>
  new RegExp(`^${name}: ?([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)`, 'mi')
    .exec(Buffer.from(raw).toString('latin1'))?.[1]
    ?.replace(/\r\n[ \t]+/g, ' ')
    .trim()

test('every picture of the page is a part of the message, once, and no part is unused', async () => {
  const raw = await compose()
  const source = Buffer.from(raw).toString('latin1')
  const parts = [...source.matchAll(/^Content-I[dD]: <([^>]+)>/gm)].map(([, id]) => id)
  const mail = await simpleParser(Buffer.from(raw), { skipImageLinks: true })
  const used = [...String(mail.html).matchAll(/src="cid:([^"]+)"/g)].map(([, id]) => id)
  expect(parts).toHaveLength(4)
  expect(used.sort()).toEqual(parts.sort())
  expect(new Set(parts).size).toBe(4)
  expect(
    mail.attachments
      .filter(({ related }) => related)
      .map(({ contentType, contentDisposition }) => [contentType, contentDisposition]),
  ).toEqual(Array.from({ length: 4 }, () => ['image/png', 'inline']))
})

test('text and page are alternatives, pictures belong to the page, tables are attached', async () => {
  const source = Buffer.from(await compose()).toString('latin1')
  const kinds = [...source.matchAll(/^Content-Type: ([a-z]+\/[a-z]+)/gm)].map(([, kind]) => kind)
  expect(kinds).toEqual([
    'multipart/mixed',
    'multipart/alternative',
    'text/plain',
    'multipart/related',
    'text/html',
    ...Array.from({ length: 4 }, () => 'image/png'),
    'text/csv',
    'text/csv',
  ])
  const mail = await simpleParser(source)
  const tables = mail.attachments.filter(({ contentType }) => contentType === 'text/csv')
  expect(tables.map(({ filename, content }) => [filename, content.toString('utf8')])).toEqual(
    options.attachments.map(({ filename, content }) => [filename, content]),
  )
  expect(mail.text).toContain('Sign-ups rose 9 % to 4,190')
})

test('the headers say who, what, when and that a machine wrote it', async () => {
  const raw = await compose()
  const mail = await simpleParser(Buffer.from(raw))
  expect(mail.from?.text).toBe('"Broadsheet" <reports@example.com>')
  expect(mail.to).toMatchObject({ value: [{ name: 'Ana Ünal', address: 'ana@example.com' }] })
  expect(mail.replyTo?.value).toEqual([{ name: 'Growth team', address: 'growth@example.com' }])
  expect(mail.subject).toBe(example.subject)
  expect(mail.date).toEqual(options.date)
  expect(header(raw, 'List-ID')).toBe('<weekly-growth.broadsheet.example.com>')
  expect(header(raw, 'Auto-Submitted')).toBe('auto-generated')
  expect(header(raw, 'List-Unsubscribe')).toBe('<mailto:growth@example.com?subject=Unsubscribe%20from%20Weekly%20growth>')
  expect(header(raw, 'X-Broadsheet-Run')).toBe(options.run)
  for (const line of Buffer.from(raw).toString('latin1').split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
})

test('without an owner there is nobody to reply to or to unsubscribe with', async () => {
  const { owner: _, ...edition } = example
  const raw = await compose({ edition })
  expect(header(raw, 'Reply-To')).toBeUndefined()
  expect(header(raw, 'List-Unsubscribe')).toBeUndefined()
})

test('the copy that is kept names no reader', async () => {
  const raw = await compose({ to: undefined, edition: { ...example, title: 'Größe, "net": a\r\nBcc: b@example.com' } })
  const mail = await simpleParser(Buffer.from(raw))
  expect(mail.to).toMatchObject({ value: [{ name: 'Größe, "net": a  Bcc: b@example.com readers', group: [] }] })
  expect(mail.bcc).toBeUndefined()
  expect(Buffer.from(raw).toString('latin1')).not.toContain('ana@example.com')
})

test('the same message is the same bytes; another reader or run gets another id', async () => {
  const one = await compose()
  expect(Buffer.compare(one, await compose())).toBe(0)
  const ids = await Promise.all([compose(), compose({ to: 'bo@example.com' }), compose({ run: 'other' })])
  expect(new Set(ids.map((raw) => header(raw, 'Message-ID'))).size).toBe(3)
})

test.each(['to', 'from'] as const)('a line break in %s is refused, and so is a second address', async (role) => {
  await expect(compose({ [role]: 'a@example.com\r\nBcc: b@example.com' })).rejects.toThrow(UsageError)
  await expect(compose({ [role]: 'a@example.com, b@example.com' })).rejects.toThrow(`the mail's ${role}: `)
})

test('a line break in the subject starts no header', async () => {
  const raw = await compose({ edition: { ...example, subject: 'Growth\r\nBcc: b@example.com' } })
  expect(header(raw, 'Bcc')).toBeUndefined()
})

test('an attachment is never read from a file', async () => {
  const [first] = options.attachments
  const sneaky = { ...first, filename: 'a.csv', content: 'x', path: '/etc/hostname', href: 'http://127.0.0.1:9/' }
  const mail = await simpleParser(Buffer.from(await compose({ attachments: [sneaky] })))
  expect(mail.attachments.find(({ filename }) => filename === 'a.csv')?.content.toString()).toBe('x')
})

test('what SES would not take is left out and named, in the page and in the text; the message stays under 10 MB', async () => {
  const line = `${'x'.repeat(99)}\n`
  const raw = await compose({
    attachments: [
      { filename: 'large.csv', content: line.repeat(65_000) },
      { filename: 'larger.csv', content: line.repeat(80_000) },
      { filename: 'small.csv', content: line.repeat(1000) },
    ],
  })
  expect(raw.byteLength).toBeLessThan(10_000_000)
  expect(raw.byteLength).toBeGreaterThan(8_000_000)
  const mail = await simpleParser(Buffer.from(raw))
  expect(mail.attachments.filter(({ related }) => !related).map(({ filename }) => filename)).toEqual(['large.csv', 'small.csv'])
  expect(mail.text).toContain('not attached, though kept with this run: larger.csv.')
  expect(mail.html).toContain('not attached, though kept with this run: larger.csv.')
})
