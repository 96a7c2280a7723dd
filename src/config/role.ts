import type { SecretUse } from '../core/configuration.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath, Kind } from '../core/kind.ts'
import { mostRoles, take } from './budget.ts'
import { addObject, addSecrets } from './conflicts.ts'
import { describe } from './describe.ts'
import { type Described, type Draft, kindWrittenIn, type Loading } from './draft.ts'
import { type Check, check, typeName } from './explain.ts'
import { type Entry, readEntries } from './for-each.ts'
import { type Layer, placeIn } from './merge.ts'
import { addGeneratedPolicy, addTemplatedPolicy, type PolicyFiles, templated } from './policies.ts'
import type { Details, Use } from './problems.ts'
import { isWriteOnly } from './references.ts'
import { overlaid, readUses } from './role-environments.ts'
import { keysAt } from './schema-shape.ts'
import { createScope, type Scope } from './scope.ts'
import { generatedPolicy, readSecrets } from './secrets.ts'
import { variablesIn } from './template.ts'
import { type Place, quoted, type TextFile } from './text.ts'
import { compile, fillTemplate, resolveAll, type Template } from './variables.ts'
import { parseYaml, type YamlDocument } from './yaml.ts'

/** Keys of a role file that are the program's; all others are the role's own. */
const programKeys = ['name', 'mount', 'environments', 'for_each', 'secrets']

/** What reading a role needs besides its file. */
export interface RoleContext {
  readonly loading: Loading
  readonly files: PolicyFiles
  /** Every environment that has a file, with its draft unless that file is broken. */
  readonly environments: ReadonlyMap<string, Draft | undefined>
}

/** Adds the roles of all documents of the file to the environments they name. */
export function readRoleFile(file: TextFile, context: RoleContext): void {
  const { problems } = context.loading.surroundings
  for (const document of parseYaml(file, problems, context.loading.secretNames)) {
    if (isObject(document.value)) readDocument(document, document.value, context)
    else
      problems.error('wrong-type', `expected a map, got ${typeName(document.value)}`, document.find([]).place, {
        ...(Array.isArray(document.value) ? { help: 'A list for for_each belongs outside roles/.' } : {}),
      })
  }
}

function readDocument(document: YamlDocument, value: JsonObject, context: RoleContext): void {
  const kind = kindWrittenIn(context.loading.kinds, 'role')
  if (kind === undefined) return
  const { environments: _, ...base } = value
  const uses = readUses(document, value, context)
  const { problems } = context.loading.surroundings
  const valid = [...programKeys, ...keysAt(kind.schema, [])]
  for (const named of uses) {
    const { environment, override, place } = named
    const draft = context.environments.get(environment)
    if (draft === undefined) continue
    const own: Layer[] = override === undefined ? [] : [{ document, at: ['environments', environment] }]
    const use = { environment, among: uses.length }
    const reading = { kind, layers: [...own, { document, at: [] }], use, user: place, draft, context }
    readMerged(overlaid(document, base, named, valid, problems), reading)
  }
}

/** One document for one environment. */
interface Reading {
  readonly kind: Kind
  readonly layers: readonly Layer[]
  readonly use: Use
  /** Where the document names the environment. */
  readonly user: Place
  readonly draft: Draft
  readonly context: RoleContext
}

function readMerged(merged: JsonObject, reading: Reading): void {
  const { kind, layers, use, draft, context } = reading
  const { surroundings } = context.loading
  const { for_each: forEach, ...rest } = merged
  const place: Check['place'] = (path, what) => placeIn(layers, path, what)
  const keep = (path: FieldPath) => isWriteOnly(kind, path)
  const template = compile(rest, { problems: surroundings.problems, place, keep })
  const help = `${draft.scope.help.replace(/\.$/, '')}, or give it to each entry of for_each.`
  const outer = { ...draft.scope, use }
  if (forEach === undefined) readRole(template, outer, undefined, reading)
  const entries = forEach === undefined ? [] : readEntries(forEach, layers, outer, context.loading)
  if (reportSameName(rest, entries, reading)) return
  for (const entry of entries) {
    if (surroundings.work.exceeded) return
    const related = firstMet(entry)
    const scope = createScope(entry.variables, entry.placeOf, { help, surroundings, outer, use, related })
    resolveAll(scope)
    readRole(template, scope, entry, reading)
  }
}

