import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BroadsheetError } from '../../../lib/errors.ts'
import { converter } from '../../../lib/export/convert.ts'
import { settle } from '../../../lib/export/settled.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import { exportingIn, keys, monday } from './exporting.ts'
import { long, wide } from './full-disk-lines.ts'

/** Exports one window and tells how that ended: `node full-disk.ts <store> <scratch> <formats> wide|long`. */
const [folder = '', scratch = '', formats = '', kind = ''] = process.argv.slice(2)
mkdirSync(join(scratch), { recursive: true })
const store = openFolder(folder)
await settle(store, keys, { every: 'day', zone: 'UTC', definition: 'a'.repeat(64) }, false)
const exporting = await exportingIn(
  store,
  { lines: kind === 'wide' ? wide(4000) : long(3000) },
  {
    scratch,
    formats: formats.split(',') as ('json' | 'parquet')[],
    convert: converter({ store, keys }, { data: 'events', schema: 'mono', drop: undefined }),
  },
)
const told = await exportWindow(exporting, monday).then(
  ({ state }) => ({ state }),
  (error: unknown) => {
    if (!(error instanceof BroadsheetError)) throw error
    return { kind: error.kind, message: error.message, remedy: error.remedy }
  },
)
process.stdout.write(JSON.stringify(told))
