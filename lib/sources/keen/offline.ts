import * as z from 'zod'
import { checkedBy } from '../call.ts'
import type { CallWords } from '../source.ts'
import { oneEvent } from './calls/events.ts'
import { text } from './calls/parameters.ts'
import type { KeyKind, WithKey } from './keys.ts'
import type { ScopedKeyOptions } from './scoped-key.ts'
import { decryptScopedKey, encryptScopedKey, scopedOptions } from './scoped-key.ts'

/** What is made with one of the source's keys and sent nowhere. */

const forEncryption = z.strictObject({ options: scopedOptions })
const forDecryption = z.strictObject({ scoped_key: text })

/** What `broadsheet call` says of them. */
export const offlineCalls = {
  generateImageBeacon: {
    about: 'the address of a picture that sends an event when it is shown; the write key stands in it',
    parameters: oneEvent,
  },
  encryptScopedKey: {
    about: "a key that may do what its options say, made with the source's master key",
    also: ['scoped_keys.encrypt'],
    parameters: forEncryption,
  },
  decryptScopedKey: {
    about: "the options of a scoped key that was made with the source's master key",
    also: ['scoped_keys.decrypt'],
    parameters: forDecryption,
  },
} as const satisfies Record<string, CallWords>

export interface Offline {
  /** The address of a picture that sends an event when it is shown. The write key stands in it: it is for pages, not for logs. */
  generateImageBeacon(parameters: z.input<typeof oneEvent>): Promise<string>
  /** See `encryptScopedKey` of this module, which takes the master key itself. */
  encryptScopedKey(parameters: z.input<typeof forEncryption>): Promise<string>
  /** See `decryptScopedKey` of this module, which takes the master key itself. */
  decryptScopedKey(parameters: z.input<typeof forDecryption>): Promise<ScopedKeyOptions>
}

export function offlineOf(keys: (kind: KeyKind) => WithKey, base: () => Promise<string>): Offline {
  return {
    async generateImageBeacon(parameters) {
      const { event_collection, event_body } = checkedBy('Keen generateImageBeacon', oneEvent, parameters)
      const data = Buffer.from(JSON.stringify(event_body), 'utf8').toString('base64')
      const place = `${await base()}/events/${encodeURIComponent(event_collection)}`
      return keys('write')(async (key) => `${place}?api_key=${encodeURIComponent(key)}&data=${encodeURIComponent(data)}`)
    },
    async encryptScopedKey(parameters) {
      const { options } = checkedBy('Keen encryptScopedKey', forEncryption, parameters)
      return keys('master')(async (key) => encryptScopedKey(key, options))
    },
    async decryptScopedKey(parameters) {
      const { scoped_key } = checkedBy('Keen decryptScopedKey', forDecryption, parameters)
      return keys('master')(async (key) => decryptScopedKey(key, scoped_key))
    },
  }
}
