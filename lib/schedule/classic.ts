const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const nicknames = new Map(
  Object.entries({
    '@hourly': '0 * * * *',
    '@daily': '0 0 * * *',
    '@midnight': '0 0 * * *',
    '@weekly': '0 0 * * 0',
    '@monthly': '0 0 1 * *',
    '@yearly': '0 0 1 1 *',
    '@annually': '0 0 1 1 *',
  }),
)

/**
 * What EventBridge would take for cron's classic five fields (`0 8 * * 1`, where 0 and 7 are Sunday), or for its own six
 * without `cron(…)` around them; undefined where it has no way to say the same in one expression.
 */
export function sixFields(text: string): string | undefined {
  const parts = (nicknames.get(text) ?? text).split(/\s+/)
  if (parts.length === 6) return `cron(${parts.join(' ')})`
  if (parts.length !== 5) return undefined
  const [minute, hour, date, month, weekday] = parts as [string, string, string, string, string]
  const time = `${minute} ${hour}`
  if (weekday === '*' || weekday === '?') return `cron(${time} ${date === '?' ? '*' : date} ${month.toUpperCase()} ? *)`
  // With both days given, classic cron runs on either; EventBridge cannot.
  if (date !== '*' && date !== '?') return undefined
  const named = weekday.toUpperCase().replace(/\d+/g, (number) => weekdays[Number(number) % 7] ?? number)
  return `cron(${time} ? ${month.toUpperCase()} ${named} *)`
}
