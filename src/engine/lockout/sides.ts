import { type Acl, buildAcl } from '../../access/acl/acl.ts'
import { type AccessModel, modelOf } from '../../access/model.ts'
import { modelPolicy } from '../../access/model-policy.ts'
import type { Change } from '../../core/change.ts'
import type { Address, Desired, Live } from '../../core/resource.ts'
import type { Judged } from '../objections/brake.ts'
import type { Operators } from './operator.ts'

/** One server before and after its plans. */
export interface Sides {
  readonly before: AccessModel
  readonly after: AccessModel
  /** By address, over all environments. */
  readonly changes: ReadonlyMap<Address, Change>
}

/** Here a policy that is deleted is known: it allows nothing any more. */
export function sidesOf(environments: readonly Judged[], { beside }: Operators): Sides | undefined {
  const [first] = environments
  if (first === undefined) return undefined
  const { kinds, server } = first.input
  const before = new Map<Address, Desired | Live>(beside.map((live) => [live.address, live]))
  for (const { input } of environments) for (const [address, live] of input.live.objects) before.set(address, live)
  const after = new Map(before)
  const changes = new Map(environments.flatMap(({ plan }) => plan.changes).map((change) => [change.address, change]))
  for (const [address, change] of changes) {
    if (change.action !== 'delete') after.set(address, change.after)
    else if (kinds.find(({ name }) => name === change.before.kind)?.written.in === 'policy')
      after.set(address, { ...change.before, spec: { ...change.before.spec, policy: '' } })
    else for (const [other, { parent }] of after) if (other === address || parent === address) after.delete(other)
  }
  const model = (objects: ReadonlyMap<Address, Desired | Live>) =>
    modelOf(objects.values(), { kinds, server, namespace: server.namespace })
  return { before: model(before), after: model(after), changes }
}

/** What a token may do, as far as its policies are known. */
export interface KnownAcl {
  readonly acl: Acl
  /** Policies that nobody could read. */
  readonly unknown: readonly string[]
  /** Equal for the same policies with the same texts. */
  readonly key: string
}

/** A text that the server would not take is not what will be there, so it counts as unknown. */
export function knownAcl(model: AccessModel, names: readonly string[]): KnownAcl {
  const parsed = names.map((name) => ({ name, result: modelPolicy(model, name) }))
  const policies = parsed.flatMap(({ result }) => (result !== undefined && 'policy' in result ? [result.policy] : []))
  const unknown = parsed.filter(({ result }) => result === undefined || 'refused' in result).map(({ name }) => name)
  const context = model.namespace === '' ? {} : { namespace: model.namespace }
  const key = JSON.stringify(names.map((name) => [name, model.policies.get(name)?.text ?? null]))
  return { acl: buildAcl(policies, model.server, context), unknown, key }
}
