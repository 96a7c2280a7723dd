import { constants, type KeyObject, verify } from 'node:crypto'
import { isObject, type JsonObject } from '../core/json.ts'
import { hasRepeatedKey } from './body.ts'

/** A signed token in its compact form, taken apart; nothing in it is proved yet. */
export interface SignedToken {
  readonly alg: string
  readonly kid: string
  readonly critical: boolean
  /** What the signature is of. */
  readonly signed: Buffer
  readonly payload: Buffer
  readonly signature: Buffer
}

/** The server's words for what is no signed token (go-jose jws.go, jwt.go). */
export type Parsed = { readonly token: SignedToken } | { readonly error: string }

export function parseSigned(jwt: string): Parsed {
  const parts = jwt.replace(/\s/g, '').split('.')
  const [header = '', payload = '', signature = ''] = parts
  if (parts.length !== 3) return { error: 'go-jose/go-jose: compact JWS format must have three parts' }
  const wrong = parts.map(illegalAt).find((at) => at !== undefined)
  if (wrong !== undefined) return { error: `illegal base64 data at input byte ${wrong}` }
  const parsed = parseHeader(bytes(header).toString())
  if ('error' in parsed) return parsed
  return {
    token: {
      ...parsed,
      signed: Buffer.from(`${unpadded(header)}.${unpadded(payload)}`),
      payload: bytes(payload),
      signature: bytes(signature),
    },
  }
}

function unpadded(part: string): string {
  return part.replace(/=+$/, '')
}

function bytes(part: string): Buffer {
  return Buffer.from(unpadded(part), 'base64url')
}

/** Where Go's decoder stops: at a character that is none of the alphabet's, or at a last one that stands alone. */
function illegalAt(part: string): number | undefined {
  const text = unpadded(part)
  const strange = text.search(/[^A-Za-z0-9_-]/)
  if (strange >= 0) return strange
  return text.length % 4 === 1 ? text.length - 1 : undefined
}

type Header = Pick<SignedToken, 'alg' | 'kid' | 'critical'>

function parseHeader(text: string): Header | { readonly error: string } {
  if (text === '') return { alg: '', kid: '', critical: false }
  let header: unknown
  try {
    header = JSON.parse(text)
  } catch {
    return { error: `invalid character '${text[0]}' looking for beginning of value` }
  }
  if (header === null) return { alg: '', kid: '', critical: false }
  if (!isObject(header)) {
    const kind = Array.isArray(header) ? 'array' : typeof header === 'boolean' ? 'bool' : typeof header
    return { error: `json: cannot unmarshal ${kind} into Go value of type jose.rawHeader` }
  }
  return readHeader(header as JsonObject)
}

function readHeader({ alg = '', kid = '', crit }: JsonObject): Header | { readonly error: string } {
  for (const [value, what] of [
    [alg, 'algorithm'],
    [kid, 'key ID'],
  ] as const)
    if (typeof value !== 'string') {
      const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
      const text = JSON.stringify(value)
      const words = `json: cannot unmarshal ${kind} into Go value of type string: ${JSON.stringify(text)}`
      return { error: `failed to unmarshal ${what}: ${words}` }
    }
  return { alg: alg as string, kid: kid as string, critical: crit !== undefined }
}

const hashes: Readonly<Record<string, string>> = { 256: 'sha256', 384: 'sha384', 512: 'sha512' }

/** Whether the key made the signature, by the algorithm that the token itself names. */
export function isSignedBy(key: KeyObject, { alg, critical, signed, signature }: SignedToken): boolean {
  const hash = hashes[alg.slice(2)]
  const kind = key.asymmetricKeyType
  if (critical) return false
  if (alg === 'EdDSA') return kind === 'ed25519' && verify(null, signed, key, signature)
  if (hash === undefined) return false
  if (/^RS/.test(alg)) return kind === 'rsa' && verify(hash, signed, key, signature)
  if (/^ES/.test(alg)) return kind === 'ec' && verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
  if (!/^PS/.test(alg) || kind !== 'rsa') return false
  const [padding, saltLength] = [constants.RSA_PKCS1_PSS_PADDING, constants.RSA_PSS_SALTLEN_AUTO]
  return verify(hash, signed, { key, padding, saltLength }, signature)
}

/** The claims; undefined where the payload is none. The server's decoder takes no key twice and no number too large. */
export function claimsOf({ payload }: SignedToken): JsonObject | undefined {
  const text = payload.toString()
  try {
    if (hasRepeatedKey(text)) return undefined
    const claims = JSON.parse(text, (_, value) =>
      Number.isFinite(value) || typeof value !== 'number' ? value : fail(),
    )
    return claims === null ? {} : isObject(claims) ? claims : undefined
  } catch {
    return undefined
  }
}

function fail(): never {
  throw new Error('a number that is too large')
}
