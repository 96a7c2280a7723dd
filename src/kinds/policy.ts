import * as z from 'zod'
import { samePolicyMeaning } from '../access/policy/same-meaning.ts'
import { storedPolicyText } from '../access/policy/stored-text.ts'
import type { Demand, Demands } from '../core/demand.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import type { Kind } from '../core/kind.ts'
import { lockPrefix } from '../core/lock.ts'
import { addressOf, type Desired, type Identity, type Listed, type Live } from '../core/resource.ts'
import { type Listing, VaultError, type VaultReader, type VaultWriter } from '../core/server.ts'
import type { ServerVersion } from '../core/version.ts'
import { asText, refusePath } from './fields.ts'

/** An ACL policy: `sys/policies/acl/<name>`. The server keeps its text byte for byte, comments included, and so do we. */
export type PolicySpec = JsonObject & { readonly policy: string }

/** Not listed by anybody's choice: they can be neither written nor removed (vault policy_store.go, immutablePolicies). */
const untouchable = ['root', 'response-wrapping', 'control-group']
/** Made by the server itself, but editable: never unmanaged, still describable. */
const builtin = ['default', 'default-ceiling']

const delicate: ReadonlyMap<string, string> = new Map([
  ['policy/default', 'every token has it, unless its role says otherwise'],
  ['policy/default-ceiling', 'it bounds what tokens may do'],
])

/** OpenBao resets these when a write leaves them out (openbao logical_system.go, handlePoliciesSet). */
const carried = ['cas_required', 'allow_wildcards_in_identity_templates', 'allow_slashes_in_identity_templates']

/** Such a text would not come back as it was. */
function isBase64(text: string): boolean {
  const stored = storedPolicyText(text)
  return 'text' in stored && stored.text !== text
}

/** The server decodes a text that is base64, line breaks ignored; programs break it behind 76 characters or not at all. */
function base64Spellings(text: string): string[] {
  const encoded = Buffer.from(text).toString('base64')
  const lines = encoded.match(/.{1,76}/g)?.join('\n') ?? ''
  return [...new Set([encoded, `${encoded}\n`, lines, `${lines}\n`])]
}

const schema = z.strictObject({
  policy: z
    .string()
    .refine((text) => text !== '', { error: 'the policy is empty; the server refuses an empty policy' })
    .refine((text) => !isBase64(text), {
      error: 'the text is valid base64 or line breaks alone; the server would decode it before storing it',
    })
    .meta({ description: "The policy in Vault's policy language (HCL or JSON)." }),
})

function identify(name = ''): Identity {
  const stored = name.trim().toLowerCase()
  return { kind: 'policy', address: addressOf('policy', stored), path: `sys/policies/acl/${stored}` }
}

function live(object: Identity, data: JsonObject): Live<PolicySpec> {
  const attributes = Object.fromEntries(carried.filter((name) => data[name] === true).map((name) => [name, true]))
  // An expiry cannot be written in a policy file, so it shows as a difference: the files want the policy to stay.
  const expiration =
    typeof data['expiration'] === 'string' && data['expiration'] !== '' ? { expiration: data['expiration'] } : {}
  const { kind, address, path } = object
  return {
    kind,
    address,
    path,
    spec: { policy: asText(data['policy']), ...expiration },
    ...(typeof data['version'] === 'number' ? { version: data['version'] } : {}),
    ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
  }
}

/**
 * OpenBao 2.3 and later answer one LIST with every policy's text. Whoever does not have the endpoint, or does not let
 * this token use it, is asked for the names and then policy by policy.
 */
async function detailedListing(server: VaultReader): Promise<Listing | undefined> {
  try {
    return await server.list('sys/policies/detailed/acl')
  } catch (error) {
    if (error instanceof VaultError && [400, 403, 404, 405].includes(error.status)) return undefined
    throw error
  }
}

