import { isObject } from '../core/json.ts'
import { VaultError } from '../core/server.ts'
import { scrub } from './scrub.ts'
import { wordsOf } from './words.ts'

/**
 * A rejection of the client library as our own error, which keeps nothing of it: such errors may hold the request and
 * with it the token. Undefined for "nothing there": a 404 whose list of errors is empty.
 */
export function toVaultError(
  error: unknown,
  method: string,
  path: string,
  secrets: ReadonlySet<string>,
): VaultError | undefined {
  if (error instanceof VaultError)
    return new VaultError(
      error.status,
      method,
      path,
      error.errors.map((text) => scrub(text, secrets)),
      error.tokenRefused,
    )
  const response = (error as { response?: { statusCode?: unknown; body?: unknown } }).response
  if (typeof response?.statusCode !== 'number') throw error
  const body = response.body
  const said = isObject(body) && Array.isArray(body['errors']) ? body['errors'] : undefined
  const errors = wordsOf(said ?? []).flatMap(sentences)
  if (response.statusCode === 404 && errors.length === 0 && isServersOwn(body)) return undefined
  // Policies deny in a list of errors, even of one. A bare text is about the token: there is none, it is for other networks, or
  // its entity is disabled; and OpenBao says no more of one that it does not know, of which Vault says "invalid token"
  // (request_handling.go of both, fetchACLTokenEntryAndEntity and CheckToken). A login is refused for other reasons.
  const bare = said?.length === 1 && said[0] === 'permission denied' && !path.endsWith('/login')
  const tokenRefused = response.statusCode === 403 && (bare || errors.includes('invalid token'))
  const reasons = errors.length > 0 ? errors : [`status ${response.statusCode}, without a reason`]
  return new VaultError(
    response.statusCode,
    method,
    path,
    reasons.map((text) => scrub(text, secrets)),
    tokenRefused,
  )
}

/**
 * A gateway's 404 about a server that it cannot find says nothing about what is on that server. The server's has a list of
 * errors, or is an answer like any other, as of a secret whose version is deleted (vault http/handler.go, logical.go).
 */
function isServersOwn(body: unknown): boolean {
  return isObject(body) && (Array.isArray(body['errors']) || typeof body['request_id'] === 'string')
}

/** Go's multierror prints "2 errors occurred:\n\t* one\n\t* two\n\n"; the words are what remains. */
function sentences(text: string): string[] {
  const list = /^\d+ errors? occurred:\s*\* ([\s\S]*)$/.exec(text.trim())
  return list === null ? [text.trim()] : (list[1] as string).split(/\n\s*\* /).map((part) => part.trim())
}
