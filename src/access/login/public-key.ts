import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'

/**
 * Why a text is no public key that the servers take; undefined where it is one. Broken contents of a block have words of
 * their own, which are not known here (sdk/helper/certutil ParsePublicKeyPEM).
 */
export function refusePublicKey(pem: string): string | undefined {
  const [block, , body = ''] = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/.exec(pem) ?? []
  const none = 'data does not contain any valid public keys'
  if (block === undefined) return none
  if (pem.slice(pem.indexOf(block) + block.length).trim() !== '')
    return 'unexpected trailing data after parsed PEM block'
  return isTaken(Buffer.from(body.replace(/^[^\n]*:.*$/gm, ''), 'base64')) ? undefined : none
}

/** What a block is called, as in "BEGIN RSA PUBLIC KEY", does not count: what is in it does. */
function isTaken(der: Buffer): boolean {
  try {
    return ['rsa', 'ec', 'ed25519'].includes(keyIn(der).asymmetricKeyType ?? '')
  } catch {
    return false
  }
}

function keyIn(der: Buffer): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    return new X509Certificate(der).publicKey
  }
}
