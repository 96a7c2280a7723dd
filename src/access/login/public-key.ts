import { createPublicKey } from 'node:crypto'

/**
 * Why a text is no public key that the servers take; undefined where it is one. Broken contents of a block have words of
 * their own, which are not known here (sdk/helper/certutil ParsePublicKeyPEM).
 */
export function refusePublicKey(pem: string): string | undefined {
  const [block, kind] = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/.exec(pem) ?? []
  const none = 'data does not contain any valid public keys'
  if (block === undefined) return none
  if (pem.slice(pem.indexOf(block) + block.length).trim() !== '')
    return 'unexpected trailing data after parsed PEM block'
  return (kind === 'PUBLIC KEY' || kind === 'CERTIFICATE') && isTaken(block) ? undefined : none
}

function isTaken(block: string): boolean {
  try {
    return ['rsa', 'ec', 'ed25519'].includes(createPublicKey(block).asymmetricKeyType ?? '')
  } catch {
    return false
  }
}
