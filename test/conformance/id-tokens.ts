import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const strangers = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** The key that the stories' mounts trust, made for this run. */
export const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()

/** Claims over the default ones; undefined leaves one out. */
export type Claims = Readonly<Record<string, JsonValue | undefined>>

/** Seconds since 1970, so many from now. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds
}

/** A job's ID token, signed by the key that the stories' mounts trust. */
export function idToken(claims: Claims = {}): Promise<string> {
  return signed(claims, pair.privateKey)
}

/** The same, signed by somebody else. */
export function strangersToken(claims: Claims = {}): Promise<string> {
  return signed(claims, strangers.privateKey)
}

function signed(claims: Claims, key: Parameters<SignJWT['sign']>[0]): Promise<string> {
  const whole: Claims = {
    iss: 'https://gitlab.example.com',
    sub: 'project_path:group/app:ref_type:branch:ref:main',
    aud: 'https://vault',
    iat: inSeconds(0),
    nbf: inSeconds(-5),
    exp: inSeconds(3600),
    project_id: '42',
    project_path: 'group/app',
    ref: 'main',
    ref_protected: 'true',
    ...claims,
  }
  return new SignJWT(whole as JsonObject).setProtectedHeader({ alg: 'RS256', kid: 'of-this-run', typ: 'JWT' }).sign(key)
}
