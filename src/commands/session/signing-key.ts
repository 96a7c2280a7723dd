import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Context } from './command.ts'

/** Makes ID tokens as GitLab does, for a server that trusts the key. */
export type Sign = (claims: JsonObject) => Promise<string>

/** Throws UserError for a file that holds no private key with which tokens can be signed. */
export async function readSigningKey(context: Context, file: string): Promise<Sign> {
  const pem = await readFile(resolve(context.cwd, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError([problem('unreadable', `${file} cannot be read (${error.code})`, 'Check the path.')])
  })
  const key = privateKey(pem)
  const alg = key && algorithmOf(key)
  if (key === undefined || alg === undefined)
    throw new UserError([
      problem(
        'not-a-key',
        `${file} holds no private key with which ID tokens can be signed`,
        'It must be PEM, without a passphrase: RSA, EC (P-256, P-384, P-521) or Ed25519. "openssl genrsa 2048" makes one.',
      ),
    ])
  const { SignJWT } = await import('jose')
  return (claims) => new SignJWT({ jti: randomUUID(), ...claims }).setProtectedHeader({ alg, typ: 'JWT' }).sign(key)
}

/** The reason is left out: it could quote the file. */
function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string | undefined {
  if (type === 'rsa') return 'RS256'
  if (type === 'ed25519') return 'EdDSA'
  if (type !== 'ec') return undefined
  return { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }[details?.namedCurve ?? '']
}