function firstMet(entry: Entry): Details['related'] {
  return [{ message: 'first met for this entry of for_each', place: entry.place }]
}

/** One mistake, however many entries there are. */
function reportSameName({ name, mount }: JsonObject, entries: readonly Entry[], reading: Reading): boolean {
  const used = [...variablesIn(name), ...variablesIn(mount)]
  const differ = entries.some(({ variables }) => used.some((variable) => Object.hasOwn(variables, variable)))
  if (entries.length < 2 || differ || (name !== undefined && typeof name !== 'string')) return false
  const { layers, use, draft, context } = reading
  const called = name ?? fileName(layers)
  const place = name === undefined ? placeIn(layers, ['for_each'], 'key') : placeIn(layers, ['name'])
  context.loading.surroundings.problems.error(
    'conflict',
    `every entry of for_each would be called ${quoted(called)}`,
    place,
    {
      help: `Write "name:" with a variable of the entry, such as ${quoted(exampleName(entries))}.`,
      use,
    },
  )
  draft.dropped.push({ place })
  return true
}

function exampleName(entries: readonly Entry[]): string {
  return `\${${Object.keys(entries[0]?.variables ?? {})[0] ?? 'project'}}`
}

/** A role with everything filled in. */
interface Filled extends Reading {
  readonly name: string
  readonly value: JsonObject
  readonly scope: Scope
  readonly failed: FieldPath[]
  readonly place: Check['place']
  readonly details: Details
}

function readRole(template: Template, scope: Scope, entry: Entry | undefined, reading: Reading): void {
  const { kind, layers, use, user, draft, context } = reading
  const { loading } = context
  if (!affordRole(reading)) return
  const failed: FieldPath[] = []
  const value = fillTemplate(template, scope, failed) as JsonObject
  const place: Check['place'] = (path, what) => placeIn(layers, path, what)
  const related = entry && firstMet(entry)
  const details = { use, ...(related === undefined ? {} : { related }) }
  const { name: writtenName, mount: writtenMount, secrets: writtenSecrets, ...spec } = value
  const options = { problems: loading.surroundings.problems, place, failed, details }
  const name = textOf(writtenName, 'name', fileName(layers), options)
  const mount = textOf(writtenMount, 'mount', 'jwt', options)
  const secrets =
    writtenSecrets === undefined ? undefined : readSecrets(writtenSecrets, withoutPrefix(options, 'secrets'))
  const object = entry?.place ?? placeIn(layers, [])
  if (name === undefined || mount === undefined) {
    draft.dropped.push({ place: object })
    return
  }
  const { address, parent } = kind.identify(mount, name)
  if (parent !== undefined) draft.parents.push({ kind, parent, place: place(['mount']), details })
  const filled: Filled = { ...reading, name, value: spec, scope, failed, place, details }
  const written = readTokenPolicies(filled)
  const tokenPolicies = written === undefined ? generate(filled, secrets) : written
  const desired = describe(
    {
      kind,
      names: [mount, name],
      value: tokenPolicies === undefined ? spec : { ...spec, token_policies: tokenPolicies },
      object,
      name: place(writtenName === undefined ? [] : ['name']),
      place,
      failed: failed.filter(([key]) => key !== 'secrets'),
      otherKeys: programKeys,
      details,
    },
    loading.library,
  )
  if (desired === undefined) {
    draft.dropped.push({ address, place: object })
    return
  }
  const { problems } = loading.surroundings
  const described: Described = { desired, place: object, user, locate: (field) => place(field, 'key') }
  addObject(described, draft, problems)
  if (secrets !== undefined) addSecrets(described, secrets, draft, problems)
}

