import type { GrantedCapability } from '../core/capability.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import type { AccessPromise, Grant, PromisedClaim, PromiseSubject } from '../core/promise.ts'
import type { Draft, Loading } from './draft.ts'
import { type Check, check } from './explain.ts'
import { placeIn } from './merge.ts'
import type { Problems, Use } from './problems.ts'
import { claimSets, reportOddClaim, type Sets } from './promises-claims.ts'
import { frameSchema, promiseSchema, type WrittenGrants, type WrittenPromise } from './promises-schema.ts'
import { environmentsAre, suggestName } from './suggest.ts'
import { locationOf, type Place, quoted, type TextFile } from './text.ts'
import { compile, fillTemplate, type Template } from './variables.ts'
import { singleDocument, type YamlDocument } from './yaml.ts'

/** What reading promises needs besides their files. */
export interface PromiseContext {
  readonly loading: Loading
  readonly drafts: readonly Draft[]
  /** Every environment that has a file, a broken one included. */
  readonly names: readonly string[]
}

/**
 * The promises of all files, once for each environment that they are about, filled in with its variables; in the order of
 * environments, files and lines. What is wrong is reported, and left out here.
 */
export function readPromises(files: readonly TextFile[], context: PromiseContext): AccessPromise[] {
  const readers = files.flatMap((file) => readFile(file, context) ?? [])
  return context.drafts.flatMap((draft) => readers.flatMap((read) => read(draft)))
}

type Read = (draft: Draft) => AccessPromise[]

/** One file, split into what can be filled in for each environment; undefined where it cannot be understood. */
function readFile(file: TextFile, context: PromiseContext): Read | undefined {
  const { surroundings, secretNames } = context.loading
  const { problems } = surroundings
  const document = singleDocument(file, problems, secretNames)
  if (document === undefined) return undefined
  const place: Check['place'] = (path, what) => placeIn([{ document, at: [] }], path, what)
  const frame = check(frameSchema, document.value, { problems, place })
  if (frame === undefined) return undefined
  const everywhere = environmentsOf(frame.environments, [], context, place) ?? context.names
  const sets = claimSets(frame.claims ?? {}, { problems, place })
  const promises = frame.promises.map((written, index): Written => {
    const at = ['promises', String(index)]
    const { environments, ...rest } = written as JsonObject
    const named = environmentsOf(environments, at, context, place)
    return {
      at,
      environments: named ?? everywhere,
      // What is no list of names is told with everything else that is wrong with this promise.
      template: compile(named === undefined ? written : rest, { problems, place, keep: () => false }, at),
    }
  })
  return (draft) => readFor(draft, { document, place, sets, promises, problems, names: new Map() })
}

interface Written {
  readonly at: FieldPath
  readonly environments: readonly string[]
  readonly template: Template
}

interface Reading {
  readonly document: YamlDocument
  readonly place: Check['place']
  readonly sets: Sets
  readonly promises: readonly Written[]
  readonly problems: Problems
  /** Of the promises so far, in one environment. */
  readonly names: Map<string, Place>
}

/** Undefined where the list is not one of texts; names that no environment has are reported. */
function environmentsOf(
  written: JsonValue | undefined | readonly string[],
  at: FieldPath,
  { names, loading }: PromiseContext,
  place: Check['place'],
): readonly string[] | undefined {
  if (!Array.isArray(written) || !written.every((name): name is string => typeof name === 'string')) return undefined
  if (written.length === 0) return undefined
  for (const [index, name] of written.entries()) {
    if (names.includes(name)) continue
    const where = place([...at, 'environments', String(index)])
    loading.surroundings.problems.error('unknown-environment', `there is no environment ${quoted(name)}`, where, {
      help: suggestName(name, names, environmentsAre(names)),
    })
  }
  return written
}

function readFor(draft: Draft, reading: Reading): AccessPromise[] {
  return reading.promises
    .filter(({ environments }) => environments.includes(draft.name))
    .flatMap((written) => readOne(written, draft, reading) ?? [])
}

function readOne({ at, environments, template }: Written, draft: Draft, reading: Reading): AccessPromise | undefined {
  const { problems, place } = reading
  const use: Use = { environment: draft.name, among: environments.length }
  const failed: FieldPath[] = []
  const value = fillTemplate(template, { ...draft.scope, use }, failed)
  const inner = failed.map((path) => path.slice(at.length))
  const promise = check(promiseSchema, value, { problems, place, at, failed: inner, details: { use } })
  if (promise === undefined || failed.length > 0) return undefined
  reportSameName(promise.name, at, use, reading)
  const subject = subjectOf(promise, { at, draft, use, reading })
  if (subject === undefined) return undefined
  const { name, allow_undecided: allowUndecided = false } = promise
  return { name, environment: draft.name, location: locationOf(place([...at, 'name'])), allowUndecided, subject }
}

