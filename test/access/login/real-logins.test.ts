import { expect, test } from 'vitest'
import { compareGenerated } from '../../soak/login.ts'
import { describeTally, newTally } from '../../soak/tally.ts'
import { cases, seed } from '../../support/generated.ts'
import { liveVault } from '../../support/live-vault.ts'

const name = 'a real server takes and refuses the same roles and the same logins, in the same words'

test(name, { timeout: 600_000 }, async () => {
  const tally = newTally()
  const options = { prefix: `login${Date.now()}`, seed: seed(), logins: cases(3000), tally }
  const { product, version } = await compareGenerated(await liveVault(), options)
  console.log(describeTally(tally, `answers of ${product} ${version}`))
  expect(tally.questions).toBeGreaterThan(0)
})
