import type { SoakOptions } from './acl.ts'
import { versionOf } from './client.ts'
import { policyDifference } from './policy-cases.ts'
import { describeTally, newTally } from './tally.ts'

const textsAtOnce = 2_000

/**
 * Gives a real server and ourselves the same texts as policies until the time is over. Throws for the first on which they
 * differ, made as small as it gets; says how much of what was tried, in any case.
 */
export async function soak({ server, seed, seconds, report }: SoakOptions): Promise<void> {
  const until = performance.now() + seconds * 1000
  const world = { client: server, server: await versionOf(server), tally: newTally() }
  try {
    for (let round = 0; performance.now() < until; round++) {
      const difference = await policyDifference(world, seed + round, textsAtOnce)
      if (difference !== undefined) throw new Error(`the server and we differ on a policy\n${difference}`)
    }
  } finally {
    report(`policy: ${describeTally(world.tally, 'texts')}`)
  }
}
