import { readWrittenRole } from '../access/login/role.ts'
import { type Answer, empty, refuse, severalErrors, written } from './answers.ts'
import type { FieldType } from './field-types.ts'
import { lifetimeOf } from './lifetime.ts'
import { type Call, type Route, textOf } from './routes.ts'
import { type State, systemTtl } from './state.ts'
import { findByAccessor, findLiving, findToken, type Token } from './token.ts'
import { authAnswer, lookupAnswer } from './token-auth.ts'
import { createToken, creationFields } from './token-create.ts'
import { effectiveTtls } from './tune.ts'

/** `auth/token`: making, looking up, renewing and revoking tokens (vault token_store.go). */
export function tokenRoutes(state: State): Route[] {
  const own = (call: Call) => lookup(state, callerOf(call).id)
  const named = (call: Call) => lookup(state, textOf(call.input, 'token') || callerOf(call).id)
  return [
    writing(/^create$/, creationFields, (call) => createToken(state, call, callerOf(call))),
    writing(/^create-orphan$/, creationFields, (call) => createToken(state, call, callerOf(call), true)),
    { pattern: /^lookup-self$/, handlers: { read: own, write: own } },
    { pattern: /^lookup$/, fields: { token: 'string' }, handlers: { read: named, write: named } },
    writing(/^lookup-accessor$/, { accessor: 'string' }, (call) => lookupAnswer(state, byAccessor(state, call), '')),
    writing(/^renew-self$/, { increment: 'duration' }, (call) => renew(state, call, callerOf(call))),
    writing(/^renew$/, { token: 'string', increment: 'duration' }, (call) => {
      const id = textOf(call.input, 'token')
      if (id === '') refuse('missing token ID')
      return renew(state, call, findToken(state, id) ?? refuse('token not found'))
    }),
    writing(/^revoke-self$/, {}, (call) => revoke(state, callerOf(call))),
    writing(/^revoke$/, { token: 'string' }, ({ input }) => {
      const id = textOf(input, 'token')
      if (id === '') refuse('missing token ID')
      return revoke(state, findToken(state, id))
    }),
    writing(/^revoke-accessor$/, { accessor: 'string' }, ({ input }) => {
      const accessor = textOf(input, 'accessor')
      if (accessor === '') refuse('missing accessor')
      const token = findByAccessor(state, accessor)
      return token === undefined ? written(['No token found with this accessor']) : revoke(state, token)
    }),
  ]
}

function writing(pattern: RegExp, fields: Route['fields'] & object, write: (call: Call) => Answer): Route {
  return { pattern, fields: fields as Readonly<Record<string, FieldType>>, handlers: { write } }
}

function callerOf({ caller: { token } }: Call): Token {
  return token ?? refuse('missing client token')
}

function lookup(state: State, id: string): Answer {
  return lookupAnswer(state, findLiving(state, id) ?? refuse('bad token', 403))
}

function byAccessor(state: State, { input }: Call): Token {
  const accessor = textOf(input, 'accessor')
  if (accessor === '') refuse('missing accessor')
  return findByAccessor(state, accessor) ?? refuse(severalErrors('invalid accessor'))
}

function revoke(state: State, token: Token | undefined): Answer {
  if (token?.type === 'batch') refuse('batch tokens cannot be revoked')
  if (token !== undefined) state.tokens.delete(token.id)
  return empty
}

/** From now on, for as long as is asked, within what the token may live in all (vault expiration.go RenewToken). */
function renew(state: State, { input }: Call, token: Token): Answer {
  if (token.type === 'batch') refuse('batch tokens cannot be renewed')
  if (!token.renewable) refuse('lease is not renewable')
  const increment = (input.get('increment') ?? 0) as number
  const now = state.now()
  const { ttl, warnings } = lifetimeOf({ ...limitsOf(state, token), increment, age: (now - token.createdAt) / 1000 })
  token.renewedAt = now
  token.expiresAt = now + ttl * 1000
  return authAnswer(token, ttl, warnings)
}

/** Of a login's token the role decides again, as it is now. */
function limitsOf(state: State, token: Token) {
  const { explicitMaxTtl } = token
  if (token.role === undefined)
    return { defaultTtl: systemTtl, maxTtl: systemTtl, ttl: 0, explicitMaxTtl, period: token.period }
  const mount = [...state.mounts.values()].find(({ path }) => token.path === `auth/${path}login`)
  const written = mount?.roles.get(token.role)
  const role = written && readWrittenRole(state, written)
  if (mount === undefined || role === undefined) return refuse(`role ${token.role} does not exist during renewal`)
  const { default_lease_ttl: defaultTtl, max_lease_ttl: maxTtl } = effectiveTtls(mount)
  const { ttl, maxTtl: roleMaxTtl, period } = role.token
  return { defaultTtl, maxTtl, ttl, roleMaxTtl, explicitMaxTtl, period }
}
