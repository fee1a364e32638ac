import { closest } from '../closest.ts'
import type { VendorCall } from './call.ts'
import type { CallWords } from './source.ts'

/** What `broadsheet call` knows of a table of calls. Each goes by the vendor's own address, too. */
export function wordsOf(calls: Readonly<Record<string, Omit<VendorCall, 'answer'>>>): Record<string, CallWords> {
  const words = Object.entries(calls).map(([name, call]): [string, CallWords] => {
    const { about, parameters, formats, also = [], path, refusedIn } = call
    const address = path.replace(/\/\{\w+\}/g, '').slice(1)
    const more = { ...(formats === undefined ? {} : { formats }), ...(refusedIn === undefined ? {} : { refusedIn }) }
    return [name, { about, parameters, also: [...also, address], ...more }]
  })
  return Object.fromEntries(words)
}

/** The call that a name of the vendor's or of another client stands for, or that was most likely meant; undefined for none. */
export function meantCall(calls: Readonly<Record<string, CallWords>>, name: string): string | undefined {
  const names = new Map<string, string>()
  const learn = (other: string, call: string) => {
    const word = plain(other)
    // An address may be that of several calls.
    if (word !== '' && !names.has(word)) names.set(word, call)
  }
  for (const call of Object.keys(calls)) learn(call, call)
  for (const [call, { also = [] }] of Object.entries(calls)) for (const other of also) learn(other, call)
  const wanted = plain(name)
  return names.get(wanted) ?? names.get(closest(wanted, names.keys()) ?? '')
}

/** `events/top`, `events_top` and `eventsTop` are the same. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}
