import * as z from 'zod'
import type { Unmanaged } from '../core/configuration.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath, Kind, Kinds } from '../core/kind.ts'
import { parseServerVersion } from '../core/version.ts'
import { addObject } from './conflicts.ts'
import { describe } from './describe.ts'
import type { Draft, Loading } from './draft.ts'
import { type Check, check, typeName } from './explain.ts'
import { type Layer, placeIn } from './merge.ts'
import { ownsSchema, readOwns } from './ownership.ts'
import { templated } from './policies.ts'
import { isWriteOnly } from './references.ts'
import { builtInScope, createScope, type Scope } from './scope.ts'
import { quoted, startOf, type TextFile } from './text.ts'
import { compile, fillTemplate, resolveAll } from './variables.ts'
import { singleDocument, type YamlDocument } from './yaml.ts'

/** Own keys of an environment file, without the sections in which kinds are written. */
export function ownShape(kinds: Kinds) {
  return {
    address: z.string().meta({ description: "The server's address. Default: VAULT_ADDR." }).optional(),
    namespace: z.string().meta({ description: 'The namespace; empty for the root namespace.' }).optional(),
    server: z
      .string()
      .refine((text) => parseServerVersion(text) !== undefined, {
        error: 'must be a product and its version, such as vault@1.21.0 or openbao@2.6.1',
      })
      .meta({ description: 'Product and version of the server, for questions that are answered without asking it.' })
      .optional(),
    variables: z
      .record(z.string(), z.json())
      .meta({ description: 'What ${name} stands for, in this environment.' })
      .optional(),
    policies: z
      .array(z.union([z.string().min(1), templated], { error: 'expected the name of a policy, or { name, template }' }))
      .meta({ description: 'Policies of this environment, besides those that its roles name.' })
      .optional(),
    external_policies: z
      .array(z.string().min(1))
      .meta({
        description:
          'Policies that roles of this environment may name although no file describes them here; * is any text.',
      })
      .optional(),
    owns: ownsSchema(kinds)
      .meta({ description: 'Objects that belong to this environment, whether a file describes them or not.' })
      .optional(),
    unmanaged: z
      .enum(['report', 'delete', 'ignore'])
      .meta({ description: 'What becomes of owned objects that no file describes.', default: 'report' })
      .optional(),
  }
}

/** First keys of the places at which kinds are written in environment files, such as `auth`. */
function sectionsOf(kinds: Kinds): string[] {
  const first = environmentKinds(kinds).map(({ at }) => at[0] as string)
  return [...new Set(first)]
}

export function environmentKinds(kinds: Kinds): { kind: Kind; at: readonly string[] }[] {
  return kinds.flatMap((kind) => (kind.written.in === 'environment' ? [{ kind, at: kind.written.at }] : []))
}