/** Reports would show two promises of one name as one. */
function reportSameName(name: string, at: FieldPath, use: Use, { names, place, problems }: Reading): void {
  const where = place([...at, 'name'])
  const first = names.get(name)
  if (first === undefined) names.set(name, where)
  else
    problems.error('duplicate-promise', `two promises of this file are called ${quoted(name)}`, where, {
      help: 'Say what makes them different.',
      related: [{ message: 'the first one', place: first }],
      use,
    })
}

interface Filled {
  readonly at: FieldPath
  readonly draft: Draft
  readonly use: Use
  readonly reading: Reading
}

function subjectOf(promise: WrittenPromise, filled: Filled): PromiseSubject | undefined {
  const { never, admits_only: admitsOnly, only } = promise
  if (never !== undefined) {
    const claims = constraints(never.claims ?? {}, filled)
    return (
      claims && {
        about: 'never',
        claims,
        roles: texts(never.roles),
        can: grantsOf(never.can, ['never', 'can'], filled),
      }
    )
  }
  if (admitsOnly !== undefined) {
    const { claim, values, roles } = admitsOnly
    return { about: 'admits_only', claim, values: Array.isArray(values) ? values : [values], roles: texts(roles) }
  }
  if (only !== undefined)
    return { about: 'only', roles: texts(only.roles), can: grantsOf(only.can, ['only', 'can'], filled) }
  return jobOf(promise, filled)
}

function jobOf(promise: WrittenPromise, filled: Filled): PromiseSubject | undefined {
  const { at, draft, use, reading } = filled
  const { role = '', mount = 'jwt', login = 'granted', can = {}, cannot = {} } = promise
  const where = { at: [...at, 'claims'], scope: { ...draft.scope, use }, use }
  const claims = reading.sets.resolve(promise.claims as JsonValue, where)
  if (claims === undefined) return undefined
  const locate = (key: string) => locationOf(reading.place([...at, key]))
  return {
    about: 'job',
    mount: mount.replace(/^\/|\/$/g, ''),
    role,
    claims,
    login: login === 'granted' ? 'granted' : 'refused',
    ...(typeof login === 'object' ? { refusal: login.refused } : {}),
    can: grantsOf(can, ['can'], filled),
    cannot: grantsOf(cannot, ['cannot'], filled),
    at: { role: locate('role'), login: locate(promise.login === undefined ? 'role' : 'login') },
  }
}

function grantsOf(written: WrittenGrants, key: FieldPath, { at, reading }: Filled): Grant[] {
  return Object.entries(written).flatMap(([capability, paths]) =>
    texts(paths).map((path, index): Grant => {
      const field = [...at, ...key, capability, ...(Array.isArray(paths) ? [String(index)] : [])]
      return { capability: capability as GrantedCapability, path, location: locationOf(reading.place(field)) }
    }),
  )
}

function texts(written: string | readonly string[] | undefined): readonly string[] {
  return typeof written === 'string' ? [written] : (written ?? [])
}

/** Undefined once it is reported which value none of a claim's can be. */
function constraints(written: JsonObject, { at, use, reading }: Filled): Record<string, PromisedClaim> | undefined {
  const result: Record<string, PromisedClaim> = {}
  let good = true
  for (const [claim, value] of Object.entries(written)) {
    const constraint = constraintOf(value)
    if (constraint !== undefined) {
      result[claim] = constraint
      const where = { at: [...at, 'never', 'claims'], use }
      for (const one of Object.values(constraint).flat()) reportOddClaim(claim, one, where, reading)
    } else {
      good = false
      const message = `never.claims.${claim}: expected a value, a list of values, null or { not: value }`
      const where = reading.place([...at, 'never', 'claims', claim])
      reading.problems.error('wrong-type', message, where, { use })
    }
  }
  return good ? result : undefined
}

function constraintOf(value: JsonValue): PromisedClaim | undefined {
  if (!isObject(value)) return simple(value) && { values: simple(value) as JsonValue[] }
  const keys = Object.keys(value)
  const not = keys.length === 1 && value['not'] !== undefined ? simple(value['not']) : undefined
  return not && { not }
}

function simple(value: JsonValue): JsonValue[] | undefined {
  const values = Array.isArray(value) ? (value as JsonValue[]) : [value]
  return values.some((item) => typeof item === 'object' && item !== null) ? undefined : values
}