/** What is too much is told once; nothing after it is read. */
function affordRole({ layers, context }: Reading): boolean {
  const { problems, work } = context.loading.surroundings
  const before = work.exceeded
  if (take(work, { roles: 1, characters: 0 })) return true
  if (!before)
    problems.error('too-large', `the files describe more than ${mostRoles} roles`, placeIn(layers, []), {
      help: 'A list of for_each counts once for each environment. Split the configuration into several.',
    })
  return false
}

/** Failed paths below one key, as seen from there. */
function withoutPrefix<T extends { failed: readonly FieldPath[] }>(options: T, key: string): T {
  return { ...options, failed: options.failed.filter(([first]) => first === key).map((path) => path.slice(1)) }
}

function fileName(layers: readonly Layer[]): string {
  const path = layers.at(-1)?.document.file.path ?? ''
  return path.replace(/^.*\//, '').replace(/\.ya?ml$/, '')
}

/** A key of the program's that holds a text; undefined once it is reported. */
function textOf(
  value: JsonValue | undefined,
  key: string,
  otherwise: string,
  { problems, place, failed, details }: Omit<Check, 'failed'> & { readonly failed: readonly FieldPath[] },
): string | undefined {
  if (value === undefined) return otherwise
  if (typeof value === 'string' && value !== '') return value
  if (value === '') problems.error('invalid-value', `${key}: must not be empty`, place([key]), details)
  else if (!failed.some(([first]) => first === key))
    problems.error('wrong-type', `${key}: expected a string, got ${typeName(value)}`, place([key]), details)
  return undefined
}

/**
 * Names of the policies. An entry of two keys is a policy of the role's own, made from a template here and now.
 * Undefined when the role says nothing about policies.
 */
function readTokenPolicies(filled: Filled): JsonValue | undefined {
  const written = filled.value['token_policies']
  if (typeof written === 'string') {
    for (const name of written.split(',').map((part) => part.trim())) refer(name, ['token_policies'], filled)
    return written
  }
  if (!Array.isArray(written)) return written
  return written.map((entry: JsonValue, index) => {
    const path = ['token_policies', String(index)]
    if (typeof entry === 'string') refer(entry, path, filled)
    return isObject(entry) ? fromTemplate(entry, path, filled) : entry
  })
}

/** OpenBao can fill policy names in from the token's claims: such a name is not that of a file. */
function refer(name: string, path: FieldPath, { place, use, draft, value }: Filled): void {
  const fromClaims = value['token_policies_template_claims'] === true && name.includes('{{')
  if (name !== '' && !fromClaims) draft.references.push({ name, place: place(path), use })
}

function fromTemplate(entry: JsonObject, path: FieldPath, filled: Filled): JsonValue {
  const { place, failed, details, scope, draft, context } = filled
  const { loading, files } = context
  const { problems } = loading.surroundings
  const inner = failed
    .filter((other) => path.every((key, index) => key === other[index]))
    .map((other) => other.slice(2))
  const both = check(templated, entry, { problems, place, at: path, failed: inner, details })
  if (both === undefined) {
    failed.push(path)
    return null
  }
  const use = { name: both.name, scope, user: place(path), place: place([...path, 'template']), details }
  addTemplatedPolicy(both.template, use, draft, files, loading)
  return both.name
}

/** A role that reads secrets and names no policies gets one of its own that allows just that. */
function generate(filled: Filled, secrets: Readonly<Record<string, SecretUse>> | undefined): JsonValue | undefined {
  if (secrets === undefined || Object.keys(secrets).length === 0) return undefined
  const { place, draft, details, scope, context } = filled
  const name = filled.name.toLowerCase()
  const where = place(['secrets'], 'key')
  addGeneratedPolicy(
    generatedPolicy(filled.name, secrets),
    { name, scope, user: where, details },
    draft,
    context.loading,
  )
  return [name]
}
