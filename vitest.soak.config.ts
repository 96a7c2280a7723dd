import { defineConfig } from 'vitest/config'

/** What `npm run test:soak` runs: the same comparisons as the tests, for as long as one likes. */
export default defineConfig({
  test: {
    include: ['test/soak/*.soak.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    testTimeout: 0,
    hookTimeout: 60_000,
  },
})
