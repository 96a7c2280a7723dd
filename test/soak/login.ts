import fc from 'fast-check'
import type { SoakOptions } from './acl.ts'
import type { Client } from './client.ts'
import { loginCase } from './login-cases.ts'
import { compareLogins, type LoginWorld, loginWorld } from './login-world.ts'
import { describeTally, newTally, type Tally } from './tally.ts'

/** Logins of one role, and how many roles are tried at the same time. */
const each = 3
const lanes = 4

/**
 * Asks a real server and ourselves the same role writes and logins; throws with the smallest case in which they differ.
 * Mounts are named after `prefix`, and stay.
 */
export async function compareGenerated(
  client: Client,
  { prefix, seed, logins, tally }: { prefix: string; seed: number; logins: number; tally: Tally },
): Promise<LoginWorld['server']> {
  const worlds = await Promise.all(Array.from({ length: lanes }, (_, lane) => loginWorld(client, `${prefix}-${lane}`)))
  const numRuns = Math.ceil(logins / each / lanes)
  const lane = async (world: LoginWorld, number: number) =>
    await fc.assert(
      fc.asyncProperty(loginCase(world.mounts.length, each), (one) => compareLogins(world, 'ci', one, tally)),
      { seed: seed + number, numRuns },
    )
  await Promise.all(worlds.map(lane))
  return (worlds[0] as LoginWorld).server
}

const loginsAtOnce = 300

/** As `soak` of acl.ts, for role writes and logins. Mounts are made once a round, and stay: the server is the run's own. */
export async function soak({ server, seed, seconds, report }: SoakOptions): Promise<void> {
  const until = performance.now() + seconds * 1000
  const tally = newTally()
  try {
    for (let round = 0; performance.now() < until; round++) {
      const prefix = `soak-login-${process.pid}-${Date.now()}-${round}`
      await compareGenerated(server, { prefix, seed: seed + round, logins: loginsAtOnce, tally })
    }
  } finally {
    report(`login: ${describeTally(tally, 'logins')}`)
  }
}
