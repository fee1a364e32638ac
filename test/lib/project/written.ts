import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ProjectError } from '../../../lib/errors.ts'
import { loadProject } from '../../../lib/project/load.ts'
import type { Project } from '../../../lib/project/project.ts'

/** Loads a project file with this text, from a folder of its own. */
export function load(yaml: string | Uint8Array): Project {
  const folder = mkdtempSync(join(tmpdir(), 'project '))
  try {
    writeFileSync(join(folder, 'broadsheet.yaml'), yaml)
    return loadProject(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Every mistake of a project file as people read it, `line:column: what is wrong; what would be right`; empty for a right one. */
export function mistakesOf(yaml: string | Uint8Array): string[] {
  try {
    load(yaml)
    return []
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error
    return error.message.split('\n').map((line) => line.slice(line.indexOf('broadsheet.yaml:') + 'broadsheet.yaml:'.length))
  }
}

/** A right project of 18 lines, for tests to spoil. */
export const right = `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, credentials: ssm:/broadsheet/product }
  own: { kind: lake, events: ./events }
defaults:
  source: own
  email: { from: Reports <reports@example.com> }
reports:
  weekly:
    schedule: cron(0 8 ? * MON *)
    timeframe: previous_1_week
    queries:
      signups: { segmentation: { event: Sign Up } }
      active: { segmentation: { event: Open App } }
      path: { funnel: { steps: [Sign Up, Invite], within: 7 days } }
      rate: { ratio: { of: signups, to: active } }
    figures: [signups]
    email: { to: [growth@example.com] }
`

/** The right project with one text in it replaced; the text must be there. */
export function spoilt(from: string, to: string): string {
  if (!right.includes(from)) throw new Error(`"${from}" is not in the project`)
  return right.replace(from, () => to)
}
