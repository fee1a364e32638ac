import type { Table as GlueTable, TableInput } from '@aws-sdk/client-glue'
import { CreateTableCommand, DeleteTableCommand, GetTableCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue'
import { CredentialError, RefusedError, UnavailableError } from '../lib/errors.ts'
import type { Catalogue, KeptTable } from '../lib/export/catalogue.ts'
import { hiveFormats } from '../lib/export/ddl.ts'
import type { Column, Table } from '../lib/export/tables.ts'

/** Milliseconds: an invocation that is nearly over has no more. */
const patience = { connectionTimeout: 2000, requestTimeout: 5000 }

/** The tables of one database of Glue's Data Catalog, in the account and region that this runs in. */
export function glueCatalogue(
  database: string,
  client: GlueClient = new GlueClient({ maxAttempts: 3, requestHandler: patience }),
): Catalogue {
  /** Undefined for an answer that is among `expected`. */
  async function send<Answer>(
    name: string,
    expected: readonly string[],
    work: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Error && expected.includes(error.name)) return undefined
      throw failureOfGlue(`${database}.${name}`, error)
    }
  }
  return {
    async read(name) {
      const command = new GetTableCommand({ DatabaseName: database, Name: name })
      const answer = await send(name, ['EntityNotFoundException'], () => client.send(command))
      return answer?.Table === undefined ? undefined : tableFrom(answer.Table)
    },
    async write(table, over) {
      const input = { DatabaseName: database, TableInput: inputOf(table) }
      if (over === undefined) {
        const create = new CreateTableCommand(input)
        return (await send(table.name, ['AlreadyExistsException'], () => client.send(create))) !== undefined
      }
      // Without an archive: Glue keeps 100,000 versions of a table, and nobody asks for an old one.
      const update = new UpdateTableCommand({ ...input, VersionId: over.version, SkipArchive: true })
      const expected = ['ConcurrentModificationException', 'EntityNotFoundException']
      return (await send(table.name, expected, () => client.send(update))) !== undefined
    },
    async remove(name) {
      const command = new DeleteTableCommand({ DatabaseName: database, Name: name })
      await send(name, ['EntityNotFoundException'], () => client.send(command))
    },
  }
}

function inputOf({ name, about, location, format, columns, partitions, reading, parameters }: Table): TableInput {
  const { input, output, serde } = hiveFormats[format]
  return {
    Name: name,
    Description: about,
    TableType: 'EXTERNAL_TABLE',
    // Athena wants the list, empty or not.
    PartitionKeys: partitions.map(columnInput),
    Parameters: { EXTERNAL: 'TRUE', classification: format, ...parameters },
    StorageDescriptor: {
      Location: location,
      Columns: columns.map(columnInput),
      InputFormat: input,
      OutputFormat: output,
      SerdeInfo: { SerializationLibrary: serde, Parameters: { 'serialization.format': '1', ...reading } },
    },
  }
}

function columnInput({ name, type, comment }: Column) {
  return { Name: name, Type: type, ...(comment === undefined ? {} : { Comment: comment }) }
}

function tableFrom({ Name, Description, StorageDescriptor, PartitionKeys, Parameters, VersionId }: GlueTable): KeptTable {
  const { Location = '', Columns = [], SerdeInfo } = StorageDescriptor ?? {}
  const columns = (all: typeof Columns): Column[] =>
    all.map((one) => ({
      name: one.Name ?? '',
      type: one.Type ?? '',
      ...(one.Comment === undefined ? {} : { comment: one.Comment }),
    }))
  const format = (['parquet', 'json'] as const).find((one) => hiveFormats[one].serde === SerdeInfo?.SerializationLibrary)
  return {
    name: Name ?? '',
    about: Description ?? '',
    location: Location,
    format: format ?? 'other',
    columns: columns(Columns),
    partitions: columns(PartitionKeys ?? []),
    reading: SerdeInfo?.Parameters ?? {},
    parameters: Parameters ?? {},
    version: VersionId,
  }
}

const unsigned = new Set([
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'CredentialsProviderError',
])
const passing = new Set([
  'ThrottlingException',
  'InternalServiceException',
  'OperationTimeoutException',
  'ResourceNotReadyException',
])

/** Glue's own words, sorted by who must act. */
function failureOfGlue(table: string, error: unknown): Error {
  if (!(error instanceof Error)) return new TypeError('not an error', { cause: error })
  const { name, message } = error
  const about = `Glue's table ${table}`
  if (name === 'AccessDeniedException') {
    return new CredentialError(`${about} may not be kept: ${message}`, {
      remedy:
        'deploy the stack anew; where Lake Formation decides, grant the function’s role CREATE_TABLE, ALTER, DROP and DESCRIBE on the database',
      cause: error,
    })
  }
  if (unsigned.has(name)) return new CredentialError(`${about} cannot be asked for: ${name}`, { cause: error })
  if (name === 'EntityNotFoundException') {
    return new RefusedError(`${about} has no database`, { remedy: 'deploy the stack anew, which makes it', cause: error })
  }
  const isRefused = '$fault' in error && error.$fault === 'client' && !passing.has(name)
  if (isRefused) return new RefusedError(`${about} is refused: ${name}: ${message}`, { cause: error })
  return new UnavailableError(`${about} could not be reached: ${message}`, {
    remedy: 'it is tried again at the next export',
    cause: error,
  })
}
