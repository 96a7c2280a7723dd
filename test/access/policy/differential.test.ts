import { describe, expect, test } from 'vitest'
import { versionOf } from '../../soak/client.ts'
import { policyDifference } from '../../soak/policy-cases.ts'
import { describeTally, newTally } from '../../soak/tally.ts'
import { cases, seed } from '../../support/generated.ts'
import { liveVault } from '../../support/live-vault.ts'

describe('the grammar of policies', () => {
  test('takes, refuses and words its refusals as the server does', { timeout: 3_600_000 }, async () => {
    const [total, first] = [cases(2_000), seed()]
    const client = await liveVault()
    const world = { client, server: await versionOf(client), tally: newTally() }
    for (let done = 0; done < total; done += 2_000) {
      const difference = await policyDifference(world, first + done, Math.min(2_000, total - done))
      expect(difference, `seed ${first}`).toBeUndefined()
    }
    const { product, version } = world.server
    console.info(`${product} ${version}, seed ${first}: ${describeTally(world.tally, 'policies')}`)
    expect(world.tally.classes.get('taken')).toBeGreaterThan(total / 20)
    expect(world.tally.classes.size).toBeGreaterThan(20)
  })
})
