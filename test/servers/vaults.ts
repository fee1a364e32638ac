import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** Parameters and secrets on loopback: as much of SSM and Secrets Manager as reading one takes. */
export interface VaultsServer {
  readonly url: string
  /** Names that were asked for, in order. */
  readonly reads: readonly string[]
  /** A parameter of this name, and a secret of the same. */
  put(name: string, value: string): void
  close(): Promise<void>
}

interface Request {
  readonly Name?: string
  readonly WithDecryption?: boolean
  readonly SecretId?: string
}

export async function startVaults(): Promise<VaultsServer> {
  const values = new Map<string, string>()
  const reads: string[] = []
  const server = createServer(async (request, response) => {
    const asked = (await json(request)) as Request
    const name = asked.Name ?? asked.SecretId ?? ''
    reads.push(name)
    const answer = answerTo(String(request.headers['x-amz-target']), asked, values.get(name))
    response.writeHead('__type' in answer ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reads,
    put: (name, value) => void values.set(name, value),
    close: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** A SecureString that is read without decryption comes as its ciphertext, as from AWS. */
function answerTo(target: string, asked: Request, value: string | undefined): object {
  switch (target) {
    case 'AmazonSSM.GetParameter':
      if (value === undefined) return { __type: 'ParameterNotFound' }
      return {
        Parameter: {
          Name: asked.Name,
          Type: 'SecureString',
          Value: asked.WithDecryption === true ? value : 'AQICAHh',
          Version: 1,
        },
      }
    case 'secretsmanager.GetSecretValue':
      return value === undefined ? { __type: 'ResourceNotFoundException' } : { Name: asked.SecretId, SecretString: value }
    default:
      return { __type: 'UnknownOperationException' }
  }
}
