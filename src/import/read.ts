import { matchesGlob } from '../core/glob.ts'
import { byText } from '../core/json.ts'
import { type Kind, type Kinds, kindOf } from '../core/kind.ts'
import type { Address, Identity, Listed, Live } from '../core/resource.ts'
import { VaultError, type VaultReader } from '../core/server.ts'
import { ownNameOf } from './names.ts'

/** What of a server is asked for; `*` in a name is any text. */
export interface Wanted {
  readonly mounts: readonly string[]
  readonly roles: readonly string[]
  /** Absent for those that the imported roles name. */
  readonly policies?: readonly string[]
}

/** A request that the token may not make, and what is therefore unknown. */
export interface Refusal {
  readonly method: string
  readonly path: string
  /** The object, or the one whose contents could not be listed; absent where it would have been all of a kind. */
  readonly address?: Address
}

/** What one environment's server has, as far as it is asked for. */
export interface Reading {
  readonly objects: readonly Live[]
  readonly forbidden: readonly Refusal[]
  /** Named by a listing and gone when they were read: somebody is changing the server. */
  readonly vanished: readonly Address[]
  /** Asked for, and of no kind that files describe. */
  readonly others: readonly { readonly address: Address; readonly reason: string }[]
}

/** The auth methods whose configuration and roles the kinds describe; both are one plugin. */
const described = ['jwt', 'oidc']

/**
 * Reads everything that is wanted, the objects of a listing all at once. What the token may not read is collected, so that
 * it is told once; every other refusal rejects, because what was not read must never look absent.
 */
export async function readServer(server: VaultReader, kinds: Kinds, wanted: Wanted): Promise<Reading> {
  const found = {
    objects: [] as Live[],
    forbidden: [] as Refusal[],
    vanished: [] as Address[],
    others: [] as Reading['others'][number][],
  }
  const mounts = await readMounts(server, kinds, wanted, found)
  const inMounts = kinds.filter(({ parent }) => parent !== undefined)
  await Promise.all(
    mounts.flatMap((mount) =>
      inMounts.map((kind) => readKind(server, kind, { parents: [mount] }, inMount(kind, wanted), found)),
    ),
  )
  for (const kind of kinds.filter(({ written }) => written.in === 'policy'))
    await readKind(server, kind, { parents: [] }, policyFilter(wanted, found.objects), found)
  found.objects.sort((a, b) => byText(a.address, b.address))
  found.forbidden.sort((a, b) => byText(a.path, b.path))
  return found
}

type Found = { readonly [K in keyof Reading]: Reading[K][number][] }

/** Says of a listed object whether it is read. */
type Filter = (object: Listed) => boolean

async function readMounts(server: VaultReader, kinds: Kinds, { mounts }: Wanted, found: Found): Promise<Live[]> {
  const kind = kindOf(kinds, 'auth-mount')
  const before = found.objects.length
  await readKind(
    server,
    kind,
    { parents: [] },
    (mount) => {
      if (!fits(mounts, ownNameOf(mount))) return false
      const type = mount.live?.spec['type']
      if (typeof type === 'string' && described.includes(type)) return true
      if (mount.builtin !== true)
        found.others.push({
          address: mount.address,
          reason: `it is of type ${String(type)}, and only jwt and oidc mounts are described`,
        })
      return false
    },
    found,
  )
  return found.objects.slice(before)
}

function inMount(kind: Kind, { roles }: Wanted): Filter {
  return kind.written.in === 'role' ? (object) => fits(roles, ownNameOf(object)) : () => true
}

/** The server's own policies are imported where a name, and no pattern, says so. */
function policyFilter({ policies }: Wanted, objects: readonly Live[]): Filter {
  const named = new Set(objects.flatMap(namedPolicies))
  return (object) => {
    const name = ownNameOf(object)
    if (object.builtin === true) return policies?.includes(name) === true
    return policies === undefined ? named.has(name) : fits(policies, name)
  }
}

/** Names of the policies that a role gives; those that are filled in from claims are names of no policy yet. */
export function namedPolicies({ spec }: Pick<Live, 'spec'>): string[] {
  const names = Array.isArray(spec['token_policies']) ? (spec['token_policies'] as readonly unknown[]) : []
  const fromClaims = spec['token_policies_template_claims'] === true
  return names.filter((name) => typeof name === 'string' && !(fromClaims && name.includes('{{'))) as string[]
}

export function fits(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, name))
}

async function readKind(
  server: VaultReader,
  kind: Kind,
  scope: { readonly parents: readonly Live[] },
  filter: Filter,
  found: Found,
): Promise<void> {
  const listed: Listed[] = []
  try {
    for await (const object of kind.list(server, scope)) if (filter(object)) listed.push(object)
  } catch (error) {
    const [container] = scope.parents
    found.forbidden.push({ ...refusalOf(error), ...(container === undefined ? {} : { address: container.address }) })
    return
  }
  const lives = await Promise.all(listed.map((object) => readOne(server, kind, object, found)))
  found.objects.push(...lives.filter((live) => live !== undefined))
}

async function readOne(server: VaultReader, kind: Kind, object: Listed, found: Found): Promise<Live | undefined> {
  if (object.live !== undefined) return object.live
  const { address } = object satisfies Identity
  try {
    const live = await kind.read(server, object)
    if (live === undefined) found.vanished.push(address)
    return live
  } catch (error) {
    found.forbidden.push({ ...refusalOf(error), address })
    return undefined
  }
}

/** Rethrows what is no refusal by the token's policies, such as that of a token which the server does not know. */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof VaultError) || error.status !== 403 || error.tokenRefused) throw error
  return { method: error.method, path: error.path }
}