export function environmentName(file: TextFile): string {
  return file.path.replace(/^.*\//, '').replace(/\.ya?ml$/, '')
}

/** The environment with what its own file describes; undefined when the file cannot be understood at all. */
export function readEnvironment(file: TextFile, loading: Loading): Draft | undefined {
  const { problems } = loading.surroundings
  const name = environmentName(file)
  if (!/^\w[\w.-]*$/.test(name))
    problems.error('invalid-name', `${quoted(name)} cannot be the name of an environment`, startOf(file), {
      help: 'Use letters, digits, "_", "." and "-" in the name of the file.',
    })
  const document = singleDocument(file, problems, loading.secretNames)
  if (document === undefined) return undefined
  if (!isObject(document.value)) {
    problems.error('wrong-type', `expected a map, got ${typeName(document.value)}`, document.find([]).place)
    return undefined
  }
  return draftOf(name, document, document.value, loading)
}

function draftOf(name: string, document: YamlDocument, written: JsonObject, loading: Loading): Draft {
  const layers = [{ document, at: [] }]
  const place: Check['place'] = (path, what) => placeIn(layers, path, what)
  const scope = scopeOf(name, written, document, loading)
  resolveAll(scope)
  const failed: FieldPath[] = []
  const { variables: _, ...rest } = written
  const { problems } = loading.surroundings
  const template = compile(rest, { problems, place, keep: keepsReference(loading.kinds) })
  const filled = fillTemplate(template, scope, failed) as JsonObject
  checkOwnKeys(filled, written, failed, place, loading)
  const objects: Draft['objects'] = new Map()
  const draft: Draft = {
    name,
    place: document.find([]).place,
    scope,
    ...addressOf(filled['address'], place, failed, loading),
    ...(typeof filled['namespace'] === 'string' ? { namespace: filled['namespace'] } : {}),
    ...serverOf(filled['server']),
    get owns() {
      return readOwns(filled['owns'], loading.kinds, objects.keys())
    },
    unmanaged: unmanagedOf(filled['unmanaged']),
    externalPolicies: textsIn(filled['external_policies']),
    objects,
    references: policiesOf(filled['policies'], place),
    parents: [],
    dropped: [],
    secrets: {},
  }
  for (const { kind, at } of environmentKinds(loading.kinds)) addKind(kind, at, filled, failed, layers, draft, loading)
  return draft
}

function serverOf(written: JsonValue | undefined): Pick<Draft, 'server'> {
  const server = typeof written === 'string' ? parseServerVersion(written) : undefined
  return server === undefined ? {} : { server }
}

function scopeOf(name: string, written: JsonObject, document: YamlDocument, loading: Loading): Scope {
  const { surroundings } = loading
  const help = `Define it under variables in ${document.file.path}.`
  const outer = builtInScope(name, document.find([]).place, { help, surroundings })
  const variables = written['variables']
  return createScope(
    isObject(variables) ? variables : {},
    (key, what) => document.find(['variables', key])[what ?? 'place'],
    {
      help,
      surroundings,
      outer,
    },
  )
}

function keepsReference(kinds: Kinds): (path: FieldPath) => boolean {
  const patterns = environmentKinds(kinds).map(({ kind, at }) => ({
    writeOnly: kind.writeOnly.map((path) => [...at, ...path]),
  }))
  return (path) => patterns.some((kind) => isWriteOnly(kind, path))
}

function checkOwnKeys(
  filled: JsonObject,
  written: JsonObject,
  failed: readonly FieldPath[],
  place: Check['place'],
  { kinds, surroundings }: Loading,
): void {
  const sections = sectionsOf(kinds).map((key) => [key, z.record(z.string(), z.unknown()).optional()])
  const schema = z.strictObject({ ...ownShape(kinds), ...Object.fromEntries(sections) })
  const { variables } = written
  const value = variables === undefined ? filled : { ...filled, variables }
  check(schema, value, { problems: surroundings.problems, place, failed })
}

/** A URL whose path may be a prefix; a password in it would be a secret in a file. */
function addressOf(
  value: JsonValue | undefined,
  place: Check['place'],
  failed: readonly FieldPath[],
  { surroundings }: Loading,
): { address?: string } {
  if (typeof value !== 'string' || failed.some(([key]) => key === 'address')) return {}
  const url = URL.canParse(value) ? new URL(value) : undefined
  const plain = url && !url.username && !url.password && !url.search && !url.hash
  if (plain && ['http:', 'https:'].includes(url.protocol)) return { address: value }
  if (value.includes('@')) hide(place)
  surroundings.problems.error(
    'invalid-value',
    'address: expected a URL such as https://vault.example.com, without user, password, "?" or "#"',
    place(['address']),
  )
  return {}
}

function hide(place: Check['place']): void {
  const { file, start, end } = place(['address'])
  file.hidden.push([start, end - 1])
}

function unmanagedOf(value: JsonValue | undefined): Unmanaged {
  return value === 'delete' || value === 'ignore' ? value : 'report'
}

function policiesOf(value: JsonValue | undefined, place: Check['place']): Draft['references'] {
  const entries = Array.isArray(value) ? (value as readonly JsonValue[]) : []
  return entries.flatMap((entry, index) => {
    const at = place(['policies', String(index)])
    if (typeof entry === 'string') return entry === '' ? [] : [{ name: entry, place: at }]
    const { data } = templated.safeParse(entry)
    return data === undefined ? [] : [{ ...data, place: at }]
  })
}

function textsIn(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string' && item !== '') : []
}

/** Everything at the places where the kind is written. */
function addKind(
  kind: Kind,
  at: readonly string[],
  filled: JsonObject,
  failed: readonly FieldPath[],
  layers: readonly Layer[],
  draft: Draft,
  loading: Loading,
): void {
  const { problems } = loading.surroundings
  const deeper = keysOfDeeperKinds(at, loading.kinds)
  for (const path of pathsOf(filled, at)) {
    const value = valueAt(filled, path)
    const object = placeIn(layers, path)
    const names = path.filter((_, index) => at[index] === '*')
    const drop = () => draft.dropped.push({ address: kind.identify(...names).address, place: object })
    const unfilled = failed.some(
      (other) => other.length <= path.length && other.every((key, index) => key === path[index]),
    )
    if (unfilled || !isObject(value)) {
      drop()
      if (!unfilled) problems.error('wrong-type', `${path.join('.')}: expected a map, got ${typeName(value)}`, object)
      continue
    }
    const inner = (field: FieldPath, what?: 'place' | 'key') => placeIn(layers, [...path, ...field], what)
    const desired = describe(
      {
        kind,
        names,
        value: Object.fromEntries(Object.entries(value).filter(([key]) => !deeper.includes(key))),
        object,
        name: object,
        place: inner,
        failed: failed
          .filter((other) => path.every((key, index) => key === other[index]))
          .map((other) => other.slice(path.length))
          .filter(([key]) => key === undefined || !deeper.includes(key)),
        otherKeys: deeper,
      },
      loading.library,
    )
    if (desired === undefined) drop()
    else addObject({ desired, place: object, locate: (field) => inner(field, 'key') }, draft, problems)
  }
}

/** Keys inside an object that belong to the kinds written below it. */
function keysOfDeeperKinds(at: readonly string[], kinds: Kinds): string[] {
  return environmentKinds(kinds).flatMap(({ at: other }) =>
    other.length > at.length && at.every((key, index) => key === other[index]) ? [other[at.length] as string] : [],
  )
}

function pathsOf(value: JsonValue | undefined, at: readonly string[], path: FieldPath = []): FieldPath[] {
  const [key, ...rest] = at
  if (key === undefined) return [path]
  if (!isObject(value)) return []
  const keys = key === '*' ? Object.keys(value) : Object.hasOwn(value, key) ? [key] : []
  return keys.flatMap((name) => pathsOf(value[name], rest, [...path, name]))
}

function valueAt(value: JsonValue, path: FieldPath): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((inner, key) => (isObject(inner) ? inner[key] : undefined), value)
}
