import type { JsonValue } from '../../core/json.ts'
import { meets, type ServerVersion } from '../../core/version.ts'
import type { AccessRequest, Denial, MergedRule } from './decision.ts'

/**
 * Whether a list asks for more names at once than its rule allows; OpenBao only. Without `limit` the server puts in the
 * rule's own, unless the rule requires the parameter. Source: openbao vault/policy/acl.go, AllowOperation.
 */
export function paginationDenial(
  { paginationLimit: limit, requiredParameters = [] }: MergedRule,
  { parameters = {} }: AccessRequest,
  server: ServerVersion,
): Denial | undefined {
  if (limit === undefined || limit <= 0) return undefined
  const asked = Object.hasOwn(parameters, 'limit') ? parameters['limit'] : undefined
  if (asked === undefined) {
    const required = requiredParameters.find((name) => name.toLowerCase() === 'limit')
    return required === undefined ? undefined : { why: 'required parameter', parameter: required }
  }
  if (asked === 'max') return undefined
  const number = integerOf(asked)
  const negative = number !== undefined && number < 0 && meets(server, { openbao: '2.6.1' })
  return number === undefined || number > limit || negative ? { why: 'pagination limit', limit } : undefined
}

function integerOf(value: JsonValue): number | undefined {
  if (typeof value !== 'string') return undefined
  if (value === '') return 0
  return /^[+-]?\d+$/.test(value) ? Number(value) : undefined
}
