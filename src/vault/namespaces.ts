import { type Diagnostic, problem } from '../core/diagnostic.ts'
import type { JsonObject } from '../core/json.ts'
import { hasNamespaces, productNames, type ServerVersion } from '../core/version.ts'
import type { Target } from './target.ts'

/**
 * What is wrong with the namespace that a run is to work in: a server without namespaces ignores it in silence, and would
 * change what is in its root namespace. `health` is what `sys/health` answered. Undefined where nothing is wrong.
 */
export function refuseNamespace(
  { address, namespace, namespaceFrom }: Target,
  server: ServerVersion,
  health: JsonObject,
): Diagnostic | undefined {
  if (namespace === '' || namespacesAt(server, health)) return undefined
  const from = namespaceFrom === undefined ? '' : ` (from ${namespaceFrom})`
  const lacks = server.product === 'vault' ? 'is not Vault Enterprise and has' : 'is older than 2.3 and has'
  return problem(
    'no-namespaces',
    `the namespace ${JSON.stringify(namespace)}${from} cannot be at ${address}: ${productNames[server.product]} ${server.version} ${lacks} no namespaces; it would ignore the name and act in the root namespace, so nothing was sent but the question which server it is`,
    'Take the namespace away to work in the root namespace, where environments have to differ in the names of their mounts, roles and policies; or go to a Vault Enterprise, or an OpenBao 2.3 or later.',
  )
}

/** Vault says its edition since 1.16 (vault http/sys_health.go); before, only its version tells. */
function namespacesAt(server: ServerVersion, { enterprise }: JsonObject): boolean {
  return server.product === 'vault' && enterprise !== undefined ? enterprise === true : hasNamespaces(server)
}
