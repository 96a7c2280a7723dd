import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import type { Problems, Use } from './problems.ts'
import { suggestName } from './suggest.ts'
import { type Part, parseTemplate, variableName } from './template.ts'
import { type Place, quoted } from './text.ts'

/** What `${env:NAME}` may read, and where mistakes go. The same for all files. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Names that vaultwright.yaml allows. */
  readonly allowed: readonly string[]
  readonly problems: Problems
}

interface Definition {
  readonly value: JsonValue
  readonly place: () => Place
}

/** Names that `${name}` can stand for. An entry of for_each has a scope of its own, inside that of the environment. */
export interface Scope {
  readonly definitions: ReadonlyMap<string, Definition>
  readonly outer?: Scope
  /** Where a person would define another one. */
  readonly help: string
  readonly use?: Use | undefined
  readonly surroundings: Surroundings
  /** Filled in as they are asked for; undefined for one that turned out wrong and is already reported. */
  readonly values: Map<string, JsonValue | undefined>
}

/** A value whose texts are filled in each time anew; `fill` gives undefined, once the reason is reported. */
export type Template = { readonly constant: JsonValue } | { readonly fill: Fill }
type Fill = (scope: Scope, failed: FieldPath[]) => JsonValue | undefined

/** Splits a value's texts into parts once. Values without `$` cost nothing afterwards. */
export interface Compilation {
  readonly problems: Problems
  readonly place: (path: FieldPath) => Place
  /** True for a write-only field, whose `${env:NAME}` stays a reference. */
  readonly keep: (path: FieldPath) => boolean
}

export function compile(value: JsonValue, compilation: Compilation, path: FieldPath = []): Template {
  if (typeof value === 'string')
    return value.includes('${') ? compileText(value, compilation, path) : { constant: value }
  if (Array.isArray(value)) return compileList(value, compilation, path)
  return isObject(value) ? compileMap(value, compilation, path) : { constant: value }
}

function compileList(list: readonly JsonValue[], compilation: Compilation, path: FieldPath): Template {
  const items = list.map((item, index) => compile(item, compilation, [...path, String(index)]))
  if (items.every((item) => 'constant' in item)) return { constant: items.map(({ constant }) => constant) }
  return { fill: (scope, failed) => items.map((item) => fillTemplate(item, scope, failed)) }
}

function compileMap(map: JsonObject, compilation: Compilation, path: FieldPath): Template {
  const constant: Record<string, JsonValue> = {}
  const changing: [string, Template][] = []
  for (const [key, value] of Object.entries(map)) {
    const member = compile(value, compilation, [...path, key])
    // A changing member keeps its place in the order of keys.
    constant[key] = 'constant' in member ? member.constant : null
    if ('fill' in member) changing.push([key, member])
  }
  if (changing.length === 0) return { constant }
  return {
    fill: (scope, failed) => {
      const result = { ...constant }
      for (const [key, member] of changing) result[key] = fillTemplate(member, scope, failed)
      return result
    },
  }
}

/** A text that could not be filled in is null, and its path is among the failed ones. */
export function fillTemplate(template: Template, scope: Scope, failed: FieldPath[]): JsonValue {
  return 'constant' in template ? template.constant : (template.fill(scope, failed) ?? null)
}

function compileText(text: string, { problems, place, keep }: Compilation, path: FieldPath): Template {
  if (keep(path) && /^\$\{env:\w+\}$/.test(text)) return { constant: text }
  const where = once(() => place(path))
  const { parts, errors } = parseTemplate(text)
  for (const { message } of errors) problems.error('invalid-substitution', message, where())
  if (errors.length > 0) return { fill: (_scope, failed) => fail(failed, path) }
  if (parts.every((part) => 'text' in part))
    return { constant: parts.map((part) => ('text' in part ? part.text : '')).join('') }
  return {
    fill: (scope, failed) => fillParts(parts, scope, () => where()) ?? fail(failed, path),
  }
}

function fail(failed: FieldPath[], path: FieldPath): undefined {
  failed.push(path)
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** A single `${name}` is the variable's value, whatever its type; inside a text only scalars make sense. */
function fillParts(parts: readonly Part[], scope: Scope, place: () => Place): JsonValue | undefined {
  const [only] = parts
  if (parts.length === 1 && only !== undefined && !('text' in only)) return valueFor(only, scope, place)
  return fillText(parts, scope, place)
}

/** A text with every part filled in; undefined once every reason is reported. */
export function fillText(
  parts: readonly Part[],
  scope: Scope,
  place: (part: Exclude<Part, { text: string }>) => Place,
): string | undefined {
  let text: string | undefined = ''
  for (const part of parts) {
    if ('text' in part) text = text === undefined ? undefined : text + part.text
    else {
      const value = valueFor(part, scope, () => place(part))
      const inner = value === undefined ? undefined : scalarText(value, part, scope, () => place(part))
      text = text === undefined || inner === undefined ? undefined : text + inner
    }
  }
  return text
}

function scalarText(
  value: JsonValue,
  part: Exclude<Part, { text: string }>,
  scope: Scope,
  place: () => Place,
): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  const name = 'variable' in part ? part.variable : part.env
  const what = value === null ? 'null' : Array.isArray(value) ? 'a list' : 'a map'
  const { problems } = scope.surroundings
  problems.error('wrong-type', `"\${${name}}" stands inside a text, but its value is ${what}`, place(), {
    help: 'Inside a text only strings, numbers and booleans can stand.',
    use: scope.use,
  })
  return undefined
}

