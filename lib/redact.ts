/**
 * The text with each secret, and the forms a secret takes on its way (base64, URL and JSON escapes), replaced by `…`.
 * Secrets of less than 4 characters are left alone: they would be found everywhere.
 */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 4)
    .flatMap(formsOf)
    .sort((a, b) => b.length - a.length)
    .reduce((clean, form) => (clean.includes(form) ? clean.replaceAll(form, '…') : clean), text)
}

/** The same for whatever JSON holds: texts, keys, and numbers that are a secret. */
export function redactJson(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return redact(value, secrets)
  if (typeof value === 'number') {
    const clean = redact(String(value), secrets)
    return clean === String(value) ? value : clean
  }
  if (Array.isArray(value)) return value.map((one) => redactJson(one, secrets))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [redact(key, secrets), redactJson(one, secrets)]))
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8')
  const base64 = bytes.toString('base64')
  const url = encodeURIComponent(secret)
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    url,
    url.replaceAll('%20', '+'),
    base64.replace(/=+$/, ''),
    bytes.toString('base64url'),
    encodeURIComponent(base64),
  ]
}
