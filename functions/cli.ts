#!/usr/bin/env -S node --max-semi-space-size=4
import { enableCompileCache } from 'node:module'
import { resolve } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { BroadsheetError, failureOf, ProjectError, printMistake, UsageError, WaitError } from '../lib/errors.ts'
import { readVariable } from './environment.ts'
import { outliveReader } from './stdout.ts'
import { untilWords } from './until.ts'

// Node keeps what it made of the sources: commands start in half the time from then on. The flag above: whoever takes
// bytes in and hands them on leaves little garbage and much memory beyond the heap, which V8 sees to with the garbage
// alone; 4 MB of it at a time, instead of 16, is an export with 164 MB instead of 240, and a fifth less CPU.
enableCompileCache()

/**
 * The command line. Exit 0: done; 1: it ran and something in it failed; 2: the command or the project file is wrong and
 * nothing was done; 130: interrupted, resumable. What was asked for goes to stdout, everything else to stderr.
 */
const program = new Command('broadsheet')
  .description('Product-analytics questions on a schedule: every answer kept, and a mail that says what moved.')
  .exitOverride()
  .configureHelp({ sortSubcommands: false })
  .showHelpAfterError('(broadsheet help shows the commands)')

const sqlHelp = `
Each export is a table by its name (select event, count(*) from events group by all), and with schema: multi each of its
events one, too (events."sign-up"). Events have event, distinct_id, time (UTC), insert_id, a column of text for each
property, _strings, and date, which is that of the window; snapshots have snapshot. A name that SQL does not take as it
is stands in quotes: "$browser", "my-export". Only what complete manifests name is read; nothing can be written.`

/** A path as the person meant it who typed it: npm runs scripts in the package's folder, and says where it was called. */
function whereTyped(path: string): string {
  const typedIn = readVariable('npm_lifecycle_event') === undefined ? undefined : readVariable('INIT_CWD')
  return path.includes('://') ? path : resolve(typedIn ?? '', path)
}

/** Where the project and its results are. */
function placed(command: Command): Command {
  return command
    .option('--project <file or folder>', 'the project file, or the folder that holds broadsheet.yaml', whereTyped, '.')
    .option(
      '--store <address>',
      'where results are kept: a folder or s3://bucket/prefix (default: .broadsheet beside the project file)',
      whereTyped,
    )
}

/** The options that every command takes. */
function everywhere(command: Command): Command {
  return placed(command)
    .option('--json', 'one JSON document on stdout, and no progress')
    .option('--verbose', 'each call to a vendor on stderr: method, path, status, milliseconds')
}

everywhere(program.command('check'))
  .description('validate the project file and show what was understood')
  .option('--online', 'ask the vendors whether the events, properties and saved funnels that are named exist')
  .action(async (options) => {
    const { check } = await import('./cli-check.ts')
    process.exitCode = await check(options)
  })

everywhere(program.command('run').argument('[report]', 'one report; every report unless named'))
  .description('one run of a report: ask, keep, and write the mail')
  .option('--at <instant>', 'the scheduled instant, such as 2026-11-16T08:00 in the report’s zone (default: the latest)')
  .option('--send', 'mail it to the report’s readers, once')
  .addOption(new Option('--to <address>', 'mail it to this person alone').conflicts('send'))
  .option('--dry-run', 'show what would be asked, and do nothing')
  .option('--explain', 'show the requests or the SQL of each question')
  .option('--again', 'ask anew, beside the answers that are kept')
  .addOption(
    new Option('--sample', 'answer from made-up events; needs no account, sends nothing').conflicts(['send', 'to', 'again']),
  )
  .action(async (report: string | undefined, options) => {
    const { run } = await import('./cli-run.ts')
    process.exitCode = await run(report, options)
  })

everywhere(
  program
    .command('call')
    .argument('<source>', 'a source of the project file')
    .argument('[method]', 'one of the vendor’s calls; all are listed unless one is named')
    .argument('[parameters]', 'as JSON, or - to read them from stdin; they are listed unless given'),
)
  .description('any call of a source’s vendor: list them, show what one takes, make it')
  .action(async (source: string, method: string | undefined, parameters: string | undefined, options) => {
    const { call } = await import('./cli-call.ts')
    process.exitCode = await call(source, method, parameters, options)
  })

