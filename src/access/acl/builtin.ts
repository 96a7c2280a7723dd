import type { ServerVersion } from '../../core/version.ts'

type Allowance = readonly [path: string, capabilities: readonly string[]]

const onBoth: readonly Allowance[] = [
  ['auth/token/lookup-self', ['read']],
  ['auth/token/renew-self', ['update']],
  ['auth/token/revoke-self', ['update']],
  ['sys/capabilities-self', ['update']],
  ['identity/entity/id/{{identity.entity.id}}', ['read']],
  ['identity/entity/name/{{identity.entity.name}}', ['read']],
  ['sys/internal/ui/resultant-acl', ['read']],
  ['sys/leases/renew', ['update']],
  ['sys/leases/lookup', ['update']],
  ['cubbyhole/*', ['create', 'read', 'update', 'delete', 'list']],
  ['sys/wrapping/wrap', ['update']],
  ['sys/wrapping/lookup', ['update']],
  ['sys/wrapping/unwrap', ['update']],
  ['sys/tools/hash', ['update']],
  ['sys/tools/hash/*', ['update']],
  ['identity/oidc/provider/+/authorize', ['read', 'update']],
]

const onVaultOnly: readonly Allowance[] = [
  ['sys/renew', ['update']],
  ['sys/control-group/request', ['update']],
]

const responseWrapping: readonly Allowance[] = [
  ['cubbyhole/response', ['create', 'read']],
  ['sys/wrapping/unwrap', ['update']],
]

export type BuiltinPolicy = 'default' | 'response-wrapping'

/**
 * A policy that a fresh server has of itself: what it allows, not its text. `default` may have been changed since.
 * Source: vault/policy_store.go, openbao vault/policy/policy_store.go.
 */
export function builtinPolicy(name: BuiltinPolicy, server: ServerVersion): string {
  if (name === 'response-wrapping') return policyText(responseWrapping)
  return policyText(server.product === 'vault' ? [...onBoth, ...onVaultOnly] : onBoth)
}

function policyText(allowances: readonly Allowance[]): string {
  return allowances
    .map(([path, capabilities]) => `path "${path}" {\n  capabilities = ${JSON.stringify(capabilities)}\n}\n`)
    .join('')
}
