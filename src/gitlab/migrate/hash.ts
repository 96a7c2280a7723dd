import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * Keyed hashes of values. A plain hash of a short password is found by trying; with a key of 32 random bytes, which is
 * thrown away after the run, a hash says nothing but "equal" or "different", and that only within one inventory.
 */
export interface Hasher {
  /** Null where the key is not kept: then no later run can make the same hashes. */
  readonly keyId: string | null
  hash(value: string): string
}

/** @param kept a key that the user keeps, at least 32 bytes; a random one otherwise */
export function hasher(kept?: Buffer): Hasher {
  const key = kept ?? randomBytes(32)
  const mac = (what: string, text: string) => createHmac('sha256', key).update(`${what}\0${text}`).digest('hex')
  return {
    keyId: kept === undefined ? null : mac('key', '').slice(0, 16),
    hash: (value) => mac('value', value),
  }
}

/** How two values compare; neither is in the answer. */
export type Comparison = 'equal' | 'line-ends' | 'different'

/** Equal by keyed hash, with a key of this one comparison. Vault's web interface and shells like to add a line break. */
export function compareValues(one: string, other: string): Comparison {
  const { hash } = hasher()
  if (sameHash(hash(one), hash(other))) return 'equal'
  return sameHash(hash(plainEnds(one)), hash(plainEnds(other))) ? 'line-ends' : 'different'
}

export function sameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function plainEnds(value: string): string {
  return value.replace(/\r\n/g, '\n').replace(/\n+$/, '')
}