everywhere(program.command('export').argument('<name>', 'an export of the project file'))
  .description('copy what is due of an export into the store, window by window')
  .option('--from <day>', 'only windows from this day on; those that are kept are looked at again')
  .option('--to <day>', 'only windows before this day')
  .option('--resume', 'go on although it was canceled')
  .option(
    '--rebuild',
    'delete what is kept and begin anew; a changed length or zone of windows, source, events, where, drop or schema needs it',
  )
  .option('--cancel', 'begin no further window, here and elsewhere, until --resume')
  .option('--ddl', 'export nothing, and print the SQL that makes its tables in Athena')
  .action(async (name: string, options) => {
    const { cancelExport, exportNow, printDdl } = await import('./cli-export.ts')
    if (options.ddl === true) await printDdl(name, options)
    else if (options.cancel === true) await cancelExport(name, options)
    else process.exitCode = await exportNow(name, options)
  })

everywhere(program.command('status').argument('[export]', 'one export; every export unless named'))
  .description('how the windows of an export stand')
  .option('--state <state>', 'only windows in this state: pending, running, retried, failed, "timed out", canceled, succeeded')
  .option('--summary', 'only how many windows are in which state')
  .action(async (name: string | undefined, options) => {
    const { status } = await import('./cli-export.ts')
    process.exitCode = await status(name, options)
  })

everywhere(
  program
    .command('forget')
    .argument('<export>', 'an export of the project file')
    .argument('<file>', 'a file with one id on each line', whereTyped),
)
  .description('take people out of an export: every window that holds them, in every format, older versions too')
  .action(async (name: string, file: string, options) => {
    const { forget } = await import('./cli-export.ts')
    process.exitCode = await forget(name, file, options)
  })

placed(program.command('sql').argument('[select]', 'one select, or - to read it from stdin; the tables are listed unless given'))
  .description('SQL over what the exports of the project keep, with DuckDB on this machine')
  .option('--from <day>', 'only windows from this day on; of S3 no others are fetched')
  .option('--to <day>', 'only windows before this day')
  .addOption(new Option('--csv', 'all rows as CSV on stdout').conflicts('json'))
  .option('--json', 'all rows on stdout, one JSON object on each line')
  .option('--rows <count>', 'how many rows are shown without --csv and --json', '100')
  .addHelpText('after', sqlHelp)
  .action(async (select: string | undefined, options) => {
    const { sql } = await import('./cli-sql.ts')
    await sql(select, options)
  })

program
  .command('schema')
  .argument('<what>', 'project, result, manifest (of a run) or export-manifest')
  .description('print the JSON Schema of the project file, of results, or of the manifests of runs and exports')
  .action(async (what: string) => {
    const { printSchema } = await import('./cli-check.ts')
    printSchema(what)
  })

// What is kept stays; the same command goes on from there.
process.once('SIGINT', () => {
  process.stderr.write('\ninterrupted; run it again and it goes on\n')
  process.exit(130)
})

outliveReader(process.stdout)
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** Says what went wrong and who can mend it; a defect of ours is shown with its stack. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const json = process.argv.includes('--json')
  if (error instanceof ProjectError) {
    if (json) process.stdout.write(`${JSON.stringify({ error: 'project', mistakes: error.mistakes }, null, 2)}\n`)
    for (const mistake of error.mistakes) process.stderr.write(`${printMistake(mistake)}\n`)
    const count = error.mistakes.length
    process.stderr.write(`${count} mistake${count === 1 ? '' : 's'}; nothing was done\n`)
    return 2
  }
  const { kind, message, remedy } = failureOf(error)
  // Nobody is at work any more who would go on then.
  const until = error instanceof WaitError ? error.until : undefined
  if (json) process.stdout.write(`${JSON.stringify({ error: kind, message, until, remedy }, null, 2)}\n`)
  const again = until === undefined ? [] : [`possible again from ${untilWords(until, new Date())}`]
  process.stderr.write(`${[message, ...again, ...(remedy === undefined ? [] : [remedy])].join('; ')}\n`)
  if (!(error instanceof BroadsheetError) && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return error instanceof UsageError ? 2 : 1
}
