import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import { longestChain, sizeOf, spend } from './budget.ts'
import { isCredential } from './credentials.ts'
import type { Problems } from './problems.ts'
import { type Definition, namesOf, ownerOf, type Resolved, type Scope } from './scope.ts'
import { suggestName } from './suggest.ts'
import { type Part, parseTemplate, type Reference, variablesIn } from './template.ts'
import { type Place, quoted } from './text.ts'

/** A value whose texts are filled in each time anew; `fill` gives undefined, once the reason is reported. */
export type Template = { readonly constant: JsonValue } | { readonly fill: Fill }
type Fill = (scope: Scope, failed: FieldPath[]) => JsonValue | undefined

/** Splits a value's texts into parts once. Values without `$` cost nothing afterwards. */
export interface Compilation {
  readonly problems: Problems
  readonly place: (path: FieldPath, what?: 'key') => Place
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
    const member = compileMember(key, value, compilation, path)
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

/** Keys are not filled in: two could become one, and what is written could no longer be looked up. */
function compileMember(key: string, value: JsonValue, compilation: Compilation, path: FieldPath): Template {
  const inner = [...path, key]
  if (!key.includes('${')) return compile(value, compilation, inner)
  const message = `${quoted(key)} is a key, and keys are not filled in`
  compilation.problems.error('variable-in-key', message, compilation.place(inner, 'key'), {
    help: 'Write the key out, or let a variable hold the whole map.',
  })
  return { fill: (_scope, failed) => fail(failed, inner) }
}

/** A text that could not be filled in is null, and its path is among the failed ones. */
export function fillTemplate(template: Template, scope: Scope, failed: FieldPath[]): JsonValue {
  return 'constant' in template ? template.constant : (template.fill(scope, failed) ?? null)
}

function compileText(text: string, { problems, place, keep }: Compilation, path: FieldPath): Template {
  if (keep(path) && /^\$\{env:\w+\}$/.test(text)) return { constant: text }
  const where = once(() => place(path))
  if (keep(path) && text.includes('${env:')) {
    problems.error('invalid-value', 'a secret must be exactly "${env:NAME}", with nothing around it', where())
    return { fill: (_scope, failed) => fail(failed, path) }
  }
  const { parts, errors } = parseTemplate(text)
  for (const { message } of errors) problems.error('invalid-substitution', message, where())
  if (errors.length > 0) return { fill: (_scope, failed) => fail(failed, path) }
  if (parts.every((part) => 'text' in part))
    return { constant: parts.map((part) => ('text' in part ? part.text : '')).join('') }
  return {
    fill: (scope, failed) => {
      const filled = fillParts(parts, scope, where)
      // Null is a value like any other: whoever gets it says what it wants instead.
      return filled === undefined ? fail(failed, path) : filled
    },
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
  if (parts.length !== 1 || only === undefined || 'text' in only) return fillText(parts, scope, place)
  const value = valueFor(only, scope, place)
  return value === undefined || !afford(value, scope, place) ? undefined : value
}

/**
 * A text with every part filled in; undefined once every reason is reported.
 * @param accept whether the value may stand there; reports why not
 */
export function fillText(
  parts: readonly Part[],
  scope: Scope,
  place: (part: Reference) => Place,
  accept: (value: string, part: Reference) => boolean = () => true,
): string | undefined {
  let text: string | undefined = ''
  for (const part of parts) {
    const inner = 'text' in part ? part.text : fillReference(part, scope, () => place(part))
    const good = inner !== undefined && ('text' in part || accept(inner, part))
    text = text === undefined || !good ? undefined : text + inner
  }
  return text
}

function fillReference(part: Reference, scope: Scope, place: () => Place): string | undefined {
  const value = valueFor(part, scope, place)
  const text = value === undefined ? undefined : scalarText(value, part, scope, place)
  return text === undefined || !afford(text, scope, place) ? undefined : text
}

/** What is too large is told once for an environment; everything after it is too large as well. */
function afford(value: JsonValue, { budget, use, surroundings }: Scope, place: () => Place): boolean {
  const before = budget.exceeded
  if (spend(budget, sizeOf(value))) return true
  if (!before)
    surroundings.problems.error('too-large', 'the variables of this environment fill in too much', place(), {
      help: 'Up to here they made more than 64 million characters, or 2 million values: look for one that repeats another.',
      use,
    })
  return false
}

function scalarText(value: JsonValue, part: Reference, scope: Scope, place: () => Place): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  const name = 'variable' in part ? part.variable : part.env
  const what = value === null ? 'null' : Array.isArray(value) ? 'a list' : 'a map'
  const { problems } = scope.surroundings
  problems.error('wrong-type', `"\${${name}}" stands inside a text, but its value is ${what}`, place(), {
    help: 'Inside a text only strings, numbers and booleans can stand.',
    ...whom(scope),
  })
  return undefined
}

function valueFor(part: Reference, scope: Scope, place: () => Place): JsonValue | undefined {
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
  if (isCredential(name, env)) {
    problems.error(
      'env-secret',
      `"\${env:${name}}" may hold a secret, and what stands here is shown in plans`,
      place(),
      {
        help: 'Only write-only fields take secrets from the environment, and no list in vaultwright.yaml changes that. A value that may be shown goes into a variable of another name.',
      },
    )
    return undefined
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined
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
  if (owner !== undefined) return resolve(name, owner, []).value
  scope.surroundings.problems.error('unknown-variable', `no variable is called ${quoted(name)}`, place(), {
    help: suggestName(name, () => namesOf(scope), scope.help),
    ...whom(scope),
  })
  return undefined
}

function whom({ use, related }: Scope) {
  return { use, ...(related === undefined ? {} : { related }) }
}

/** `open` are the variables of this scope whose values are being filled in: meeting one of them again is a cycle. */
function resolve(name: string, scope: Scope, open: readonly string[]): Resolved {
  const known = scope.values.get(name)
  if (known !== undefined) return known
  const definition = scope.definitions.get(name) as Definition
  const inner = [...open, name]
  let good = inner.length <= longestChain || reportChain(definition, scope)
  let depth = 1
  // Beyond the limit nothing is looked up any more: the stack is not without end.
  const needed = good ? variablesIn(definition.value).filter((other) => ownerOf(other, scope) === scope) : []
  for (const other of needed) {
    if (inner.includes(other)) good = reportCycle(inner.slice(inner.indexOf(other)), scope)
    else {
      const found = resolve(other, scope, inner)
      depth = Math.max(depth, found.depth + 1)
      if (found.value === undefined) good = false
    }
  }
  if (good && depth > longestChain) good = reportChain(definition, scope)
  // Inside a circle it may be known by now.
  const resolved = scope.values.get(name) ?? { value: good ? filledIn(definition, scope) : undefined, depth }
  scope.values.set(name, resolved)
  return resolved
}

function filledIn({ value, place }: Definition, scope: Scope): JsonValue | undefined {
  const { problems } = scope.surroundings
  const failed: FieldPath[] = []
  const template = compile(value, { problems, place, keep: () => false })
  // The definition is the place itself: nobody needs to be told for whom it is.
  const filled = fillTemplate(template, { ...scope, related: undefined }, failed)
  return failed.length > 0 ? undefined : filled
}

function reportChain({ place }: Definition, { budget, surroundings }: Scope): false {
  if (!budget.exceeded)
    surroundings.problems.error(
      'too-large',
      `more than ${longestChain} variables refer to each other in a row`,
      place(),
    )
  budget.exceeded = true
  return false
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

/** So that a mistake in a variable shows even where nobody uses it. */
export function resolveAll(scope: Scope): void {
  for (const name of scope.definitions.keys()) resolve(name, scope, [])
}
