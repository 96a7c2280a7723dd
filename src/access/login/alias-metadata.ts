import { quote } from './go-text.ts'

const maxPairs = 64
const maxKey = 128
const maxValue = 512

/**
 * Why a user cannot be given this metadata; every text that the server could pick. It asks only when it meets a user for
 * the first time: who logged in before, through whichever role of the mount, gets in (vault/identity_store_util.go
 * validateMetadata, CreateOrFetchEntity). Lengths are bytes.
 */
export function refuseMetadata(metadata: Readonly<Record<string, string>>): readonly string[] {
  const pairs = Object.entries(metadata)
  if (pairs.length > maxPairs)
    return [`invalid alias metadata: metadata cannot contain more than ${maxPairs} key/value pairs`]
  return pairs.flatMap(([key, value]) => {
    const reason = refusePair(key, value)
    if (reason === undefined) return []
    return [`invalid alias metadata: failed to load metadata pair (${quote(key)}, ${quote(value)}): ${reason}`]
  })
}

function refusePair(key: string, value: string): string | undefined {
  if (key === '') return 'key cannot be blank'
  if (!/^[a-zA-Z0-9=/+_-]+$/.test(key)) return 'key contains invalid characters'
  if (key.length > maxKey) return `key is too long (limit: ${maxKey} characters)`
  if (key.startsWith('vault-')) return 'key prefix "vault-" is reserved for internal use'
  return Buffer.byteLength(value) > maxValue ? `value is too long (limit: ${maxValue} characters)` : undefined
}
