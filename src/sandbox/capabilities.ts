import { capabilitiesOf } from '../access/acl/capabilities.ts'
import type { JsonValue } from '../core/json.ts'
import { aclOf } from './acl.ts'
import { type Answer, refuse, repeatedData, severalErrors } from './answers.ts'
import { type Input, listOf, type Route, textOf } from './routes.ts'
import type { State } from './state.ts'
import { findByAccessor, findToken, type Token } from './token.ts'

/** `sys/capabilities` in its three forms (vault logical_system.go, capabilities.go). */
export function capabilityRoutes(state: State): Route[] {
  const fields = {
    paths: 'comma string slice',
    path: 'comma string slice',
    token: 'string',
    accessor: 'string',
  } as const
  return [
    {
      pattern: /^capabilities-self$/,
      fields,
      handlers: { write: ({ input, caller }) => capabilities(state, input, caller.token?.id ?? '') },
    },
    {
      pattern: /^capabilities-accessor$/,
      fields,
      handlers: { write: ({ input }) => capabilities(state, input, named(state, input).id) },
    },
    {
      pattern: /^capabilities$/,
      fields,
      handlers: { write: ({ input }) => capabilities(state, input, textOf(input, 'token')) },
    },
  ]
}

function named(state: State, input: Input): Token {
  const accessor = textOf(input, 'accessor')
  if (accessor === '') refuse('missing accessor')
  return findByAccessor(state, accessor) ?? refuse(severalErrors('invalid accessor'))
}

function capabilities(state: State, input: Input, id: string): Answer {
  if (id === '') refuse(severalErrors('no token found'), 500)
  const given = listOf(input, 'paths')
  const paths = given.length > 0 ? given : listOf(input, 'path')
  if (paths.length === 0) refuse('paths must be supplied')
  if (paths.includes('')) refuse(severalErrors('missing path'))
  const token = findToken(state, id) ?? refuse(severalErrors('invalid token'))
  const acl = aclOf(state, token)
  if (acl.failure !== undefined) refuse(severalErrors(acl.failure.error), 500)
  const result: Record<string, JsonValue> = Object.fromEntries(paths.map((path) => [path, capabilitiesOf(acl, path)]))
  return repeatedData(
    paths.length === 1 ? { ...result, capabilities: result[paths[0] as string] as JsonValue } : result,
  )
}
