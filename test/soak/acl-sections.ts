import fc from 'fast-check'
import { fillTemplate } from '../../src/access/acl/template.ts'
import { meets } from '../../src/core/version.ts'
import { aclCase, templatedPattern } from './acl-cases.ts'
import { somebody } from './acl-identity.ts'
import { compareRequests, requestCase, requestWorld } from './acl-requests.ts'
import { type AclWorld, aclWorld, capabilitiesKnown, compareCapabilities } from './acl-world.ts'
import { type Client, must, versionOf } from './client.ts'
import { newTally, type Tally } from './tally.ts'

/** One kind of comparison with a real server, ready to be run as often as one likes. */
export interface Section {
  readonly name: 'capabilities' | 'templates' | 'namespaces' | 'requests'
  readonly tally: Tally
  /** Throws for the first disagreement, made as small as it gets. */
  run(seed: number, cases: number): Promise<void>
}

/** Sets up what each needs; `prefix` begins the names of everything made on the server. Namespaces only where there are any. */
export async function aclSections(client: Client, prefix: string): Promise<readonly Section[]> {
  const server = await versionOf(client)
  const sections = [
    await capabilities(client, `${prefix}-plain`),
    await templates(client, `${prefix}-who`),
    await requests(client, `${prefix}-real`),
  ]
  return meets(server, { openbao: '2.3' }) ? [...sections, await namespaces(client, `${prefix}-inside`)] : sections
}

async function capabilities(client: Client, prefix: string): Promise<Section> {
  return ofCapabilities('capabilities', await aclWorld(client, prefix))
}

async function namespaces(client: Client, namespace: string): Promise<Section> {
  await must(client, 'POST', `sys/namespaces/${namespace}`)
  return ofCapabilities('namespaces', await aclWorld({ ...client, namespace }, 'acl', { context: { namespace } }))
}

async function templates(client: Client, prefix: string): Promise<Section> {
  const { entity, groups, role, directives } = await somebody(client, prefix)
  const world = await aclWorld(client, prefix, { role, context: { entity, groups } })
  const context = { entity, groups, now: 0, namespace: '', forbidden: [] }
  const resolve = (path: string) => {
    const filled = fillTemplate(path, context)
    return 'text' in filled ? filled.text : path.replaceAll(/\{\{.*?\}\}/g, 'a')
  }
  return ofCapabilities('templates', world, { path: templatedPattern(directives), resolve })
}

function ofCapabilities(
  name: Section['name'],
  world: AclWorld,
  { path, resolve }: { path?: fc.Arbitrary<string>; resolve?: (path: string) => string } = {},
): Section {
  const one = aclCase(capabilitiesKnown(world.server), { questions: 100, ...(path && { path }) })
  const tally = newTally()
  const property = fc.asyncProperty(one, (drawn) => compareCapabilities(world, drawn, tally, resolve))
  return { name, tally, run: (seed, cases) => fc.assert(property, { seed, numRuns: cases }) }
}

async function requests(client: Client, prefix: string): Promise<Section> {
  const world = await requestWorld(client, prefix)
  const tally = newTally()
  const property = fc.asyncProperty(requestCase(world.server), (one) => compareRequests(world, prefix, one, tally))
  return { name: 'requests', tally, run: (seed, cases) => fc.assert(property, { seed, numRuns: cases }) }
}
