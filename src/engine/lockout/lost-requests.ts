import type { Acl } from '../../access/acl/acl.ts'
import { type LostRequest, lostRequest, type Requests } from '../../access/proof/lost.ts'

/** What a token can no longer do. */
export interface LostNeed extends LostRequest {
  readonly requests: Requests
}

/** Patterns first: what is lost, or kept, at all paths of one need not be asked at each. */
export function lostNeeds(before: Acl, after: Acl, needs: readonly Requests[]): LostNeed[] {
  const lost: LostNeed[] = []
  const settled: Requests[] = []
  const ask = (requests: Requests) => {
    const found = lostRequest(before, after, requests)
    if (found === 'undecided') return
    if (requests.many) settled.push(requests)
    if (found !== undefined) lost.push({ ...found, requests })
  }
  for (const requests of needs.filter(({ many }) => many)) ask(requests)
  for (const requests of needs.filter(({ many }) => !many))
    if (!settled.some((pattern) => covers(pattern, requests))) ask(requests)
  return lost
}

function covers(pattern: Requests, { operation, path }: Requests): boolean {
  return pattern.operation === operation && path.startsWith(pattern.path.slice(0, -1))
}
