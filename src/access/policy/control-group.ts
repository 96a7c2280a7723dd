import { HclError } from '../hcl/errors.ts'
import type { GoValue } from '../hcl/go-value.ts'
import { textValues } from './block.ts'
import { durationOf } from './duration.ts'

type Values = ReadonlyMap<string, GoValue>

/** Throws for what Vault does not take as a control group, whose enforcement only its Enterprise edition has (policy.go). */
export function checkControlGroup(group: GoValue | undefined, granted: readonly string[]): void {
  if (group?.is !== 'struct') return
  durationOf(group.values.get('ttl'), 'control group max ttl')
  const factors = group.values.get('factor')
  const found = factors?.is === 'map' ? [...factors.entries.values()] : []
  for (const factor of found) if (factor.is === 'struct') checkFactor(factor.values, granted)
  if (found.length === 0) throw new HclError('no control group factors provided')
}

function checkFactor(factor: Values, granted: readonly string[]): void {
  const identity = factor.get('identity')
  if (identity?.is !== 'struct') throw new HclError('no control_group factor provided')
  const approvals = identity.values.get('approvals')
  const groups = [...textValues(identity.values.get('group_ids')), ...textValues(identity.values.get('group_names'))]
  if (approvals?.is !== 'int' || approvals.value <= 0n || groups.length === 0)
    throw new HclError('must provide more than one identity group and approvals > 0')
  if (!textValues(factor.get('controlled_capabilities')).every((capability) => granted.includes(capability)))
    throw new HclError("control group factor capabilities must be a subset of the policy's capabilities")
}
