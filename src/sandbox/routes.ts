import { byText, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Product } from '../core/server.ts'
import { type Answer, refuse, unsupportedOperation, unsupportedPath } from './answers.ts'
import { convert, type FieldType } from './field-types.ts'
import type { Token } from './token.ts'

/** What a request does here; nothing can be scanned, but policies decide that first. */
export type Operation = 'read' | 'list' | 'scan' | 'write' | 'delete' | 'patch'

/** The fields that a request sent, converted to the types of the endpoint. */
export type Input = ReadonlyMap<string, JsonValue>

export interface Call {
  /** What the path's pattern caught. */
  readonly names: Readonly<Record<string, string>>
  readonly input: Input
  /** Below the mount. */
  readonly path: string
  /** The body or query as it was sent, for endpoints that keep it whole. */
  readonly sent: JsonObject
  readonly caller: Caller
}

/** Who asks, and from where. */
export interface Caller {
  /** Absent where none is needed, as for a login. */
  readonly token?: Token
  readonly remoteAddress: string
}

/** An endpoint of a backend: which paths, which fields, what each operation does. */
export interface Route {
  readonly pattern: RegExp
  readonly fields?: Readonly<Record<string, FieldType>>
  readonly handlers: Readonly<Partial<Record<Operation, (call: Call) => Answer | Promise<Answer>>>>
  /** Where the server looks whether the object is there before it writes: then a wrong field is worded differently. */
  readonly exists?: (names: Call['names']) => boolean
}

/** A request that found its backend. */
export interface Sent {
  readonly operation: Operation
  /** Below the mount. */
  readonly path: string
  readonly body: JsonObject
  readonly product: Product
}

/** What a write is in the eyes of policies: `create` only where an endpoint can tell that nothing is there yet. */
export function creates(routes: readonly Route[], { operation, path, body, product }: Sent): boolean {
  const route = routes.find(({ pattern }) => pattern.test(path))
  if (operation !== 'write' || route?.exists === undefined) return false
  convertAll(route, operation, body, product)
  return !route.exists(namesOf(route, path))
}

/**
 * Finds the endpoint and calls it, as every backend of the server does (sdk/framework backend.go, HandleRequest): unknown
 * fields are dropped, and named in a warning only if the answer has a body anyway. Throws Refusal.
 */
export async function dispatch(routes: readonly Route[], sent: Sent, caller: Caller): Promise<Answer> {
  const { operation, path, body, product } = sent
  const route = routes.find(({ pattern }) => pattern.test(path)) ?? unsupportedPath()
  const handler = route.handlers[operation] ?? unsupportedOperation()
  const names = namesOf(route, path)
  const answer = await handler({ names, input: convertAll(route, operation, body, product), path, sent: body, caller })
  if (answer.kind !== 'data') return answer
  const warnings = [...(answer.warnings ?? []), ...droppedWarnings(route, names, body)]
  return { ...answer, warnings }
}

function namesOf({ pattern }: Route, path: string): Record<string, string> {
  return { ...(pattern.exec(path)?.groups as Record<string, string> | undefined) }
}

function convertAll(route: Route, operation: Operation, sent: JsonObject, product: Product): Input {
  const input = new Map<string, JsonValue>()
  for (const [name, type] of Object.entries(route.fields ?? {})) {
    const raw = sent[name]
    if (raw === undefined) continue
    const result = convert(product, type, raw)
    if ('error' in result) {
      const prefix = route.exists !== undefined && operation === 'write' ? '' : 'Field validation failed: '
      refuse(`${prefix}error converting input for field ${JSON.stringify(name)}: ${result.error}`)
    } else if (result.value !== undefined) input.set(name, result.value)
  }
  return input
}

function droppedWarnings(route: Route, names: Readonly<Record<string, string>>, sent: JsonObject): string[] {
  const keys = Object.keys(sent)
  const replaced = keys.filter((key) => key in names && sent[key] !== null)
  const ignored = keys.filter((key) => !(key in names) && !(key in (route.fields ?? {}))).sort(byText)
  return [
    ...(ignored.length > 0 ? [`Endpoint ignored these unrecognized parameters: [${ignored.join(' ')}]`] : []),
    ...(replaced.length > 0
      ? [
          `Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [${replaced.join(' ')}]`,
        ]
      : []),
  ]
}

export function textOf(input: Input, name: string): string {
  return (input.get(name) ?? '') as string
}

export function listOf(input: Input, name: string): readonly string[] {
  return (input.get(name) ?? []) as string[]
}
