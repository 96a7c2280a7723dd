import type { Product, ServerInfo } from './server.ts'

/** Whose rules hold: products and versions differ in what they accept and allow. */
export type ServerVersion = Pick<ServerInfo, 'product' | 'version'>

/** The first version of each product that has something; a product that is not named lacks it. */
export type Requirement = Readonly<Partial<Record<Product, string>>>

/** The newest version of each product whose rules are known here. */
export const newestServers: Readonly<Record<Product, ServerVersion>> = {
  vault: { product: 'vault', version: '1.21.0' },
  openbao: { product: 'openbao', version: '2.6.1' },
}

/** What is taken for granted where nobody says which server it is. */
export const assumedServer: ServerVersion = newestServers.vault

/** `vault@1.21.0` or `openbao@2.6`; undefined for anything else. */
export function parseServerVersion(text: string): ServerVersion | undefined {
  const [, product, version] = /^(vault|openbao)@v?(\d+\.\d+(?:\.\d+)?(?:[-+][\w.+-]+)?)$/.exec(text) ?? []
  return version === undefined ? undefined : { product: product as Product, version }
}

export const productNames: Readonly<Record<Product, string>> = { vault: 'Vault', openbao: 'OpenBao' }

/** Numeric comparison of dotted versions; what follows `-` or `+` (`1.21.0+ent`, `2.6.0-beta1`) does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(
    (version) => version.replace(/^v/, '').split(/[-+]/, 1)[0]?.split('.').map(Number) ?? [],
  )
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export function meets(server: ServerVersion, requirement: Requirement | undefined): boolean {
  if (requirement === undefined) return true
  const since = requirement[server.product]
  return since !== undefined && compareVersions(server.version, since) >= 0
}

/** Vault's Enterprise edition as its version says it: `1.21.0+ent`, `1.19.3+ent.hsm`; once `+prem`. */
export function isEnterprise({ product, version }: ServerVersion): boolean {
  return product === 'vault' && /\+(?:ent|prem)\b/.test(version)
}

/**
 * Any other server takes the header X-Vault-Namespace without a word and acts in the root namespace (vault
 * http/handler.go of the open-source code; openbao v2.2.0 http/handler.go, which v2.3.1 changed).
 */
export function hasNamespaces(server: ServerVersion): boolean {
  return isEnterprise(server) || meets(server, { openbao: '2.3' })
}

/** "OpenBao 2.1 or later": who has what the requirement asks for. */
export function describeRequirement(requirement: Requirement): string {
  return (Object.entries(requirement) as [Product, string][])
    .map(([product, since]) => (since === '0' ? productNames[product] : `${productNames[product]} ${since} or later`))
    .join(' or ')
}
