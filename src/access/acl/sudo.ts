import type { Product } from '../../core/server.ts'
import type { ServerVersion } from '../../core/version.ts'

/**
 * Paths that need `sudo` besides the operation's capability. A trailing `*` stands for anything, also for nothing.
 * Sources: PathsSpecial.Root in vault/logical_system.go and vault/token_store.go of each product; seal and step-down
 * are asked for where they are done.
 */
const common = [
  'sys/auth/*',
  'sys/remount',
  'sys/audit',
  'sys/audit/*',
  'sys/raw',
  'sys/raw/*',
  'sys/rotate',
  'sys/config/cors',
  'sys/config/auditing/*',
  'sys/config/ui/headers/*',
  'sys/plugins/catalog/*',
  'sys/revoke-prefix/*',
  'sys/revoke-force/*',
  'sys/leases/revoke-prefix/*',
  'sys/leases/revoke-force/*',
  'sys/leases/lookup/*',
  'sys/leases',
  'sys/internal/inspect/*',
  'sys/seal',
  'sys/step-down',
]

const replication = ['', '/performance', '/dr']

const byProduct: Readonly<Record<Product, readonly string[]>> = {
  vault: [
    'auth/token/revoke-orphan',
    'auth/token/accessors/',
    'sys/plugins/runtimes/catalog/*',
    'sys/storage/raft/snapshot-auto/config/*',
    'sys/internal/counters/activity/export',
    ...replication.flatMap((kind) => [
      `sys/replication${kind}/primary/secondary-token`,
      `sys/replication${kind}/reindex`,
    ]),
  ],
  openbao: ['auth/token/revoke-orphan/*', 'auth/token/accessors*', 'sys/rotate/keyring', 'sys/rotate/root'],
}

/** All of them, as a policy would write them. */
export function sudoPaths(server: ServerVersion): readonly string[] {
  return [...common, ...byProduct[server.product]]
}

const indexes = new Map<Product, { readonly exact: ReadonlySet<string>; readonly prefixes: readonly string[] }>()

/**
 * Whether the server asks for `sudo` on this path, whatever is done there. A list's path has its slash. Of secret engines
 * only pki has such paths (`root` and `root/sign-self-issued` of its mount), which this does not know.
 */
export function requiresSudo(path: string, server: ServerVersion): boolean {
  const { exact, prefixes } = indexOf(server.product)
  return exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix))
}

function indexOf(product: Product) {
  const known = indexes.get(product)
  if (known !== undefined) return known
  const paths = [...common, ...byProduct[product]]
  const index = {
    exact: new Set(paths.filter((path) => !path.endsWith('*'))),
    prefixes: paths.filter((path) => path.endsWith('*')).map((path) => path.slice(0, -1)),
  }
  indexes.set(product, index)
  return index
}
