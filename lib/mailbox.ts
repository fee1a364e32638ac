import { domainToASCII } from 'node:url'

/** One mailbox as headers print it: `Growth team <growth@example.com>`. */
export interface Mailbox {
  readonly name?: string
  /** ASCII: a domain with other letters is in its `xn--` form. */
  readonly address: string
}

const specials = /[()<>[\]:;@\\,"]/
/** RFC 5322's dot-atom. SES takes no other local part: no quotes, nothing beyond ASCII. */
const localPart = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Reads exactly one mailbox (`a@example.com`, `Name <a@example.com>`, `"Name, Inc." <a@example.com>`), or says what is
 * wrong with the text. A line break is never accepted: in a header it would begin another one.
 */
export function parseMailbox(text: string): Mailbox | { readonly problem: string } {
  if (/\p{Cc}/u.test(text)) return { problem: 'a mailbox has no line breaks or other control characters' }
  const [, quoted, plain, inside] = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^"<>]*))\s*<([^<>]*)>\s*$/.exec(text) ?? []
  if (inside === undefined) return parseAddress(text.trim())
  const name = quoted === undefined ? (plain ?? '').trim() : quoted.replace(/\\(.)/g, '$1').trim()
  if (quoted === undefined && specials.test(name)) {
    return { problem: `the name ${JSON.stringify(name)} has characters that need double quotes around it` }
  }
  const parsed = parseAddress(inside.trim())
  return 'problem' in parsed || name === '' ? parsed : { name, ...parsed }
}

function parseAddress(text: string): Mailbox | { readonly problem: string } {
  const at = text.lastIndexOf('@')
  if (/[,;]/.test(text)) return { problem: `${JSON.stringify(text)} is several addresses, where one is meant` }
  if (at < 1) return { problem: `${JSON.stringify(text)} is no address such as name@example.com` }
  const local = text.slice(0, at)
  const domain = domainToASCII(text.slice(at + 1))
  if (local.length > 64 || !localPart.test(local)) {
    return { problem: `${JSON.stringify(local)} before the @ is nothing that mail servers take: letters, digits and . _ + - are` }
  }
  const labels = domain.split('.')
  if (labels.length < 2 || !labels.every((part) => label.test(part)) || domain.length > 253) {
    return { problem: `${JSON.stringify(text.slice(at + 1))} after the @ is no domain such as example.com` }
  }
  return { address: `${local}@${domain}` }
}
