import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Architecture } from 'aws-cdk-lib/aws-lambda'
import { UsageError } from '../lib/errors.ts'

const platforms = new Map([
  [Architecture.ARM_64.name, 'arm64'],
  [Architecture.X86_64.name, 'x64'],
])

/** The architecture of Lambda that DuckDB's native part is installed for, ARM64 first; ARM64 where it is for neither. */
export function nativeArchitecture(): Architecture {
  const here = [Architecture.ARM_64, Architecture.X86_64].find((architecture) => existsSync(nativeFolder(architecture).folder))
  return here ?? Architecture.ARM_64
}

/**
 * What a function needs beside its code to use DuckDB, as folders of this machine by the place that they get. Nothing is
 * fetched: throws UsageError that says how to install what is not here.
 */
export function nativeFolders(architecture: Architecture): Readonly<Record<string, string>> {
  const { name, version, folder } = nativeFolder(architecture)
  if (!existsSync(folder)) {
    const cpu = platforms.get(architecture.name)
    throw new UsageError(`an export makes Parquet on linux-${cpu}, and ${name} is not installed`, {
      // npm holds one platform at a time: without --force it takes away this machine's parts, esbuild's among them.
      remedy: `run \`npm install --no-save --force ${name}@${version}\`, which adds it to what is here (\`npm ci --os=linux --cpu=${cpu}\` puts it in the place of this machine's own, for a deploy from such a machine), or choose the other architecture`,
    })
  }
  const { api, bindings } = packages()
  return {
    'node_modules/@duckdb/node-api': api,
    'node_modules/@duckdb/node-bindings': bindings,
    [`node_modules/${name}`]: folder,
  }
}

interface Native {
  readonly name: string
  readonly version: string
  /** Where it would be. */
  readonly folder: string
}

function nativeFolder(architecture: Architecture): Native {
  const platform = platforms.get(architecture.name)
  if (platform === undefined) throw new UsageError(`DuckDB has no native part for ${architecture.name}`)
  const { bindings, version } = packages()
  const name = `@duckdb/node-bindings-linux-${platform}`
  return { name, version, folder: join(dirname(bindings), name.slice('@duckdb/'.length)) }
}

/** Where npm put the packages that are the same on all platforms; each is found from the one that asks for it. */
function packages(): { readonly api: string; readonly bindings: string; readonly version: string } {
  const api = dirname(createRequire(import.meta.url).resolve('@duckdb/node-api/package.json'))
  const words = createRequire(join(api, 'package.json')).resolve('@duckdb/node-bindings/package.json')
  const { version } = JSON.parse(readFileSync(words, 'utf8')) as { version: string }
  return { api, bindings: dirname(words), version }
}
