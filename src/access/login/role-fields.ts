import { meets, type Requirement, type ServerVersion } from '../../core/version.ts'
import { convertField, type FieldType } from './field-values.ts'
import type { Written, WrittenObject } from './json-number.ts'

/** A field of a write: its type, and which servers have it; the others drop it without a word. */
interface WrittenField {
  readonly type: FieldType
  readonly requires?: Requirement
}

export type WrittenFields = Readonly<Record<string, WrittenField>>

const openbao20: Requirement = { openbao: '2.0' }
const openbao21: Requirement = { openbao: '2.1' }

/** Of a JWT role, old names included (vault-plugin-auth-jwt path_role.go, sdk/helper/tokenutil). */
export const roleFields: WrittenFields = {
  role_type: { type: 'string' },
  policies: { type: 'comma string slice' },
  num_uses: { type: 'int' },
  ttl: { type: 'duration' },
  max_ttl: { type: 'duration' },
  period: { type: 'duration' },
  bound_cidrs: { type: 'comma string slice' },
  expiration_leeway: { type: 'signed duration' },
  not_before_leeway: { type: 'signed duration' },
  clock_skew_leeway: { type: 'signed duration' },
  bound_subject: { type: 'string' },
  bound_audiences: { type: 'comma string slice' },
  bound_claims_type: { type: 'string' },
  bound_claims: { type: 'map' },
  claim_mappings: { type: 'key-value pairs' },
  user_claim: { type: 'string' },
  user_claim_json_pointer: { type: 'bool' },
  groups_claim: { type: 'string' },
  oidc_scopes: { type: 'comma string slice' },
  allowed_redirect_uris: { type: 'comma string slice' },
  verbose_oidc_logging: { type: 'bool' },
  max_age: { type: 'duration' },
  token_bound_cidrs: { type: 'comma string slice' },
  token_explicit_max_ttl: { type: 'duration' },
  token_max_ttl: { type: 'duration' },
  token_no_default_policy: { type: 'bool' },
  token_period: { type: 'duration' },
  token_policies: { type: 'comma string slice' },
  token_type: { type: 'string' },
  token_ttl: { type: 'duration' },
  token_num_uses: { type: 'int' },
  token_strictly_bind_ip: { type: 'bool', requires: openbao20 },
  token_policies_template_claims: { type: 'bool', requires: openbao21 },
  callback_mode: { type: 'string', requires: openbao21 },
  poll_interval: { type: 'int', requires: openbao21 },
  oauth2_metadata: { type: 'comma string slice', requires: openbao21 },
  oidc_disable_confirmation: { type: 'bool', requires: { openbao: '2.5.2' } },
}

/** What came of the fields that were written; a field that is not here counts as not written. */
export type FieldData = ReadonlyMap<string, Written>

/**
 * Every field in its type. Where several cannot be converted, the server names one at random: all its possible texts
 * (sdk/framework field_data.go Validate; a role is first looked at by the existence check, whose words stand alone).
 */
export function convertFields(
  server: ServerVersion,
  fields: WrittenFields,
  written: WrittenObject,
): { readonly data: FieldData } | { readonly refused: readonly string[] } {
  const data = new Map<string, Written>()
  const refused: string[] = []
  for (const name of Object.keys(written)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    const value = written[name]
    if (field === undefined || value === undefined || (field.requires && !meets(server, field.requires))) continue
    const converted = convertField(server.product, field.type, value)
    if ('error' in converted) refused.push(`error converting input for field "${name}": ${converted.error}`)
    else if (converted.value !== undefined) data.set(name, converted.value)
  }
  return refused.length > 0 ? { refused } : { data }
}

export function textOf(data: FieldData, name: string): string {
  return (data.get(name) as string | undefined) ?? ''
}

export function numberOf(data: FieldData, name: string): number {
  return (data.get(name) as number | undefined) ?? 0
}

export function flagOf(data: FieldData, name: string): boolean {
  return data.get(name) === true
}

/** Undefined where it was not written. */
export function listOf(data: FieldData, name: string): readonly string[] | undefined {
  return data.get(name) as readonly string[] | undefined
}
