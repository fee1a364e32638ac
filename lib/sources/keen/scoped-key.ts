import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import * as z from 'zod'
import { CredentialError, UsageError } from '../../errors.ts'
import { isObject } from '../../exact-json.ts'
import { checkedBy } from '../call.ts'
import { anyObject } from './calls/answers.ts'
import { filters } from './calls/filters.ts'

/**
 * Scoped keys: options that are encrypted with the master key and then used in its place. Access keys are what the vendor
 * has in their place since 2018. Nothing signs a scoped key, so one that can be read proves nobody's right to anything.
 */

export interface ScopedKeyOptions {
  readonly filters?: readonly object[]
  readonly allowed_operations?: readonly ('read' | 'write')[]
  readonly [further: string]: unknown
}

/** What the vendor documents of them is checked; others go in as they are. */
export const scopedOptions = anyObject
  .superRefine((given, context) => {
    const known = z.looseObject({
      filters: filters.optional(),
      allowed_operations: z.array(z.enum(['read', 'write'])).optional(),
    })
    for (const { message, path } of known.safeParse(given).error?.issues ?? []) {
      context.addIssue({ code: 'custom', message, path, input: given })
    }
  })
  .transform((given) => given as ScopedKeyOptions)

const forEncryption = z.object({
  masterKey: z.string(),
  options: scopedOptions,
  iv: z.custom<Uint8Array>((given) => given instanceof Uint8Array, 'an iv is bytes'),
})
const forDecryption = z.object({ masterKey: z.string(), scopedKey: z.string() })

/** A master key of so many characters is 32 bytes in hexadecimal; all others are texts of old. */
const newLength = 64
const ivBytes = 16
const keyBytes = 32
const newBlock = 16
/** The first clients filled up to the length of the key, not of the cipher's block. */
const oldBlock = 32

/** A scoped key as lower-case hexadecimal. Throws UsageError for options that the vendor could not use. `iv` is 16 bytes as they come from a source of chance, unless a test gives them. */
export function encryptScopedKey(masterKey: string, options: ScopedKeyOptions, iv: Uint8Array = randomBytes(ivBytes)): string {
  const { options: checked } = checkedBy('Keen encryptScopedKey', forEncryption, { masterKey, options, iv })
  if (iv.length !== ivBytes) throw new UsageError(`an iv has ${ivBytes} bytes, and this one ${iv.length}`)
  const cipher = createCipheriv('aes-256-cbc', cipherKey(masterKey), iv).setAutoPadding(false)
  const text = padded(Buffer.from(JSON.stringify(checked), 'utf8'), masterKey.length === newLength ? newBlock : oldBlock)
  return Buffer.concat([iv, cipher.update(text), cipher.final()]).toString('hex')
}

/**
 * The options of a scoped key that any of the vendor's clients made, in either case of hexadecimal. Throws CredentialError
 * where the master key is another one; the message holds neither.
 */
export function decryptScopedKey(masterKey: string, scopedKey: string): ScopedKeyOptions {
  checkedBy('Keen decryptScopedKey', forDecryption, { masterKey, scopedKey })
  const bytes = Buffer.from(scopedKey.trim(), 'hex')
  const isHex = /^(?:[0-9a-f]{2})+$/i.test(scopedKey.trim())
  if (!isHex || bytes.length <= ivBytes || bytes.length % newBlock !== 0) {
    throw new UsageError('that is no scoped key: one is hexadecimal, in whole blocks of 16 bytes')
  }
  const cipher = createDecipheriv('aes-256-cbc', cipherKey(masterKey), bytes.subarray(0, ivBytes)).setAutoPadding(false)
  const text = unpadded(Buffer.concat([cipher.update(bytes.subarray(ivBytes)), cipher.final()]))
  const options = optionsIn(text)
  if (options !== undefined) return options
  throw new CredentialError('the scoped key was not made with that master key', {
    remedy: 'take the master key of the project that it was made for',
  })
}

function cipherKey(masterKey: string): Buffer {
  if (masterKey.length === newLength) {
    if (/^[0-9a-f]+$/i.test(masterKey)) return Buffer.from(masterKey, 'hex')
    throw new UsageError('a master key of 64 characters is hexadecimal')
  }
  const bytes = Buffer.from(masterKey, 'utf8')
  const key = bytes.length > 0 && bytes.length % keyBytes === 0 ? bytes : padded(bytes, keyBytes)
  if (key.length === keyBytes && bytes.length > 0) return key
  throw new UsageError('a master key has 64 characters of hexadecimal, or up to 32 of any kind')
}

/** Always filled up, as PKCS7 has it: each byte that is added says how many there are. */
function padded(bytes: Buffer, block: number): Buffer {
  const count = block - (bytes.length % block)
  return Buffer.concat([bytes, Buffer.alloc(count, count)])
}

/** Some clients add nothing to what fills its blocks, and one fills up to 32, which no library takes away by itself. */
function unpadded(bytes: Buffer): Buffer {
  const count = bytes.at(-1) ?? 0
  const tail = bytes.subarray(-count)
  const isPadding = count >= 1 && count <= oldBlock && tail.length === count && tail.every((byte) => byte === count)
  return isPadding ? bytes.subarray(0, -count) : bytes
}

function optionsIn(bytes: Buffer): ScopedKeyOptions | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return isObject(value) ? (value as ScopedKeyOptions) : undefined
  } catch (error) {
    // What another key makes of it is no text, or no JSON.
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}
