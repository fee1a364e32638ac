import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { ownerInWords, ownerOfThisProcess } from '../../../lib/store/owner.ts'

test.each([
  [ownerOfThisProcess(), `process ${process.pid}`],
  ['web-1+3b0c5f6e9a21+4026531836/812/90417-5d0f9c3e7a1b', 'process 812 on web-1'],
  [`${hostname()}+000000000000+1/812/-5d0f9c3e7a1b`, `process 812 on ${hostname()}`],
  ['8f1c2d34-aaaa-bbbb-cccc-0123456789ab', '8f1c2d34-aaaa-bbbb-cccc-0123456789ab'],
  ['ann', 'ann'],
])('%s is called %s', (owner, words) => {
  expect(ownerInWords(owner)).toBe(words)
})
