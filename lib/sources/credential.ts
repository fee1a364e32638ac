import { CredentialError } from '../errors.ts'

/**
 * Makes a call with what `ready` makes of the credential. `ready` sends nothing: a CredentialError that it throws is none of
 * the vendor's, so that nothing is read again for it.
 */
export type WithCredential<Own> = <Ready, Out>(
  ready: (own: Own) => Ready,
  attempt: (ready: Ready) => Promise<Out>,
) => Promise<Out>

/**
 * Reads a credential once for all who ask at a time, and once more where the vendor does not know it: it may have been
 * replaced. `again` asks past any cache; `first` is told of it once, before it is first used.
 */
export function credentialKeeper<Own>(options: {
  readonly read: (again: boolean) => Promise<Own>
  readonly first?: (own: Own) => void
}): WithCredential<Own> {
  let kept: Promise<Own> | undefined
  let told = false

  function read(again: boolean): Promise<Own> {
    const reading = options.read(again)
    kept = reading
    reading.catch(() => {
      // A failed reading is forgotten.
      if (kept === reading) kept = undefined
    })
    return reading
  }

  return async (ready, attempt) => {
    const used = kept ?? read(false)
    const own = await used
    if (!told) options.first?.(own)
    told = true
    const made = ready(own)
    try {
      return await attempt(made)
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error
      // Whoever meets that first reads it again for all.
      const fresh = await (kept === used || kept === undefined ? read(true) : kept)
      if (JSON.stringify(fresh) === JSON.stringify(own)) throw error
      return attempt(ready(fresh))
    }
  }
}

/** What a credential says as JSON; undefined where it is none. A message of JSON.parse quotes the text, and it is a secret. */
export function jsonInSecret(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
