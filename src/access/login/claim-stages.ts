import type { JsonObject, JsonValue } from '../../core/json.ts'
import { compareVersions, type ServerVersion } from '../../core/version.ts'
import { claimAt } from './claims.ts'
import { type JwtConfig, signatureAlgorithms } from './config.ts'
import type { LoginCheck } from './login.ts'
import { type RegisteredClaims, readRegistered } from './registered.ts'
import type { JwtRole } from './role.ts'
import { instant, validityOf } from './times.ts'

/** Checks of which the first that fails is the server's answer, or any of them where it goes through them at random. */
export interface Stage {
  readonly checks: readonly LoginCheck[]
  /** HTTP status of a failure; 400 where absent. */
  readonly status?: number
}

export interface ClaimInput {
  readonly server: ServerVersion
  readonly config: JwtConfig
  readonly role: JwtRole
  readonly claims: JsonObject
  readonly alg: string
  readonly now: number
}

/** A check as it stands; made to fail with the server's words where there are any. */
function checked(check: Omit<LoginCheck, 'ok' | 'error'>, error: string | undefined): Stage {
  return {
    checks: [error === undefined ? { ...check, ok: true } : { ...check, ok: false, error: `${prefix}${error}` }],
  }
}

const prefix = 'error validating token: '

/** The validator's checks, in its order (cap/jwt validateAll), and the plugin's own of "aud" after them. */
export function claimStages(input: ClaimInput): Stage[] {
  const registered = readRegistered(input.claims)
  const stages = 'error' in registered ? unreadable(registered, input) : readable(registered, input)
  return [algorithm(input), ...stages, unboundAudience(input)]
}

function algorithm({ config, alg }: ClaimInput): Stage {
  const expected = config.supportedAlgs.length > 0 ? config.supportedAlgs : signatureAlgorithms
  const error = 'invalid algorithm (alg) header parameter: token signed with unexpected algorithm'
  return checked(
    { check: 'alg', expected, comparison: 'one of', actual: alg },
    expected.includes(alg) ? undefined : error,
  )
}

/** One claim has the wrong type; the others are not looked at. */
function unreadable(
  { error, check }: { readonly error: string; readonly check: LoginCheck['check'] },
  { claims }: ClaimInput,
): Stage[] {
  const names = ['iss', 'sub', 'aud', 'times', 'nbf', 'exp', 'iat'] as const
  const stages = names
    .filter((name) => name !== check)
    .map((name) => ({ checks: [{ check: name, ok: true, skipped: true, ...actual(claims[name]) }] }))
  return [checked({ check, ...actual(claims[check]) }, error), ...stages]
}

function readable(registered: RegisteredClaims, { config, role, claims, now }: ClaimInput): Stage[] {
  const { boundIssuer } = config
  const { boundSubject, boundAudiences } = role
  const found = boundAudiences.length === 0 || boundAudiences.some((aud) => registered.aud.includes(aud))
  const validity = validityOf(registered, role)
  return [
    checked(
      { check: 'iss', ...equal(boundIssuer), ...actual(claims['iss']) },
      boundIssuer === '' || boundIssuer === registered.iss ? undefined : 'invalid issuer (iss) claim',
    ),
    checked(
      { check: 'sub', ...equal(boundSubject), ...actual(claims['sub']) },
      boundSubject === '' || boundSubject === registered.sub ? undefined : 'invalid subject (sub) claim',
    ),
    checked(
      {
        check: 'aud',
        ...(boundAudiences.length === 0 ? {} : { expected: boundAudiences, comparison: 'one of' }),
        ...actual(claims['aud']),
      },
      found ? undefined : 'invalid audience (aud) claim: audience claim does not match any expected audience',
    ),
    checked(
      { check: 'times', comparison: 'present' },
      validity === undefined
        ? 'no issued at (iat), not before (nbf), or expiration time (exp) claims in token'
        : undefined,
    ),
    ...times(validity, claims, now),
  ]
}

/** `expected` is the moment that the claim, or what stands in for it, is compared with. */
function times(validity: ReturnType<typeof validityOf>, claims: JsonObject, now: number): Stage[] {
  if (validity === undefined)
    return (['nbf', 'exp', 'iat'] as const).map((check) => ({ checks: [{ check, ok: true, skipped: true }] }))
  const [nbf, exp, iat] = [instant(validity.nbf), instant(validity.exp), instant(validity.iat)]
  const [latest, earliest] = [now + validity.clockSkew, now - validity.clockSkew]
  return [
    checked(
      { check: 'nbf', expected: latest, comparison: 'not after', ...actual(claims['nbf'] ?? nbf) },
      latest < nbf ? 'invalid not before (nbf) claim: token not yet valid' : undefined,
    ),
    checked(
      { check: 'exp', expected: earliest, comparison: 'not before', ...actual(claims['exp'] ?? exp) },
      earliest > exp ? 'invalid expiration time (exp) claim: token is expired' : undefined,
    ),
    checked(
      { check: 'iat', expected: latest, comparison: 'not after', ...actual(claims['iat']) },
      latest < iat ? 'invalid issued at (iat) claim: token issued in the future' : undefined,
    ),
  ]
}

/** A role without audiences takes no token that is meant for somebody (path_login.go). */
function unboundAudience({ server, role, claims }: ClaimInput): Stage {
  const aud = claimAt(server.product, claims, 'aud')
  const some = Array.isArray(aud) ? aud.length > 0 : typeof aud === 'string' && aud !== '' && refusesSingle(server)
  const ok = role.boundAudiences.length > 0 || !some
  const check = { check: 'aud', ...actual(claims['aud']) } as const
  return {
    checks: [
      ok ? { ...check, ok } : { ...check, ok, error: 'audience claim found in JWT but no audiences bound to the role' },
    ],
  }
}

/** Before these versions Vault overlooked an audience that is no list (CVE-2024-5798). */
function refusesSingle({ product, version }: ServerVersion): boolean {
  if (product === 'openbao') return true
  const since = compareVersions(version, '1.16') < 0 ? '1.15.9' : '1.16.3'
  return compareVersions(version, since) >= 0
}

function equal(expected: string): Pick<LoginCheck, 'expected' | 'comparison'> {
  return expected === '' ? {} : { expected, comparison: 'equal' }
}

function actual(value: JsonValue | undefined): Pick<LoginCheck, 'actual'> {
  return value === undefined ? {} : { actual: value }
}
