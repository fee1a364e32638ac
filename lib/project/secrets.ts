import { credentialReference } from '../sources/reference.ts'
import type { Finding, Path, Tree } from './tree.ts'

/** Keys under which people write secrets. */
const secretWord =
  /^(?:.*[-_])?(?:secret|password|passwd|passphrase|pwd|token|(?:api|access|private|signing|master|read|write)[-_]?key|apikey|authorization)(?:[-_].*)?$/i
const secretLine = /(?:secret|passw|passphrase|pwd|token|key|credential|authorization)\w*["']?\s*:/i
const addressWithPassword = /:\/\/[^/\s@]*:[^/\s@]*@/

const remedy =
  'keep it in AWS and refer to it: `credentials: ssm:/broadsheet/name` or `secretsmanager:name`, on a laptop `env:NAME`'

/** Whether a value must not be shown, because of the key it stands under. */
export function isSecret(path: Path): boolean {
  return path.some((part) => typeof part === 'string' && (part === 'credentials' || secretWord.test(part)))
}

/** Whether the line of an offset, up to there, could hold a secret; for texts that were not understood. */
export function isSecretLine(text: string, at: number): boolean {
  return secretLine.test(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))
}

/** Secrets that stand in the file itself, wherever that is. What they are is never said. */
export function secretFindings(tree: Tree): Finding[] {
  const findings: Finding[] = []
  const visit = (value: unknown, path: Path) => {
    if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, Array.isArray(value) ? Number(key) : key])
      return
    }
    const entry = tree.entry(path)
    if (entry === undefined || value === null || value === '') return
    const [name, above] = [path.at(-1), path.at(-2)]
    const from = entry.at
    if (name === 'credentials') {
      if (typeof value === 'string' && credentialReference.test(value)) return
      findings.push({ from, message: '`credentials` is a reference to where a secret is kept, never the secret itself', remedy })
    } else if (typeof name === 'string' && secretWord.test(name) && above !== 'saved') {
      findings.push({ from: entry.key ?? from, message: `\`${name}\` looks like a secret, and this file holds none`, remedy })
    } else if (typeof value === 'string' && addressWithPassword.test(value)) {
      findings.push({ from, message: 'an address with a password in it is a secret, and this file holds none', remedy })
    }
  }
  visit(tree.value, [])
  return findings
}
