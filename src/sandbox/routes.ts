import { byText, type JsonObject, type JsonValue } from '../core/json.ts'
import { type Answer, refuse, unsupportedOperation, unsupportedPath } from './answers.ts'
import { convert, type FieldType } from './field-types.ts'

export type Operation = 'read' | 'list' | 'write' | 'delete' | 'patch'

/** The fields that a request sent, converted to the types of the endpoint. */
export type Input = ReadonlyMap<string, JsonValue>

export interface Call {
  /** What the path's pattern caught. */
  readonly names: Readonly<Record<string, string>>
  readonly input: Input
  /** Below the mount. */
  readonly path: string
}

/** An endpoint of a backend: which paths, which fields, what each operation does. */
export interface Route {
  readonly pattern: RegExp
  readonly fields?: Readonly<Record<string, FieldType>>
  readonly handlers: Readonly<Partial<Record<Operation, (call: Call) => Answer>>>
  /** Whether the server looks for the object before it writes, which words a wrong field differently. */
  readonly looksFirst?: boolean
}

/**
 * Finds the endpoint and calls it, as every backend of the server does (sdk/framework backend.go, HandleRequest): unknown
 * fields are dropped, and named in a warning only if the answer has a body anyway. Throws Refusal.
 */
export function dispatch(routes: readonly Route[], operation: Operation, path: string, sent: JsonObject): Answer {
  const route = routes.find(({ pattern }) => pattern.test(path)) ?? unsupportedPath()
  const handler = route.handlers[operation] ?? unsupportedOperation()
  const names = { ...(route.pattern.exec(path)?.groups as Record<string, string> | undefined) }
  const input = convertAll(route, operation, sent)
  const answer = handler({ names, input, path })
  if (answer.kind !== 'data') return answer
  const warnings = [...(answer.warnings ?? []), ...droppedWarnings(route, names, sent)]
  return { ...answer, warnings }
}

function convertAll(route: Route, operation: Operation, sent: JsonObject): Input {
  const input = new Map<string, JsonValue>()
  for (const [name, type] of Object.entries(route.fields ?? {})) {
    const raw = sent[name]
    if (raw === undefined) continue
    const result = convert(type, raw)
    if ('error' in result) {
      const prefix = route.looksFirst && operation === 'write' ? '' : 'Field validation failed: '
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
