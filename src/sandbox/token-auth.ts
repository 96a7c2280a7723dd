import type { JsonObject } from '../core/json.ts'
import { type Answer, data } from './answers.ts'
import type { State } from './state.ts'
import type { Token } from './token.ts'

/** What whoever made or renewed a token is told of it. */
export function authAnswer(token: Token, leaseDuration: number, warnings: readonly string[] = []): Answer {
  return { kind: 'data', data: null, warnings, auth: authOf(token, leaseDuration) }
}

function authOf(token: Token, leaseDuration: number): JsonObject {
  return {
    client_token: token.id,
    accessor: token.accessor,
    policies: token.policies,
    ...(token.policies.length === 0 ? {} : { token_policies: token.policies }),
    metadata: token.meta,
    lease_duration: leaseDuration,
    renewable: token.renewable,
    entity_id: token.entityId,
    token_type: token.type,
    orphan: token.parent === undefined,
    mfa_requirement: null,
    num_uses: token.allUses,
  }
}

/** What a token says of itself (token_store.go handleLookup). By its accessor it is told without its id. */
export function lookupAnswer(state: State, token: Token, id = token.id): Answer {
  const { createdAt, expiresAt, renewedAt } = token
  const batch = token.type === 'batch'
  return data({
    accessor: token.accessor,
    ...(token.boundCidrs.length === 0 ? {} : { bound_cidrs: token.boundCidrs }),
    creation_time: Math.floor(createdAt / 1000),
    creation_ttl: token.ttl,
    display_name: token.displayName,
    entity_id: token.entityId,
    expire_time: expiresAt === undefined ? null : moment(expiresAt, batch),
    explicit_max_ttl: token.explicitMaxTtl,
    id,
    issue_time: moment(createdAt, batch),
    ...(renewedAt === undefined
      ? {}
      : { last_renewal: moment(renewedAt, false), last_renewal_time: Math.floor(renewedAt / 1000) }),
    meta: token.meta,
    num_uses: token.numUses,
    orphan: token.parent === undefined,
    path: token.path,
    ...(token.period > 0 ? { period: token.period } : {}),
    policies: token.policies,
    renewable: token.renewable,
    ttl: expiresAt === undefined ? 0 : Math.floor((expiresAt - state.now()) / 1000),
    type: token.type,
  })
}

/** A batch token is its own storage and holds whole seconds. */
function moment(milliseconds: number, whole: boolean): string {
  const text = new Date(milliseconds).toISOString()
  return whole ? text.replace(/\.\d+Z$/, 'Z') : text
}
