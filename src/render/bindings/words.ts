import type { Binding, EnvironmentBindings } from '../../access/why/bindings.ts'
import { serverText } from '../access/answer.ts'
import { besides, claimWords } from '../access/matrix-words.ts'

/** The words of the binding table; each format escapes them in its own way. */

/** "https://vault.example.com, namespace team, by the rules of Vault 1.21.0". */
export function whereWords(of: EnvironmentBindings): string {
  const namespace = of.namespace ? `, namespace ${of.namespace}` : ''
  return `${of.address ?? 'the server that VAULT_ADDR names'}${namespace}, by the rules of ${serverText(of)}`
}

/** Without bound claims, everybody of the issuer gets in: that is said. */
export function boundWords({ row }: Binding): string {
  const subject = row.subject === undefined ? [] : [`sub: ${JSON.stringify(row.subject)}`]
  const bound = [...subject, ...(Object.keys(row.claims).length === 0 ? [] : [claimWords(row)])]
  return bound.length === 0 ? 'no claims' : bound.join(', ')
}

export interface SecretWords {
  readonly variable: string
  /** The API path, and the engine where it is not the usual one. */
  readonly path: string
  readonly field: string
  readonly as: string
}

export function secretWords({ secrets }: Binding): readonly SecretWords[] {
  return Object.entries(secrets).map(([variable, { apiPath, field, file = true, engine }]) => ({
    variable,
    path: `${apiPath}${engine === 'kv-v2' ? '' : ` (${engine})`}`,
    field,
    as: file ? 'file' : 'value',
  }))
}

/** What is said of a role whose jobs read by themselves; what its policies grant is the access matrix's to tell. */
export function noSecrets({ row }: Binding): readonly string[] {
  const paths = row.grants.length === 1 ? '1 path' : `${row.grants.length} paths`
  return [`no secrets declared; its policies have ${paths}`, ...besides(row).map((text) => `and ${text}`)]
}
