import type { JsonValue } from '../core/json.ts'
import { type Answer, data, empty, refuse, repeatedData, severalErrors } from './answers.ts'
import { type Input, listOf, type Route, textOf } from './routes.ts'
import type { State } from './state.ts'

/** The sandbox knows one token, the root token; it may do everything until it revokes itself. */

/** Throws Refusal unless the token is good, in the server's words. */
export function authorize(state: State, token: string | undefined): void {
  if (token === undefined || token === '') refuse('permission denied', 403)
  if (token !== state.token.id || state.token.revoked) refuse(severalErrors('permission denied', 'invalid token'), 403)
}

export function tokenRoutes(state: State): Route[] {
  return [
    { pattern: /^lookup-self$/, handlers: { read: () => lookup(state), write: () => lookup(state) } },
    {
      pattern: /^lookup$/,
      fields: { token: 'string' },
      handlers: { write: ({ input }) => knownToken(state, input, 403, 'bad token') ?? lookup(state) },
    },
    {
      pattern: /^revoke-self$/,
      handlers: {
        write: () => {
          state.token.revoked = true
          return empty
        },
      },
    },
  ]
}

export function capabilityRoutes(state: State): Route[] {
  const fields = { paths: 'comma-list', path: 'comma-list', token: 'string' } as const
  return [
    { pattern: /^capabilities-self$/, fields, handlers: { write: ({ input }) => capabilities(input) } },
    {
      pattern: /^capabilities$/,
      fields,
      handlers: {
        write: ({ input }) => {
          if (textOf(input, 'token') === '') refuse(severalErrors('no token found'), 500)
          return knownToken(state, input, 400, severalErrors('invalid token')) ?? capabilities(input)
        },
      },
    },
  ]
}

function knownToken(state: State, input: Input, status: number, words: string): undefined {
  if (textOf(input, 'token') !== state.token.id) refuse(words, status)
}

function capabilities(input: Input): Answer {
  const named = listOf(input, 'paths')
  const paths = named.length > 0 ? named : listOf(input, 'path')
  if (paths.length === 0) refuse('paths must be supplied')
  const result: Record<string, JsonValue> = Object.fromEntries(paths.map((path) => [path, ['root']]))
  return repeatedData(paths.length === 1 ? { ...result, capabilities: ['root'] } : result)
}

function lookup({ token, startedAt }: State): Answer {
  return data({
    accessor: token.accessor,
    creation_time: Math.floor(startedAt.getTime() / 1000),
    creation_ttl: 0,
    display_name: 'token',
    entity_id: '',
    expire_time: null,
    explicit_max_ttl: 0,
    id: token.id,
    issue_time: startedAt.toISOString(),
    meta: null,
    num_uses: 0,
    orphan: true,
    path: 'auth/token/create',
    policies: ['root'],
    renewable: false,
    ttl: 0,
    type: 'service',
  })
}
