import { kindOf } from '../../core/kind.ts'
import { kindNameOf } from '../order.ts'
import { type Brake, eachChange } from './brake.ts'

/** A change of what the whole server stands on, such as the policy that every token has. */
export const delicate: Brake = {
  name: 'touch',
  about: 'address',
  judge: eachChange((change, { input }) => {
    const reason = kindOf(input.kinds, kindNameOf(change)).delicate?.(
      change.action === 'delete' ? change.before : change.after,
    )
    if (reason === undefined) return []
    const { address } = change
    const allow = `touch:${address}`
    return [
      {
        code: 'delicate-object',
        address,
        field: [],
        message: `the plan would ${change.action} ${address}: ${reason}`,
        help: `If that is meant, say so with --allow ${allow}; otherwise take it out of the files.`,
        allow,
      },
    ]
  }),
}
