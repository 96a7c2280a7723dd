import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { aclCase } from '../soak/acl-cases.ts'
import { compareRequests, requestCase, requestWorld } from '../soak/acl-requests.ts'
import { aclWorld, capabilitiesKnown, compareCapabilities } from '../soak/acl-world.ts'
import { compareGenerated } from '../soak/login.ts'
import { newTally } from '../soak/tally.ts'
import { cases, seed } from '../support/generated.ts'

/**
 * What is generated to compare the rules of src/access with a real server, asked of the sandbox: whether it asks those
 * rules the right questions, with the right policies, configuration and role, and keeps what it is given as the server does.
 */
const running: Sandbox[] = []
afterAll(async () => {
  await Promise.all(running.map((sandbox) => sandbox.close()))
})

async function start(product: 'vault' | 'openbao'): Promise<Sandbox> {
  const sandbox = await startSandbox({ product })
  running.push(sandbox)
  return sandbox
}

describe.each(['vault', 'openbao'] as const)('a sandbox like %s', (product) => {
  test('takes the roles and grants the logins that its rules say', { timeout: 120_000 }, async () => {
    const tally = newTally()
    await compareGenerated(await start(product), { prefix: 'generated', seed: seed(), logins: cases(300), tally })
    expect([...tally.classes.keys()]).toEqual(expect.arrayContaining(['granted', 'refused for bound_claims']))
  })

  test('answers sys/capabilities by its rules', { timeout: 120_000 }, async () => {
    const world = await aclWorld(await start(product), 'generated')
    const tally = newTally()
    const one = aclCase(capabilitiesKnown(world.server), { questions: 50 })
    const property = fc.asyncProperty(one, (drawn) => compareCapabilities(world, drawn, tally))
    await fc.assert(property, { numRuns: Math.ceil(cases(1000) / 25), seed: seed() })
    expect([...tally.classes.keys()]).toEqual(expect.arrayContaining(['deny', 'no rule', 'overlapping wildcards']))
  })

  test('lets the requests through that its rules allow', { timeout: 120_000 }, async () => {
    const world = await requestWorld(await start(product), 'generated')
    const tally = newTally()
    const property = fc.asyncProperty(requestCase(world.server), (one) =>
      compareRequests(world, 'generated', one, tally),
    )
    await fc.assert(property, { numRuns: Math.ceil(cases(500) / 10), seed: seed() })
    expect([...tally.classes.keys()]).toEqual(
      expect.arrayContaining(['allowed', 'create', 'update', 'refused for required parameter', 'refused for wrapping']),
    )
  })
})
