import { defineConfig } from 'vitest/config'

const root = new URL('..', import.meta.url).pathname

// Suites named *.real.test.ts need servers that npm does not have; .ci/run starts those.
export default defineConfig({
  root: decodeURIComponent(root),
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    exclude: process.env['REAL_SERVERS'] === undefined ? ['test/**/*.real.test.ts'] : [],
    // Generous: two cores, and property tests beside suites that start servers.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