async function* list(server: VaultReader): AsyncGenerator<Listed<PolicySpec>> {
  const listing = (await detailedListing(server)) ?? (await server.list('sys/policies/acl'))
  // Every server has policies, and nobody can delete the one that is called default.
  if (listing === undefined)
    throw new VaultError(404, 'LIST', 'sys/policies/acl', ['the server lists no policies at all, not even its own'])
  for (const name of listing.keys) {
    if (untouchable.includes(name)) continue
    const object = identify(name)
    const info = listing.keyInfo?.[name]
    // A policy that this token may not read is missing from key_info; reading it alone gives the reason.
    yield {
      ...object,
      builtin: builtin.includes(name) || name.startsWith(lockPrefix),
      ...(isObject(info) && typeof info['policy'] === 'string' ? { live: live(object, info) } : {}),
    }
  }
}

async function read(server: VaultReader, object: Identity): Promise<Live<PolicySpec> | undefined> {
  const data = await server.read(object.path)
  return data === undefined ? undefined : live(object, data)
}

/** On OpenBao the server itself refuses when somebody was faster (`cas`); -1 stands for "must not exist yet". */
async function write(
  server: VaultWriter,
  desired: Desired<PolicySpec>,
  before: Live<PolicySpec> | undefined,
): Promise<readonly string[]> {
  const counted = server.server.product === 'openbao' && (before === undefined || before.version !== undefined)
  const cas = counted ? { cas: before === undefined ? -1 : (before.version as number) } : {}
  const { policy, expiration } = desired.spec
  const attributes = desired.attributes ?? before?.attributes
  return server.write(
    desired.path,
    // No file says when a policy expires; one that is made as it once was may.
    { policy, ...(expiration === undefined ? {} : { expiration }), ...attributes, ...cas },
    { repeatable: !counted },
  )
}

const demands: Demands = {
  list: () => [{ path: 'sys/policies/acl', capabilities: ['list'], instead: 'sys/policies/detailed/acl' }],
  read: ({ path }) => [{ path, capabilities: ['read'] }],
  create: written,
  update: written,
  remove: ({ path }) => [{ path, capabilities: ['delete'] }],
}

/** Every write is an update, because the server does not look whether the policy is there (vault logical_system.go). */
function written({ path }: Identity, { product }: ServerVersion): Demand[] {
  return [{ path, capabilities: ['update'], sends: product === 'openbao' ? ['policy', 'cas'] : ['policy'] }]
}

export const policy: Kind<PolicySpec> = {
  name: 'policy',
  written: { in: 'policy' },
  after: [],
  schema: schema as unknown as z.ZodType<PolicySpec>,
  requires: {},
  writeOnly: [],
  unread: [],
  fromFile: [],
  ownedAs: 'policies',
  identify,
  refuseName(name = '') {
    if (untouchable.includes(name.trim().toLowerCase()))
      return `the server does not let anybody write the policy "${name}"`
    if (name.trim().toLowerCase().startsWith(lockPrefix))
      return `policies whose names begin with "${lockPrefix}" keep two applies apart; choose another name`
    return name.trim() === '' ? 'a policy needs a name' : refusePath(name)
  },
  needs: () => [],
  canonical: (spec) => ({
    policy: asText(spec['policy']),
    ...(typeof spec['expiration'] === 'string' ? { expiration: spec['expiration'] } : {}),
  }),
  list,
  read,
  write,
  remove: (server, object) => server.remove(object.path),
  delicate: ({ address }) => delicate.get(address),
  demands,
  access: ({ path, spec }) => ({ as: 'policy', name: path.slice('sys/policies/acl/'.length), text: spec.policy }),
  audited: {
    // The former endpoint writes the same objects, and calls their text "rules" (vault logical_system.go).
    objectAt(path) {
      const [, name] = /^sys\/(?:policies\/acl|policy)\/(.*[^/])\/?$/s.exec(path) ?? []
      return name === undefined ? undefined : identify(name)
    },
    sent({ policy: text, rules, expiration, ttl }) {
      const [written, end] = [text ?? rules, expiration ?? ttl]
      return {
        ...(written === undefined ? {} : { policy: written }),
        ...(end === undefined ? {} : { expiration: end }),
      }
    },
    held: (spec) => spec,
    spellings: (field, text) => (field === 'policy' ? base64Spellings(text) : []),
    resets: () => true,
    readable: false,
  },
  sameMeaning: (before, after) =>
    before['expiration'] === after['expiration'] && samePolicyMeaning(before.policy, after.policy),
}
