import type { LoginCheck } from '../login/login.ts'

/** Which object says what a check expects, and in which field. */
export interface CheckPlace {
  readonly object: 'role' | 'config'
  readonly field: readonly string[]
}

export function placeOf({ check, claim }: LoginCheck): CheckPlace {
  const of = claim === undefined ? [] : [claim]
  switch (check) {
    case 'configuration':
      return { object: 'config', field: [] }
    case 'alg':
      return { object: 'config', field: ['jwt_supported_algs'] }
    case 'iss':
      return { object: 'config', field: ['bound_issuer'] }
    case 'role':
    case 'token':
    case 'times':
      return { object: 'role', field: [] }
    case 'sub':
      return { object: 'role', field: ['bound_subject'] }
    case 'aud':
      return { object: 'role', field: ['bound_audiences'] }
    case 'nbf':
      return { object: 'role', field: ['not_before_leeway'] }
    case 'exp':
      return { object: 'role', field: ['expiration_leeway'] }
    case 'iat':
      return { object: 'role', field: ['clock_skew_leeway'] }
    case 'claim_mappings':
    case 'bound_claims':
      return { object: 'role', field: [check, ...of] }
    case 'role_type':
    case 'token_bound_cidrs':
    case 'user_claim':
    case 'groups_claim':
      return { object: 'role', field: [check] }
    case 'policies':
      return { object: 'role', field: ['token_policies'] }
  }
}
