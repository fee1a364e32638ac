import { RefusedError } from '../lib/errors.ts'
import type { Convert } from '../lib/export/window.ts'
import type { ExportEntry } from '../lib/project/project.ts'
import type { ExportKeys } from '../lib/store/keys.ts'
import type { Store } from '../lib/store/store.ts'

/** What makes Parquet of an export's windows. */
export function converter(_store: Store, _keys: ExportKeys, { name }: ExportEntry): Convert {
  return async () => {
    throw new RefusedError(`export ${name} asks for Parquet, which is not built yet`, { remedy: 'write `format: [json]`' })
  }
}
