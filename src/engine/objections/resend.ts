import { formatField } from '../../core/change.ts'
import { kindOf } from '../../core/kind.ts'
import { writeOnlyFields } from '../compare.ts'
import { type Brake, eachChange } from './brake.ts'

/** A way back that has to send a write-only value, which cannot be the one that was there: nobody could read that. */
export const resend: Brake = {
  name: 'resend',
  about: 'address',
  judge: eachChange((change, { input }) => {
    if (input.environment.rollback === undefined || change.action === 'delete') return []
    const { address, after } = change
    const fields = writeOnlyFields(kindOf(input.kinds, after.kind), after.spec)
    if (fields.length === 0) return []
    const names = fields.map(({ field }) => formatField(field)).join(' and ')
    const values = fields.map(({ after: reference }) => spelled(reference)).join(' and ')
    const allow = `resend:${address}`
    return [
      {
        code: 'write-only-lost',
        address,
        field: fields[0]?.field ?? [],
        message: `${names} of ${address} as it was before the apply cannot be restored, because no server gives it back; ${values} would be sent as it is now`,
        help: `If that is the right value, say so with --allow ${allow}; to leave the object as it is, --keep ${address}.`,
        allow,
      },
    ]
  }),
}

function spelled(reference: unknown): string {
  return typeof reference === 'string' ? reference : JSON.stringify(reference)
}
