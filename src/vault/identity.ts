import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { parseJsonText } from '../core/json-text.ts'
import { VaultError } from '../core/server.ts'
import type { Requester } from './requester.ts'
import type { Login } from './session.ts'

/** Whose token it is, as far as policies and roles go. */
export interface TokenIdentity {
  /** Those of its identity included. */
  readonly policies: readonly string[]
  /** The role that it came by, where it came by one of a mount in this namespace. */
  readonly login?: {
    readonly mount: string
    readonly role: string
    /** The ID token's, where this run has it. */
    readonly claims?: JsonObject
    /** The ID token's `alg`. */
    readonly alg?: string
  }
}

/** Of a token that a login has just given. */
export function identityOfLogin({ jwt, role, mount }: Login, policies: readonly string[]): TokenIdentity {
  const [head, claims] = jwt.split('.').slice(0, 2).map(decoded)
  const alg = head?.['alg']
  return {
    policies,
    login: { mount, role: role.toLowerCase(), ...(claims && { claims }), ...(typeof alg === 'string' && { alg }) },
  }
}

/** The server has verified it already. */
function decoded(part: string): JsonObject | undefined {
  try {
    const value: unknown = parseJsonText(Buffer.from(part, 'base64url').toString())
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * Of the token that requests are sent with. Undefined where it may not ask, or belongs to another namespace, whose
 * policies are not those of this one. Throws VaultError.
 */
export async function lookUpIdentity(ask: Requester, namespace: string): Promise<TokenIdentity | undefined> {
  const data = await lookUp(ask)
  if (data === undefined || namespaceOf(data) !== namespace) return undefined
  const policies = [...texts(data['policies']), ...texts(data['identity_policies'])]
  const mount = /^auth\/(.+)\/login$/.exec(String(data['path']))?.[1]
  const role = isObject(data['meta']) ? data['meta']['role'] : undefined
  return {
    policies: [...new Set(policies)].sort(),
    ...(mount !== undefined && typeof role === 'string' && { login: { mount, role } }),
  }
}

async function lookUp(ask: Requester): Promise<JsonObject | undefined> {
  try {
    const data = (await ask('GET', 'auth/token/lookup-self'))?.['data']
    return isObject(data) ? data : undefined
  } catch (error) {
    if (error instanceof VaultError && error.status === 403) return undefined
    throw error
  }
}

/** Absent where the server has no namespaces. */
function namespaceOf({ namespace_path: path }: JsonObject): string {
  return typeof path === 'string' ? path.replace(/\/$/, '') : ''
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
