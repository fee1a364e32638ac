import { Logger } from '@aws-lambda-powertools/logger'
import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { BroadsheetError } from '../lib/errors.ts'
import { loadProject } from '../lib/project/load.ts'
import type { Project } from '../lib/project/project.ts'
import type { Source } from '../lib/sources/source.ts'
import { storeLedger } from '../lib/store/ledger.ts'
import { openStore } from '../lib/store/open.ts'
import type { Store } from '../lib/store/store.ts'
import { openSources } from './adapters.ts'
import { credentialReader } from './credentials.ts'
import { readEnvironment } from './environment.ts'
import type { Booking } from './next-call.ts'

/** The part of Powertools' logger that is used: each call is one line of JSON. */
export type Log = Record<'info' | 'warn' | 'error', (message: string, ...about: Record<string, unknown>[]) => void>

/** What every function of a deployed project stands on. */
export interface Deployed {
  readonly project: Project
  readonly store: Store
  readonly source: (name: string) => Source
  readonly clock: () => Date
  readonly booking: Omit<Booking, 'functionArn'>
  readonly log: Log
  /** The database of Glue that tables are kept in. */
  readonly database?: string | undefined
}

/** Built from the environment that the construct gives a function; `folder` is the handler's own. */
export function openDeployed(folder: string): Deployed {
  const environment = readEnvironment(folder)
  const log = new Logger({ serviceName: 'broadsheet' })
  const project = loadProject(environment.project)
  const clock = () => new Date()
  const store = openStore(environment.store)
  const { source } = openSources(project, {
    credential: credentialReader(),
    ledger: storeLedger(store, { clock }),
    warn: (sentence) => log.warn(sentence),
    trace: (line) => environment.verbose && log.info(line),
    clock,
  })
  return {
    project,
    store,
    source,
    clock,
    booking: {
      scheduler: new SchedulerClient({}),
      group: environment.scheduleGroup,
      roleArn: environment.schedulerRoleArn,
      deadLetterArn: environment.deadLetterArn,
    },
    log,
    database: environment.database,
  }
}

/**
 * A function whose container is opened at its first invocation, and again only if that failed. Lambda tells whoever
 * called the name and the message of an error, so the remedy is put into it.
 */
export function lambdaHandler<Container, Context, Reply>(
  open: () => Promise<Container>,
  work: (container: Container, event: unknown, context: Context) => Promise<Reply>,
): (event: unknown, context: Context) => Promise<Reply> {
  let container: Promise<Container> | undefined
  return async (event, context) => {
    try {
      container ??= open()
      const opened = await container.catch((error: unknown) => {
        container = undefined
        throw error
      })
      return await work(opened, event, context)
    } catch (error) {
      if (error instanceof BroadsheetError && error.remedy !== undefined) error.message += `; ${error.remedy}`
      throw error
    }
  }
}
