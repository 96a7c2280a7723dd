import type { Operation as AclOperation } from '../access/acl/decision.ts'
import { withFloats } from '../access/login/json-number.ts'
import type { JsonObject } from '../core/json.ts'
import { isAllowed } from './acl.ts'
import { denied, type Rendered, refuse, render } from './answers.ts'
import { type Backend, backendOf } from './backends.ts'
import { type Caller, creates, dispatch, type Operation } from './routes.ts'
import type { State } from './state.ts'
import { goodToken, spent, type Token, useToken } from './token.ts'

/** A request as the server's core sees it. */
export interface CoreRequest {
  readonly operation: Operation
  /** A list's with its slash. */
  readonly path: string
  readonly body: JsonObject
  /** Empty where none was sent. */
  readonly token: string
  readonly remoteAddress: string
  /** Seconds; absent where no wrapping is asked for. */
  readonly wrapTtl?: number
}

/**
 * Answers a request in the name of its token: first whether there is such a token, then whether it may, then what is at
 * the path (vault request_handling.go handleRequest). Throws Refusal.
 */
export async function answerAs(state: State, request: CoreRequest): Promise<Rendered> {
  const { path, token: id, remoteAddress } = request
  const backend = backendOf(state, path)
  const anonymous = backend?.token === 'none' || (backend?.token === 'optional' && id === '')
  if (anonymous && backend !== undefined) return answered(state, backend, request, { remoteAddress })
  const token = goodToken(state, id, remoteAddress)
  if (backend?.token === 'optional') return answered(state, backend, request, { token, remoteAddress })
  useToken(token)
  try {
    if (!isAllowed(state, token, asked(state, backend, request))) denied()
    if (backend === undefined) refuse(`no handler for route ${JSON.stringify(path)}. route entry not found.`, 404)
    else return await answered(state, backend, request, { token, remoteAddress })
  } finally {
    endSpent(state, token)
  }
}

async function answered(state: State, backend: Backend, request: CoreRequest, caller: Caller): Promise<Rendered> {
  if (request.wrapTtl !== undefined) refuse('the sandbox wraps no answers')
  const { operation, body } = request
  const answer = await dispatch(backend.routes, { operation, path: backend.path, body, product: state.product }, caller)
  return render(answer, state.product, backend.mountType)
}

function asked({ product }: State, backend: Backend | undefined, { operation, path, body, wrapTtl }: CoreRequest) {
  const creating = backend !== undefined && creates(backend.routes, { operation, path: backend.path, body, product })
  const as: AclOperation = operation === 'write' ? (creating ? 'create' : 'update') : operation
  return { operation: as, path, parameters: withFloats(body) as JsonObject, ...(wrapTtl !== undefined && { wrapTtl }) }
}

function endSpent(state: State, { id, numUses }: Token): void {
  if (numUses === spent) state.tokens.delete(id)
}
