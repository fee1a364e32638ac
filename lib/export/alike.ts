import type { BroadsheetError } from '../errors.ts'
import type { ExportWindow } from './windows.ts'

/** So many windows in a row that fail in the same way are no accident of theirs: the next one would fail so, too. */
const mostAlike = 3

/** Counts windows that fail one after the other in the same way, each of which is a call of the vendor's that is used up. */
export interface FailuresAlike {
  /** A window failed; true where it is the last of so many that asking for others makes no sense now. */
  failed(error: BroadsheetError, window: ExportWindow): boolean
  /** A window ended in another way. */
  otherwise(): void
}

export function failuresAlike(): FailuresAlike {
  let last: string | undefined
  let many = 0
  return {
    failed(error, window) {
      const own = saying(error, window)
      many = own === last ? many + 1 : 1
      last = own
      return many >= mostAlike
    },
    otherwise() {
      last = undefined
      many = 0
    },
  }
}

/** What an error says of any window: vendors' words hold its dates, and its times in seconds or milliseconds. */
function saying({ kind, message }: BroadsheetError, { name, date }: ExportWindow): string {
  const words = message.replaceAll(name, '…').replaceAll(date, '…')
  return `${kind} ${words.replaceAll(/\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-][\d:]+)?)?|\b\d{9,}(?:\.\d+)?/g, '…')}`
}
