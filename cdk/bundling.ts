import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { AssetHashType, DockerImage } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { buildSync } from 'esbuild'

const root = resolve(import.meta.dirname, '..')

/**
 * A function's code as one ES module, `<entry>.mjs`, with its source map and the files it reads beside it. Bundled by
 * esbuild in this process: no Docker, no shell, no network, and no bundling at all for stacks that CDK does not need
 * to bundle (`aws:cdk:bundling-stacks`). `files` are absolute paths by the name they get, `folders` are those of packages
 * that no bundle can hold.
 */
export function bundledCode(
  entry: string,
  files: Readonly<Record<string, string>>,
  folders: Readonly<Record<string, string>> = {},
): Code {
  return Code.fromAsset(join(root, 'functions'), {
    // What comes out counts: the same bytes are not uploaded again, wherever the checkout lies.
    assetHashType: AssetHashType.OUTPUT,
    // CDK takes two assets of one folder for the same, whatever is bundled; a pattern that excludes nothing tells them apart.
    exclude: [
      createHash('sha256')
        .update(JSON.stringify([entry, files, folders]))
        .digest('hex'),
    ],
    bundling: {
      // CDK wants an image to fall back to; tryBundle either succeeds or throws.
      image: DockerImage.fromRegistry('unused'),
      local: {
        tryBundle(folder: string): boolean {
          bundle(entry, folder)
          for (const [name, path] of Object.entries(files)) copyFileSync(path, join(folder, name))
          for (const [name, path] of Object.entries(folders)) copyPackage(path, join(folder, name))
          return true
        },
      },
    },
  })
}

/** What runs of a package, and its licence; some package managers keep links where it should be. */
function copyPackage(from: string, to: string): void {
  cpSync(from, to, { recursive: true, dereference: true, filter: (path) => !/\.(?:d\.ts|map|md)$/.test(path) })
}

function bundle(entry: string, folder: string): void {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: [join(root, 'functions', `${entry}.ts`)],
    // Paths in the source map are relative to the output; written elsewhere afterwards, they say nothing of this machine.
    outdir: join(root, 'functions'),
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    // The names of our errors are what Lambda reports as errorType.
    keepNames: true,
    sourcemap: 'external',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    // DuckDB's native part is no JavaScript. It goes beside the code of what makes Parquet, and nowhere else.
    external: ['@duckdb/*'],
    // Bundled CommonJS asks for Node's own modules by require, which ES modules do not have.
    banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
  })
  for (const file of outputFiles) writeFileSync(join(folder, basename(file.path)), file.contents)
}
