import { type AclContext, buildAcl } from '../../src/access/acl/acl.ts'
import { capabilitiesOf } from '../../src/access/acl/capabilities.ts'
import { parsePolicy } from '../../src/access/policy/parse.ts'
import type { Capability, Policy } from '../../src/access/policy/policy.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { meets, type ServerVersion } from '../../src/core/version.ts'
import { type AclCase, pathsOf, policyText } from './acl-cases.ts'
import { classesOf } from './acl-classes.ts'
import { type Client, call, must, tokenWith, versionOf } from './client.ts'
import type { Tally } from './tally.ts'

/** Tokens on a real server whose policies can be written anew for each case. */
export interface AclWorld {
  readonly client: Client
  readonly server: ServerVersion
  /** Names of the policies; the token at index n has the first n + 1 of them, and one that never exists. */
  readonly names: readonly string[]
  readonly tokens: readonly string[]
  readonly context: AclContext
  /** What a class is called that all questions here belong to. */
  readonly kind?: string
}

/** What the two say about a path, when it is not the same. */
export class Disagreement extends Error {}

export async function aclWorld(
  client: Client,
  prefix: string,
  more: {
    readonly context?: AclContext
    /** A token role, and the alias of the entity that its tokens are for. */
    readonly role?: { readonly name: string; readonly alias: string }
    readonly kind?: string
  } = {},
): Promise<AclWorld> {
  const server = await versionOf(client)
  const names = ['c', 'a', 'e', 'b', 'd'].map((letter) => `${prefix}-${letter}`)
  const tokens: string[] = []
  for (const [index] of names.entries()) {
    const policies = [...names.slice(0, index + 1), `${prefix}-that-does-not-exist`]
    tokens.push(await tokenWith(client, policies, more.role))
  }
  return { client, server, names, tokens, context: more.context ?? {}, ...(more.kind && { kind: more.kind }) }
}

/** Those that this server's policies may name, besides `deny`. */
export function capabilitiesKnown(server: ServerVersion): readonly Capability[] {
  const common = ['create', 'read', 'update', 'delete', 'list', 'sudo', 'patch'] as const
  if (server.product === 'openbao') return meets(server, { openbao: '2.2' }) ? [...common, 'scan'] : common
  return meets(server, { vault: '1.21' }) ? [...common, 'subscribe', 'recover'] : common
}

/** Writes the case's policies, asks the server about all its paths at once, and throws where we say something else. */
export async function compareCapabilities(
  world: AclWorld,
  one: AclCase,
  tally: Tally,
  resolve?: (path: string) => string,
): Promise<void> {
  const { client, names, server, context } = world
  const token = world.tokens[one.policies.length - 1]
  const paths = pathsOf(one, resolve)
  if (token === undefined || paths.length === 0) return
  const texts = one.policies.map((blocks) => policyText(blocks, one.json))
  await write(world, texts, templateFlags(one))
  const policies = texts.map((text, index) => ({
    ...parsed(names[index] as string, text, server),
    allowSlashesInIdentityTemplates: one.slashes,
    allowWildcardsInIdentityTemplates: one.wildcards,
  }))
  const acl = buildAcl(policies, server, context)
  // A second path, so that `capabilities` does not stand for one of them.
  const answer = await call(client, 'POST', 'sys/capabilities', { token, paths: [...paths, 'the/last/path'] })
  if (acl.failure !== undefined || answer.status !== 200) {
    if (acl.failure === undefined || answer.status !== 500)
      throw new Disagreement(`answered ${answer.status} ${JSON.stringify(answer.body)}; we: ${acl.failure?.error}`)
    return tally.count(['policies that make no rules'])
  }
  for (const path of paths) {
    const theirs = JSON.stringify(answer.data[path])
    const ours = JSON.stringify(capabilitiesOf(acl, path))
    if (ours !== theirs)
      throw new Disagreement(
        `${JSON.stringify(path)}: the server says ${theirs}, we say ${ours}\n${texts.join('\n--\n')}`,
      )
    tally.count([...classesOf(acl, path), ...(world.kind ? [world.kind] : [])])
  }
}

/** Gives the world's policies these texts, the first as many as there are. */
export async function write(
  { client, names }: AclWorld,
  texts: readonly string[],
  more: JsonObject = {},
): Promise<void> {
  const writes = texts.map((text, i) => must(client, 'POST', `sys/policies/acl/${names[i]}`, { policy: text, ...more }))
  await Promise.all(writes)
}

/** In the words of OpenBao's API. */
function templateFlags({ slashes, wildcards }: AclCase): JsonObject {
  return { allow_slashes_in_identity_templates: slashes, allow_wildcards_in_identity_templates: wildcards }
}

/** The policy as we read its text, which the server has just taken. */
export function parsed(name: string, text: string, server: ServerVersion): Policy {
  const result = parsePolicy(name, text, server)
  if ('policy' in result) return result.policy
  throw new Disagreement(
    `the server takes this policy, and we refuse it (${result.refused.errors.join('; ')}): ${text}`,
  )
}
