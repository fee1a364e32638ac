import { BroadsheetError, failureOf, UnavailableError } from '../errors.ts'
import type { ExportEntry } from '../project/project.ts'
import { exportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { readNames } from './settled.ts'
import type { ExportTables, Table } from './tables.ts'
import { tableName, tablesOf, windowsTableName } from './tables.ts'

/** A table as the catalogue has it, with what tells it from a later one. */
export interface KeptTable extends Omit<Table, 'format'> {
  /** `other` is none that an export has. */
  readonly format: Table['format'] | 'other'
  readonly version: string | undefined
}

/** Where tables are told of: a database of Glue's. Its failures are of the family in `errors.ts`. */
export interface Catalogue {
  read(name: string): Promise<KeptTable | undefined>
  /** In the place of `over`, or as a new one; false where that is not what is there any more, and nothing is written. */
  write(table: Table, over: KeptTable | undefined): Promise<boolean>
  /** Nothing happens where there is none. */
  remove(name: string): Promise<void>
}

/** Why the catalogue is behind what is kept. */
export interface Late {
  readonly message: string
  readonly remedy?: string | undefined
}

/** The tables of one export. */
export interface TableKeeper {
  /**
   * Sees to it that the catalogue tells of all that is kept. Asks nobody where nothing has changed since it last did. A
   * failure is what it answers: what is kept stands, and the next call does what this one did not.
   */
  keep(): Promise<Late | undefined>
}

const mostTries = 8

/** Keeps an export's tables. Calls come one after the other, whoever makes them. */
export function tableKeeper(catalogue: Catalogue, entry: ExportEntry, store: Store): TableKeeper {
  const keys = exportKeys(entry.name)
  const wantedNow = async (): Promise<ExportTables> => tablesOf(entry, await readNames(store, keys), store)
  let told: string | undefined
  let line: Promise<unknown> = Promise.resolve()

  async function keepNow(): Promise<Late | undefined> {
    try {
      const wanted = JSON.stringify(await wantedNow())
      if (wanted === told) return undefined
      for (const which of ['rows', 'windows'] as const) await keepOne(which)
      told = wanted
      return undefined
    } catch (error) {
      if (!(error instanceof BroadsheetError)) throw error
      const { message, remedy } = failureOf(error)
      return { message, ...(remedy === undefined ? {} : { remedy }) }
    }
  }

  async function keepOne(which: 'rows' | 'windows'): Promise<void> {
    const name = which === 'rows' ? tableName(entry.name) : windowsTableName(entry.name)
    for (let tried = 1; tried <= mostTries; tried += 1) {
      const kept = await catalogue.read(name)
      // Names are read after the table: who wrote that knew none that are not here, and who writes later fails this write.
      const wanted = (await wantedNow())[which]
      if (wanted === undefined) return
      if (kept === undefined) {
        if (await catalogue.write(wanted, undefined)) return
      } else if (isAnother(kept, wanted)) {
        await catalogue.remove(name)
      } else {
        const next = grown(kept, wanted)
        if (next === undefined || (await catalogue.write(next, kept))) return
      }
    }
    throw new UnavailableError(`the table of ${entry.name} was changed by others each time that it was to be written`, {
      remedy: 'it is tried again at the next export',
    })
  }

  return {
    keep() {
      const mine = line.then(keepNow)
      line = mine.catch(() => {})
      return mine
    },
  }
}

/** After a `--rebuild`, or another `format`: what is there speaks of other files. */
function isAnother(kept: KeptTable, wanted: Table): boolean {
  const parts = (table: Pick<Table, 'partitions'>) => table.partitions.map(({ name }) => name).join()
  return kept.format !== wanted.format || parts(kept) !== parts(wanted)
}

/** What is there and what is new; columns keep their types, places and comments. Undefined where nothing is new. */
function grown(kept: KeptTable, wanted: Table): Table | undefined {
  const known = new Set(kept.columns.map(({ name }) => name.toLowerCase()))
  const columns = wanted.columns.filter(({ name }) => !known.has(name))
  const isTold =
    columns.length === 0 &&
    kept.location === wanted.location &&
    holds(kept.parameters, wanted.parameters) &&
    holds(kept.reading, wanted.reading)
  if (isTold) return undefined
  return {
    ...wanted,
    columns: [...kept.columns, ...columns],
    reading: { ...kept.reading, ...wanted.reading },
    parameters: { ...kept.parameters, ...wanted.parameters },
  }
}

function holds(all: Readonly<Record<string, string>>, some: Readonly<Record<string, string>>): boolean {
  return Object.entries(some).every(([name, value]) => all[name] === value)
}
