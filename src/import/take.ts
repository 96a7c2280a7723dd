import { type FieldPath, type Kind, type Kinds, kindOf } from '../core/kind.ts'
import type { Address, Live } from '../core/resource.ts'
import { ownersOf, type Target } from './assign.ts'
import { ownNameOf } from './names.ts'
import { namedPolicies, type Reading } from './read.ts'
import type { WriteOnlyField } from './sources/fields.ts'
import { isWritten, type Undescribable, type Written, write } from './written.ts'

/** One environment to be, and what its server has of what was asked for. */
export interface Source extends Target {
  readonly reading: Reading
  /** For sources that are no servers: all secrets that there are, by the API path of their objects. */
  readonly writeOnly?: readonly WriteOnlyField[]
  /** For sources that are no servers: mounts that only roles speak of, so that nobody knows what they are like. */
  readonly undescribedMounts?: readonly string[]
}

export interface Described {
  readonly environment: string
  readonly address: Address
}

/** Something of a server that no file describes, and why. */
export interface LeftOut extends Described {
  readonly reason: string
}

/** What of one environment can be described. */
export interface Taken extends Target {
  readonly objects: readonly (Written & { readonly kind: Kind })[]
  readonly leftOut: readonly LeftOut[]
  /** False where the token may not list all mounts, or all policies, and for what is no server. */
  readonly whole: boolean
  /** Mounts of roles that are described, themselves not. */
  readonly bare: readonly string[]
  /** Names of policies that the roles give. */
  readonly named: ReadonlySet<string>
}

/** What of a source belongs to the environment, and what of that no file can say. */
export function take(source: Source, siblings: readonly string[], kinds: Kinds): Taken {
  const { environment, server, reading } = source
  const unread = reading.forbidden.flatMap(({ address }) => (address === undefined ? [] : [address]))
  // A mount whose contents cannot be listed cannot be planned either.
  const mine = reading.objects.filter(({ address, parent }) => !unread.some((one) => one === address || one === parent))
  const bare = (source.undescribedMounts ?? []).map((mount) => kindOf(kinds, 'auth-mount').identify(mount).address)
  const written = mine
    .filter(({ address }) => !bare.includes(address))
    .map((live) => {
      const kind = kindOf(kinds, live.kind)
      return { kind, result: write(kind, live, server, knownSecrets(live, source)) }
    })
  const refused = written.flatMap(({ result }) => (isWritten(result) ? [] : [result]))
  // What is in a mount that no file describes has no place.
  const orphaned = (live: Live) => refused.some((other) => other.live.address === live.parent)
  const good = written.flatMap(({ kind, result }) =>
    isWritten(result) && !orphaned(result.live) ? [{ ...result, kind }] : [],
  )
  const named = new Set(
    good
      .filter(({ kind, live }) => kind.written.in === 'role' && belongs(live, environment, siblings))
      .flatMap(({ live }) => namedPolicies(live)),
  )
  const leftOut = [
    ...refused.map(({ live, reason }: Undescribable) => ({ environment, address: live.address, reason })),
    ...written.flatMap(({ result }) =>
      isWritten(result) && orphaned(result.live)
        ? [{ environment, address: result.live.address, reason: 'its mount is left out' }]
        : [],
    ),
    ...unread.map((address) => ({ environment, address, reason: 'this token may not read it' })),
    ...bare.map((address) => ({ environment, address, reason: 'only its roles are known' })),
    ...reading.others.map(({ address, reason }) => ({ environment, address, reason })),
  ]
  const namedBySibling = namesByRoles(good)
  return {
    environment,
    server,
    named,
    leftOut,
    bare: source.undescribedMounts ?? [],
    whole: source.writeOnly === undefined && reading.forbidden.every(({ address }) => address !== undefined),
    objects: good.filter(({ kind, live }) =>
      kind.written.in === 'policy'
        ? policyBelongs(live, named, namedBySibling, environment, siblings)
        : belongs(live, environment, siblings),
    ),
  }
}

/** Of a server nobody knows; another source says what it has, if only that it has none. */
function knownSecrets({ path }: Live, { writeOnly }: Source): readonly FieldPath[] | undefined {
  return writeOnly?.filter((secret) => secret.path === path).map(({ field }) => field)
}

function namesByRoles(objects: Taken['objects']): ReadonlySet<string> {
  return new Set(objects.filter(({ kind }) => kind.written.in === 'role').flatMap(({ live }) => namedPolicies(live)))
}

/** On a server of its own everything is the environment's; else what its name names, and what nobody has to himself. */
function belongs(live: Live, environment: string, siblings: readonly string[]): boolean {
  return ownersOf(live, siblings)?.includes(environment) ?? true
}

/** A policy goes where a role names it; one that no role names, where its name says. */
function policyBelongs(
  live: Live,
  named: ReadonlySet<string>,
  byAnybody: ReadonlySet<string>,
  environment: string,
  siblings: readonly string[],
): boolean {
  const name = ownNameOf(live)
  if (named.has(name)) return true
  const owners = ownersOf(live, siblings)
  return owners === undefined ? !byAnybody.has(name) || siblings.length < 2 : owners.includes(environment)
}
