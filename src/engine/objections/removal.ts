import { kindOf } from '../../core/kind.ts'
import { type Brake, eachChange } from './brake.ts'

/** A removal that takes more than the object with it. */
export const removal: Brake = {
  name: 'delete',
  about: 'address',
  judge: eachChange((change, { input }) => {
    if (change.action !== 'delete') return []
    const { address, before } = change
    const destroyed = kindOf(input.kinds, before.kind).removalDestroys
    if (destroyed === undefined) return []
    const allow = `delete:${address}`
    return [
      {
        code: 'unconfirmed-removal',
        address,
        field: [],
        message: `deleting ${address} would destroy ${destroyed}`,
        help: `If that is meant, say so with --allow ${allow}; otherwise describe it, or take it out of \`owns\`.`,
        allow,
      },
    ]
  }),
}
