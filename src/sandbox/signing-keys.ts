import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { signatureAlgorithms } from '../access/login/config.ts'
import type { JsonObject } from '../core/json.ts'
import { refuse } from './answers.ts'
import { keySetsOf, keysOf } from './key-sets.ts'
import { claimsOf, isSignedBy, parseSigned, type SignedToken } from './signature.ts'
import type { State } from './state.ts'

/** A token that is signed by a key that the mount trusts. */
export interface VerifiedToken {
  readonly alg: string
  readonly claims: JsonObject
}

/**
 * Verifies the signature as the mount's configuration asks: with its own keys, or with those of the issuer, which only a
 * sandbox that was started to do so fetches. Of several sets one has to fit, and the last one says why none did (cap/jwt
 * jwt.go validateAll). Throws Refusal in the server's words (cap/jwt keyset.go, go-oidc jwks.go).
 */
export async function verifySignature(state: State, config: JsonObject, jwt: string): Promise<VerifiedToken> {
  const pems = (config['jwt_validation_pubkeys'] ?? []) as readonly string[]
  return pems.length > 0 ? verifyStatic(pems, jwt) : verifyFetched(state, config, jwt)
}

function wrong(reason: string): never {
  return refuse(`error validating token: error verifying token signature: ${reason}`)
}

function verifyStatic(pems: readonly string[], jwt: string): VerifiedToken {
  const parsed = parseSigned(jwt)
  if ('error' in parsed) return wrong(parsed.error)
  const { token } = parsed
  const claims = pems.some((pem) => isSignedBy(publicKey(pem), token)) ? claimsOf(token) : undefined
  return claims === undefined
    ? wrong('no known key successfully validated the token signature')
    : { alg: token.alg, claims }
}

const publicKeys = new Map<string, KeyObject>()

function publicKey(pem: string): KeyObject {
  const key = publicKeys.get(pem) ?? createPublicKey(pem)
  publicKeys.set(pem, key)
  return key
}

async function verifyFetched(state: State, config: JsonObject, jwt: string): Promise<VerifiedToken> {
  const sets = await keySetsOf(state, config)
  if ('error' in sets) return refuse(`error configuring token validator: ${sets.error}`)
  const token = parseFetched(jwt)
  let reason = ''
  for (const set of sets) {
    const keys = await keysOf(state, set)
    if ('error' in keys) reason = keys.error
    else if (!keys.some((key) => fits(key, token))) reason = 'failed to verify id token signature'
    else return { alg: token.alg, claims: claimsOf(token) ?? wrong('json: cannot unmarshal the claims') }
  }
  return wrong(reason)
}

/** The library that fetches keys looks at the algorithm before it does. */
function parseFetched(jwt: string): SignedToken {
  const parsed = parseSigned(jwt)
  if ('error' in parsed) return wrong(`oidc: malformed jwt: ${parsed.error}`)
  const { token } = parsed
  if (signatureAlgorithms.includes(token.alg)) return token
  const expected = signatureAlgorithms.map((alg) => JSON.stringify(alg)).join(' ')
  return wrong(
    `oidc: malformed jwt: unexpected signature algorithm ${JSON.stringify(token.alg)}; expected [${expected}]`,
  )
}

function fits(jwk: JsonObject, token: SignedToken): boolean {
  if (token.kid !== '' && jwk['kid'] !== token.kid) return false
  try {
    return isSignedBy(createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }), token)
  } catch {
    return false
  }
}
