import { boundsOf } from '../../access/login/bounds.ts'
import type { AccessFact } from '../../core/access-fact.ts'
import type { Configuration } from '../../core/configuration.ts'
import { type Kind, type Kinds, kindOf } from '../../core/kind.ts'
import type { Address, Desired, Identity, Live } from '../../core/resource.ts'
import { VaultError, type VaultReader } from '../../core/server.ts'
import { lockouts } from '../../engine/lockout/lockouts.ts'
import type { OperatorRole, Operators, Purpose, RunToken } from '../../engine/lockout/operator.ts'
import type { Refusal } from '../../engine/objections/brake.ts'
import { usualRoles } from '../../gitlab/pipeline/roles.ts'
import type { TokenIdentity } from '../../vault/identity.ts'
import type { PlannedPart } from './planning.ts'

/**
 * What the plans of one server take from those who plan, apply and look for drift there: the roles of the pipeline as
 * far as they are on it, and the token of this run where it applies. Reads what of these roles and their policies the
 * plans did not need. Throws VaultError.
 * @param identity of the token that is going to apply
 */
export async function findLockouts(
  { settings }: Configuration,
  parts: readonly PlannedPart[],
  identity: TokenIdentity | undefined,
): Promise<Refusal[]> {
  const [first] = parts
  if (first === undefined) return []
  const { kinds } = first.input
  const facts = factsOf(
    kinds,
    parts.flatMap(({ input }) => [...input.live.objects.values()]),
  )
  const reading = { kinds, reader: first.reader }
  const named = namesOf(settings.gitlab.pipeline?.roles ?? {})
  const others = await otherRoles(parts, named, reading)
  const all = [...facts, ...factsOf(kinds, others)]
  const token = tokenOf(kinds, identity)
  const roles = operatorRoles(parts, all, named, token)
  const after = factsOf(
    kinds,
    parts.flatMap(({ input }) => input.environment.desired),
  )
  const policies = await otherPolicies(parts, [...all, ...after], { roles, token, ...reading })
  const operators: Operators = { roles, ...(token && { token }), beside: [...others, ...policies] }
  return lockouts(parts, operators, Date.now() / 1000)
}

interface Reading {
  readonly kinds: Kinds
  readonly reader: VaultReader
}

interface Fact {
  readonly object: Identity
  readonly fact: AccessFact
}

function factsOf(kinds: Kinds, objects: readonly (Desired | Live)[]): Fact[] {
  return objects.flatMap((object) => {
    const fact = kindOf(kinds, object.kind).access?.(object)
    return fact === undefined ? [] : [{ object, fact }]
  })
}

interface Named {
  readonly purpose: Purpose
  readonly pattern: string
  /** Whether somebody wrote it down. */
  readonly meant: boolean
}

function namesOf(written: Readonly<Partial<Record<Purpose, string>>>): Named[] {
  return (['apply', 'plan', 'drift'] as const).map((purpose) => ({
    purpose,
    pattern: written[purpose] ?? usualRoles[purpose],
    meant: written[purpose] !== undefined,
  }))
}

function nameFor({ pattern }: Named, environment: string): string {
  return pattern.replaceAll('${environment}', environment).toLowerCase()
}

/** Roles of these names that the plans did not read: owned ones, and those that settings name on a mount of the plans. */
async function otherRoles(parts: readonly PlannedPart[], named: readonly Named[], reading: Reading): Promise<Live[]> {
  const kind = reading.kinds.find(({ written }) => written.in === 'role')
  if (kind === undefined) return []
  const wanted = new Map<string, Identity>()
  for (const { input, plan } of parts) {
    const mounts = factsOf(reading.kinds, [...input.live.objects.values()]).flatMap(({ fact }) =>
      fact.as === 'auth-config' ? [fact.mount] : [],
    )
    const owned = new Set(input.live.unmanaged.map(({ address }) => address))
    for (const one of named)
      for (const mount of mounts) {
        const object = kind.identify(mount, nameFor(one, plan.environment))
        if (input.live.objects.has(object.address) || kind.refuseName(mount, nameFor(one, plan.environment))) continue
        if (one.meant || owned.has(object.address)) wanted.set(object.address, object)
      }
  }
  return readThem(kind, [...wanted.values()], reading)
}

function tokenOf(kinds: Kinds, identity: TokenIdentity | undefined): RunToken | undefined {
  const kind = kinds.find(({ written }) => written.in === 'role')
  if (identity?.login === undefined || kind === undefined) return identity && { policies: identity.policies }
  const { mount, role } = identity.login
  return { policies: identity.policies, login: { ...identity.login, address: kind.identify(mount, role).address } }
}

function operatorRoles(
  parts: readonly PlannedPart[],
  facts: readonly Fact[],
  named: readonly Named[],
  token: RunToken | undefined,
): OperatorRole[] {
  return parts.flatMap(({ plan: { environment } }) =>
    facts.flatMap(({ object: { address }, fact }): OperatorRole[] => {
      if (fact.as !== 'role') return []
      const { mount, name } = fact
      const purposes = named.filter((one) => nameFor(one, environment) === name).map(({ purpose }) => purpose)
      // Whatever it is called: it applies now.
      const applies = token?.login?.address === address ? (['apply'] as const) : []
      return [...new Set([...applies, ...purposes])].map((purpose) => ({ environment, address, mount, name, purpose }))
    }),
  )
}

interface Operating extends Reading {
  readonly roles: readonly OperatorRole[]
  readonly token: RunToken | undefined
}

/** Policies of theirs that the plans did not read. */
async function otherPolicies(
  parts: readonly PlannedPart[],
  facts: readonly Fact[],
  { roles, token, ...reading }: Operating,
): Promise<Live[]> {
  const addresses = new Set(roles.map(({ address }) => address))
  const names = facts.flatMap(({ object, fact }) =>
    fact.as === 'role' && addresses.has(object.address)
      ? boundsOf(reading.reader.server, { role: fact.role }).policies
      : [],
  )
  const known = new Set(parts.flatMap(({ input }) => [...input.live.objects.keys()]))
  return policiesOf([...names, ...(token?.policies ?? [])], reading, known)
}

/**
 * Policies as the server has them. One that is not there allows nothing, and is given as such; one that this token may not
 * read is left out.
 */
export async function policiesOf(
  names: readonly string[],
  reading: Reading,
  known: ReadonlySet<Address> = new Set(),
): Promise<Live[]> {
  const kind = reading.kinds.find(({ written }) => written.in === 'policy')
  if (kind === undefined) return []
  const wanted = [...new Set(names)]
    .filter((name) => name !== 'root')
    .map((name) => kind.identify(name))
    .filter(({ address }) => !known.has(address))
  return readThem(kind, wanted, reading, (object) => ({ ...object, spec: { policy: '' } }))
}

/** @param absent what stands for an object that the server does not have */
async function readThem(
  kind: Kind,
  objects: readonly Identity[],
  { reader }: Reading,
  absent?: (object: Identity) => Live,
): Promise<Live[]> {
  const found = await Promise.all(
    objects.map(async (object) => {
      try {
        return (await kind.read(reader, object)) ?? absent?.(object)
      } catch (error) {
        if (error instanceof VaultError && error.status === 403) return undefined
        throw error
      }
    }),
  )
  return found.flatMap((live) => live ?? [])
}
