import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mistakesOf, right } from './written.ts'

const example = readFileSync(join(import.meta.dirname, '..', '..', '..', 'broadsheet.yaml'), 'utf8')
const signs = fc.constantFrom(
  ...'{}[]:,#&*!|>\'"%@` \n\t-?0x',
  '<<: ',
  ': ',
  ' #',
  '- ',
  '*a',
  '&a ',
  '1,000',
  '0123',
  '\n  ',
  '__proto__: ',
  'null',
  '🎉',
)

// mistakesOf rethrows whatever is not a ProjectError.
test('whatever is typed into a right file, it is right or has mistakes with places, and nothing else happens', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(right, example),
      fc.array(fc.tuple(fc.nat({ max: 10_000 }), fc.nat({ max: 6 }), signs), { minLength: 1, maxLength: 3 }),
      (text, edits) => {
        const edited = edits.reduce((before, [at, drop, sign]) => {
          const from = at % before.length
          return before.slice(0, from) + sign + before.slice(from + drop)
        }, text)
        const lines = edited.split('\n')
        for (const mistake of mistakesOf(edited)) {
          const [, line, column] = /^(\d+):(\d+): \S/.exec(mistake) ?? []
          expect(Number(line)).toBeLessThanOrEqual(lines.length)
          expect(Number(column)).toBeLessThanOrEqual((lines[Number(line) - 1]?.length ?? 0) + 1)
          expect(mistake).not.toMatch(/unworded|undefined|\[object|\uE000/)
        }
      },
    ),
    { numRuns: Number(process.env['FUZZ'] ?? 150) },
  )
})
