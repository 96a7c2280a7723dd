import type { AccessFact } from '../../core/access-fact.ts'
import type { Change } from '../../core/change.ts'
import { kindOf } from '../../core/kind.ts'
import type { Judged } from '../objections/brake.ts'
import { kindNameOf } from '../order.ts'

/** A change that takes something from somebody, and whose plan it is in. */
export interface Culprit {
  readonly change: Change
  readonly environment: string
}

/** Finds the change of what decides about access. */
export interface Culprits {
  policy(name: string): Culprit | undefined
  mount(path: string): Culprit | undefined
  config(mount: string): Culprit | undefined
  role(mount: string, name: string): Culprit | undefined
}

export function culpritsIn(environments: readonly Judged[]): Culprits {
  const found = new Map<string, Culprit>()
  for (const { input, plan } of environments)
    for (const change of plan.changes) {
      const object = change.action === 'delete' ? change.before : change.after
      const fact = kindOf(input.kinds, kindNameOf(change)).access?.(object)
      if (fact !== undefined) found.set(keyOf(fact), { change, environment: plan.environment })
    }
  return {
    policy: (name) => found.get(keyOf({ as: 'policy', name })),
    mount: (mount) => found.get(keyOf({ as: 'auth-mount', mount })),
    config: (mount) => found.get(keyOf({ as: 'auth-config', mount })),
    role: (mount, name) => found.get(keyOf({ as: 'role', mount, name })),
  }
}

type Named = Pick<AccessFact, 'as'> & { readonly mount?: string; readonly name?: string }

function keyOf({ as, mount = '', name = '' }: Named): string {
  return JSON.stringify([as, mount, name])
}

/** `jwt-role/jwt/ci is deleted`. */
export function culpritWords({ change: { action, address } }: Culprit): string {
  const done = { create: 'created', update: 'changed', delete: 'deleted' } as const
  return `${address} is ${done[action]}`
}
