import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { TableInput } from '@aws-sdk/client-glue'
import { GlueClient } from '@aws-sdk/client-glue'

/** A table as GetTable tells of it. */
export type GlueTable = TableInput & { readonly VersionId: string }

/**
 * Glue's Data Catalog on loopback, as far as the tables of one database go. Unlike moto it looks at the version that a table
 * is written over, and refuses what Glue refuses: names with capitals, columns that are there twice or have no name.
 */
export interface GlueServer {
  readonly url: string
  readonly client: GlueClient
  readonly tables: ReadonlyMap<string, GlueTable>
  /** `GetTable events`, in the order in which they came. */
  readonly calls: readonly string[]
  /** Asked before each call: a type of error that it gets instead of an answer. It may do what others would do meanwhile. */
  meanwhile(work: (call: string) => Promise<string | undefined>): void
  /** As a person would in the console. */
  put(table: TableInput): void
  close(): Promise<void>
}

interface Ask {
  readonly DatabaseName: string
  readonly Name?: string
  readonly VersionId?: string
  readonly SkipArchive?: boolean
  readonly TableInput?: TableInput
}

export async function startGlue(database: string): Promise<GlueServer> {
  const tables = new Map<string, GlueTable>()
  const calls: string[] = []
  let meanwhile: (call: string) => Promise<string | undefined> = async () => undefined
  const put = (input: TableInput) => {
    const name = input.Name ?? ''
    const version = Number(tables.get(name)?.VersionId ?? -1) + 1
    tables.set(name, { ...input, VersionId: String(version) })
  }

  /** The answer, or the type of an error. */
  function act(action: string, ask: Ask): object | string {
    const name = ask.TableInput?.Name ?? ask.Name ?? ''
    const found = tables.get(name)
    if (ask.DatabaseName !== database) return 'EntityNotFoundException'
    if (action === 'CreateTable' && found !== undefined) return 'AlreadyExistsException'
    if (action !== 'CreateTable' && found === undefined) return 'EntityNotFoundException'
    if (ask.TableInput !== undefined && !isTable(ask.TableInput)) return 'InvalidInputException'
    if (action === 'GetTable') return { Table: found }
    if (action === 'UpdateTable' && ask.SkipArchive !== true) return 'ResourceNumberLimitExceededException'
    if (action === 'UpdateTable' && ask.VersionId !== found?.VersionId) return 'ConcurrentModificationException'
    if (action === 'DeleteTable') tables.delete(name)
    else if (ask.TableInput !== undefined) put(ask.TableInput)
    return {}
  }

  const server = createServer(async (request, response) => {
    const action = actionOf(request)
    const ask = (await json(request)) as Ask
    const call = `${action} ${ask.TableInput?.Name ?? ask.Name}`
    calls.push(call)
    const answer = (await meanwhile(call)) ?? act(action, ask)
    const isError = typeof answer === 'string'
    response.writeHead(isError ? (answer === 'InternalServiceException' ? 500 : 400) : 200, {
      'content-type': 'application/x-amz-json-1.1',
    })
    response.end(JSON.stringify(isError ? { __type: answer, Message: `${call}: ${answer}` } : answer))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new GlueClient({ endpoint: url, region: 'eu-central-1', credentials, maxAttempts: 1 })
  return {
    url,
    client,
    tables,
    calls,
    meanwhile(work) {
      meanwhile = work
    },
    put,
    close: async () => {
      client.destroy()
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function actionOf(request: IncomingMessage): string {
  return String(request.headers['x-amz-target']).replace('AWSGlue.', '')
}

function isTable({ Name = '', StorageDescriptor, PartitionKeys }: TableInput): boolean {
  const columns = [...(StorageDescriptor?.Columns ?? []), ...(PartitionKeys ?? [])]
  const names = columns.map((column) => column.Name ?? '')
  const isName = (name: string) => name !== '' && Buffer.byteLength(name) <= 255 && !/\p{Cc}/u.test(name)
  const isComment = ({ Comment = '' }: { Comment?: string | undefined }) => Buffer.byteLength(Comment) <= 255
  const isSame = new Set(names.map((name) => name.toLowerCase())).size !== names.length
  return isName(Name) && Name === Name.toLowerCase() && names.every(isName) && columns.every(isComment) && !isSame
}