function valueFor(part: Exclude<Part, { text: string }>, scope: Scope, place: () => Place): JsonValue | undefined {
  return 'env' in part ? readEnv(part.env, scope, place) : lookUp(part.variable, scope, place)
}

function readEnv(name: string, { surroundings, use }: Scope, place: () => Place): string | undefined {
  const { env, allowed, problems } = surroundings
  if (!allowed.includes(name)) {
    problems.error('env-not-allowed', `"\${env:${name}}" is not allowed here`, place(), {
      help: `Only write-only fields may read the environment of the run, or names that vaultwright.yaml allows: env: [${name}].`,
    })
    return undefined
  }
  const value = env[name]
  if (value === undefined) {
    problems.error('env-unset', `the environment variable ${name} is not set`, place(), {
      help: 'Set it for this run.',
      use,
    })
    return undefined
  }
  problems.conceal(name, value)
  return value
}

function lookUp(name: string, scope: Scope, place: () => Place): JsonValue | undefined {
  const owner = ownerOf(name, scope)
  if (owner !== undefined) return resolve(name, owner, [])
  scope.surroundings.problems.error('unknown-variable', `no variable is called ${quoted(name)}`, place(), {
    help: suggestName(name, namesOf(scope), scope.help),
    use: scope.use,
  })
  return undefined
}

function ownerOf(name: string, scope: Scope | undefined): Scope | undefined {
  return scope === undefined || scope.definitions.has(name) ? scope : ownerOf(name, scope.outer)
}

function namesOf(scope: Scope | undefined): string[] {
  return scope === undefined ? [] : [...scope.definitions.keys(), ...namesOf(scope.outer)]
}

/** `open` are the variables of this scope whose values are being filled in: meeting one of them again is a cycle. */
function resolve(name: string, scope: Scope, open: readonly string[]): JsonValue | undefined {
  if (scope.values.has(name)) return scope.values.get(name)
  const { value, place } = scope.definitions.get(name) as Definition
  const inner = [...open, name]
  const needed = variablesIn(value).filter((other) => ownerOf(other, scope) === scope)
  let good = true
  for (const other of needed) {
    if (inner.includes(other)) good = reportCycle(inner.slice(inner.indexOf(other)), scope)
    else if (resolve(other, scope, inner) === undefined) good = false
  }
  if (good && !scope.values.has(name)) {
    const { problems } = scope.surroundings
    const failed: FieldPath[] = []
    const template = compile(value, { problems, place, keep: () => false })
    const filled = fillTemplate(template, scope, failed)
    scope.values.set(name, failed.length > 0 ? undefined : filled)
  } else if (!scope.values.has(name)) scope.values.set(name, undefined)
  return scope.values.get(name)
}

function reportCycle(names: readonly string[], scope: Scope): false {
  const place = (name: string) => (scope.definitions.get(name) as Definition).place()
  const first = names.reduce((a, b) => (place(b).start < place(a).start ? b : a))
  const cycle = [...names.slice(names.indexOf(first)), ...names.slice(0, names.indexOf(first))]
  scope.surroundings.problems.error(
    'variable-cycle',
    `variables refer to each other in a circle: ${[...cycle, first].join(' → ')}`,
    place(first),
    { related: cycle.slice(1).map((name) => ({ message: `${name} is defined here`, place: place(name) })) },
  )
  return false
}

function variablesIn(value: JsonValue): string[] {
  if (typeof value === 'string')
    return value.includes('${')
      ? parseTemplate(value).parts.flatMap((part) => ('variable' in part ? [part.variable] : []))
      : []
  if (Array.isArray(value)) return value.flatMap(variablesIn)
  return isObject(value) ? Object.values(value).flatMap(variablesIn) : []
}

/** Always the name of the environment. */
const builtInName = 'environment'

type ScopeOptions = Pick<Scope, 'help' | 'surroundings' | 'use'> & { readonly outer?: Scope }

/** The outermost scope: what is defined without anybody writing it. */
export function builtInScope(environment: string, place: Place, options: ScopeOptions): Scope {
  return {
    definitions: new Map([[builtInName, { value: environment, place: () => place }]]),
    values: new Map([[builtInName, environment]]),
    ...options,
  }
}

/**
 * A scope of the given variables. A name that nothing could refer to, and a new meaning of the built-in one, are errors.
 * @param place where a variable, or its name, is written
 */
export function createScope(
  variables: JsonObject,
  place: (name: string, what?: 'key') => Place,
  options: ScopeOptions,
): Scope {
  const { problems } = options.surroundings
  const definitions = new Map<string, Definition>()
  for (const [name, value] of Object.entries(variables)) {
    if (name === builtInName)
      problems.error(
        'invalid-name',
        '"environment" is built in: it is always the name of the environment',
        place(name, 'key'),
        {
          help: 'Give the variable another name.',
        },
      )
    else if (!variableName.test(name))
      problems.error('invalid-name', `${quoted(name)} cannot be the name of a variable`, place(name, 'key'), {
        help: 'Use letters, digits, "_" and "-", the first a letter or "_".',
      })
    else definitions.set(name, { value, place: () => place(name) })
  }
  return { definitions, values: new Map(), ...options }
}

/** So that a mistake in a variable shows even where nobody uses it. */
export function resolveAll(scope: Scope): void {
  for (const name of scope.definitions.keys()) resolve(name, scope, [])
}
