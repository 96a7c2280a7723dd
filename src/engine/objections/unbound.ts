import { formatField } from '../../core/change.ts'
import { kindOf } from '../../core/kind.ts'
import { type Brake, eachChange } from './brake.ts'

/** An update after which something that kept others out is gone. */
export const unbound: Brake = {
  name: 'unbind',
  about: 'address',
  // One template stands behind a thousand roles, and whoever changes it means them all.
  many: true,
  judge: eachChange((change, { input }) => {
    if (change.action !== 'update') return []
    const { address, before, after } = change
    const lost = kindOf(input.kinds, after.kind).unbound?.(before.spec, after.spec) ?? []
    if (lost.length === 0) return []
    const fields = lost.map(formatField)
    const allow = `unbind:${address}`
    return [
      {
        code: 'removed-binding',
        address,
        field: lost[0] ?? [],
        message: `${address} would no longer be bound by ${fields.join(' and ')}`,
        help: `If others may come in by it, say so with --allow ${allow}; otherwise put the binding back.`,
        allow,
      },
    ]
  }),
}
