import { randomBytes } from 'node:crypto'
import { isWithin } from '../access/login/cidr.ts'
import { refuse, severalErrors } from './answers.ts'
import type { State } from './state.ts'

/** A token as the server keeps it (vault token_store.go). Moments are milliseconds since 1970, durations seconds. */
export interface Token {
  readonly id: string
  /** Empty for a batch token. */
  readonly accessor: string
  readonly type: 'service' | 'batch'
  /** Sorted. */
  readonly policies: readonly string[]
  /** The token it ends with; absent for an orphan. */
  readonly parent?: string
  /** Where it was made: `auth/token/create`, `auth/jwt/login`. */
  readonly path: string
  readonly displayName: string
  readonly meta: Readonly<Record<string, string>> | null
  readonly entityId: string
  readonly createdAt: number
  /** What it lived for at first; 0 for ever. */
  readonly ttl: number
  readonly explicitMaxTtl: number
  readonly period: number
  readonly renewable: boolean
  /** Of a login. */
  readonly role?: string
  readonly boundCidrs: readonly string[]
  /** Absent for never. */
  expiresAt?: number
  renewedAt?: number
  /** How often it could be used at first; 0 for any number. */
  readonly allUses: number
  /** How often it may still be used: 0 for any number, `spent` during its last use. */
  numUses: number
}

export const spent = -1

export function rootToken(id: string, startedAt: Date): Token {
  return {
    id,
    accessor: randomBytes(18).toString('base64url'),
    type: 'service',
    policies: ['root'],
    path: 'auth/token/create',
    displayName: 'token',
    meta: null,
    entityId: '',
    createdAt: startedAt.getTime(),
    ttl: 0,
    explicitMaxTtl: 0,
    period: 0,
    renewable: false,
    boundCidrs: [],
    allUses: 0,
    numUses: 0,
  }
}

export type NewToken = Omit<Token, 'id' | 'accessor' | 'createdAt' | 'expiresAt' | 'renewedAt' | 'numUses'> & {
  readonly id?: string
}

/** Makes a token whose life begins now. */
export function addToken(state: State, token: NewToken): Token {
  const createdAt = state.now()
  const batch = token.type === 'batch'
  const added: Token = {
    ...token,
    id: token.id ?? newId(state, batch),
    accessor: batch ? '' : randomBytes(18).toString('base64url'),
    createdAt,
    numUses: token.allUses,
    ...(token.ttl > 0 && { expiresAt: createdAt + token.ttl * 1000 }),
  }
  state.tokens.set(added.id, added)
  return added
}

/** Each product has a beginning of its own for service and for batch tokens. */
function newId({ product }: State, batch: boolean): string {
  const prefix = `${product === 'vault' ? 'hv' : ''}${batch ? 'b' : 's'}.`
  return `${prefix}${randomBytes(batch ? 96 : 48).toString('base64url')}`
}

/** The token with this id, if it is still one: neither expired, nor spent, nor ended with the token that made it. */
export function findToken(state: State, id: string): Token | undefined {
  const token = findLiving(state, id)
  return token?.numUses === spent ? undefined : token
}

/** The same, or one that is used for the last time just now: it can still be looked up. */
export function findLiving(state: State, id: string): Token | undefined {
  const token = state.tokens.get(id)
  if (token === undefined) return undefined
  const ended =
    (token.expiresAt !== undefined && token.expiresAt <= state.now()) ||
    (token.parent !== undefined && findToken(state, token.parent) === undefined)
  if (ended) state.tokens.delete(id)
  return ended ? undefined : token
}

export function findByAccessor(state: State, accessor: string): Token | undefined {
  const found = [...state.tokens.values()].find((token) => token.accessor === accessor && accessor !== '')
  return found && findToken(state, found.id)
}

/** Throws Refusal unless there is such a token and it may come from this address. */
export function goodToken(state: State, id: string, remoteAddress: string): Token {
  const token = id === '' ? refuse('permission denied', 403) : findToken(state, id)
  if (token === undefined) return refuse(invalidToken(state), 403)
  if (token.boundCidrs.length > 0 && !isWithin(remoteAddress, token.boundCidrs)) refuse('permission denied', 403)
  return token
}

/** Vault says why it denies (vault request_handling.go fetchACLTokenEntryAndEntity), OpenBao only that. */
function invalidToken({ product }: State): string {
  return product === 'vault' ? severalErrors('permission denied', 'invalid token') : 'permission denied'
}

/** Counts a use; whoever asks for the token after its last one finds none (token_store.go UseToken). */
export function useToken(token: Token): void {
  if (token.numUses > 0) token.numUses = token.numUses === 1 ? spent : token.numUses - 1
}

/** The service tokens that a mount gave end with it. */
export function revokeTokensOf(state: State, mount: string): void {
  for (const { id, path, type } of state.tokens.values())
    if (type === 'service' && path.startsWith(`auth/${mount}`)) state.tokens.delete(id)
}
