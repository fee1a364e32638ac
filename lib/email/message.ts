import { createHash } from 'node:crypto'
import MailComposer from 'nodemailer/lib/mail-composer'
import type { Edition } from '../edition.ts'
import { UsageError } from '../errors.ts'
import type { Mailbox } from '../mailbox.ts'
import { parseMailbox } from '../mailbox.ts'
import type { Drawn } from './draw.ts'

export interface MessageOptions {
  readonly edition: Pick<Edition, 'title' | 'subject' | 'owner'>
  /** A mailbox. */
  readonly from: string
  /** A mailbox; undefined makes the copy that the store keeps, which names no reader. */
  readonly to: string | undefined
  readonly date: Date
  /** The run's id. */
  readonly run: string
  /** The report's name. */
  readonly report: string
  readonly attachments: readonly { readonly filename: string; readonly content: string }[]
}

/**
 * SendRawEmail takes 10 MB after base64, which makes 7 MB of 5; page and text need the rest.
 * https://docs.aws.amazon.com/ses/latest/dg/quotas.html
 */
const mostAttached = 7_000_000

/**
 * The message as MIME: mixed (alternative (text, related (page, pictures)), tables). The same input gives the same
 * bytes. Throws UsageError for an address that is none.
 */
export async function composeMessage(drawn: Drawn, options: MessageOptions): Promise<Uint8Array> {
  const { edition, run, report } = options
  const from = mailbox('from', options.from)
  const to = options.to === undefined ? undefined : mailbox('to', options.to)
  const owner = edition.owner === undefined ? undefined : mailbox('owner', edition.owner)
  const id = createHash('sha256')
    .update(`${run}\n${to?.address ?? ''}\n${options.date.toISOString()}`)
    .digest('hex')
    .slice(0, 32)
  const domain = from.address.slice(from.address.indexOf('@') + 1)
  const cid = (query: string) => `${query}.${id}@${domain}`

  const pictures = drawn.images.reduce((sum, image) => sum + image.png.byteLength, 0)
  const { attached, note } = attachable(options.attachments, mostAttached - pictures)
  const page = drawn.html((query) => `cid:${cid(query)}`, note)
  // A page that had to leave out an article refers to fewer pictures than were drawn.
  const shown = drawn.images.filter((image) => page.includes(`"cid:${cid(image.query)}"`))
  const mail = {
    from,
    to: to ?? `${quote(`${edition.title} readers`)}:;`,
    ...(owner === undefined ? {} : { replyTo: owner }),
    subject: edition.subject,
    date: options.date,
    messageId: `<${id}@${domain}>`,
    // nodemailer draws random boundaries otherwise.
    baseBoundary: id,
    headers: {
      'List-ID': `<${report}.broadsheet.${domain}>`,
      'Auto-Submitted': 'auto-generated',
      ...(owner === undefined ? {} : { 'List-Unsubscribe': unsubscribe(owner, edition.title) }),
      'X-Broadsheet-Run': run,
    },
    text: [drawn.text, ...note].join('\n'),
    html: page,
    attachments: [
      ...shown.map(({ query, png }) => ({
        filename: `${query}.png`,
        content: Buffer.from(png),
        contentType: 'image/png',
        cid: cid(query),
        contentDisposition: 'inline' as const,
      })),
      ...attached.map(({ filename, content }) => ({
        filename,
        content: Buffer.from(content),
        contentType: 'text/csv; charset=utf-8',
      })),
    ],
    disableFileAccess: true,
    disableUrlAccess: true,
  }
  return new MailComposer(mail).compile().build()
}

function mailbox(role: string, text: string): Mailbox {
  const parsed = parseMailbox(text)
  if ('problem' in parsed)
    throw new UsageError(`the mail's ${role}: ${parsed.problem}`, { remedy: 'give one mailbox, such as Name <name@example.com>' })
  return parsed
}

/** As many files as there is room for, in their order, and a sentence that names the others. */
function attachable(attachments: MessageOptions['attachments'], room: number) {
  const attached: { filename: string; content: string }[] = []
  const left: string[] = []
  let free = room
  for (const attachment of attachments) {
    const bytes = Buffer.byteLength(attachment.content)
    if (bytes > free) left.push(attachment.filename)
    else {
      attached.push(attachment)
      free -= bytes
    }
  }
  const named = left.length > 5 ? `${left.slice(0, 5).join(', ')} and ${left.length - 5} more` : left.join(', ')
  const note = left.length === 0 ? [] : [`Too large for a mail and not attached, though kept with this run: ${named}.`]
  return { attached, note }
}

function unsubscribe(owner: Mailbox, title: string): string {
  const address = encodeURIComponent(owner.address).replace('%40', '@')
  return `<mailto:${address}?subject=${encodeURIComponent(`Unsubscribe from ${title}`)}>`
}

function quote(text: string): string {
  return `"${text.replace(/\p{Cc}/gu, ' ').replace(/["\\]/g, '\\$&')}"`
}
