import type { Operation } from '../../access/acl/decision.ts'
import { joined } from '../../access/promises/words.ts'
import { groupBy } from '../../core/group-by.ts'
import type { LostNeed } from './lost-requests.ts'

/** More paths than this in one sentence are more than anybody reads. */
const most = 6

const order: readonly Operation[] = ['create', 'read', 'update', 'delete', 'list', 'patch', 'scan', 'recover']

/** `update and delete sys/policies/acl/* (such as sys/policies/acl/x) and list auth/jwt/role`. */
export function needsWords(needs: readonly LostNeed[]): string {
  const byPath = groupBy(needs, ({ requests }) => requests.path)
  const texts = [...byPath.values()].map((some) => {
    const [{ requests, path }] = some as readonly LostNeed[] as readonly [LostNeed]
    const operations = order.filter((operation) => some.some((one) => one.requests.operation === operation))
    return `${joined(operations)} ${requests.path}${path === requests.path ? '' : ` (such as ${path})`}`
  })
  const rest = texts.length - most
  return rest > 1 ? `${texts.slice(0, most).join(', ')} and ${rest} more` : joined(texts)
}

/** What nobody could read may give it all the same. */
export function unlessWords(policies: readonly string[]): string {
  if (policies.length === 0) return ''
  return ` (unless ${policies.length === 1 ? 'the policy' : 'one of the policies'} ${joined(policies, 'or')}, which could not be read, allows it)`
}
