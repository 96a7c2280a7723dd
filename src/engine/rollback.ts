import type { Environment, EnvironmentRollback } from '../core/configuration.ts'
import { problem, UserError } from '../core/diagnostic.ts'
import type { Image } from '../core/journal.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { type FieldPath, type Kind, type Kinds, kindOf } from '../core/kind.ts'
import type { Address, Desired, Identity, Live } from '../core/resource.ts'
import type { EnvironmentUndo, Rollback, Undo } from '../core/rollback.ts'
import type { VaultReader } from '../core/server.ts'
import { valueAt, without } from './compare.ts'
import { type LiveState, type ReadOptions, readLive } from './read.ts'

/**
 * The way back as environments like those of the files: what they want is what the apply found, and what it made is to go.
 * So a plan back is a plan like any other.
 *
 * @param environments as the files want them. Throws UserError where the journal is about something else
 */
export function rollbackEnvironments(
  kinds: Kinds,
  environments: readonly Environment[],
  rollback: Rollback,
): Environment[] {
  return rollback.environments.map((back) => {
    const files = environments.find(({ name }) => name === back.environment)
    if (files === undefined) throw new UserError([noSuchEnvironment(back)])
    return rollbackEnvironment(kinds, files, back, rollback)
  })
}

function rollbackEnvironment(
  kinds: Kinds,
  files: Environment,
  back: EnvironmentUndo,
  { journal, keep, complete }: Rollback,
): Environment {
  const undo = back.undo.filter(({ object }) => !keep.includes(object.address))
  const kept = back.undo.map(({ object }) => object).filter(({ address }) => keep.includes(address))
  const seen = new Set<Address>()
  for (const { object } of back.undo) {
    if (!isItself(kinds, object) || seen.has(object.address)) throw new UserError([odd(journal, object)])
    seen.add(object.address)
  }
  const wanted = new Map(files.desired.map(({ address, spec }) => [address, spec]))
  const desired = undo.flatMap((one) =>
    one.before === null
      ? []
      : [desiredOf(kindOf(kinds, one.object.kind), one, one.before, wanted.get(one.object.address) ?? {}, journal)],
  )
  const byAddress = new Map(undo.map((one) => [one.object.address, one]))
  return { ...files, desired, unmanaged: 'delete', rollback: { undo: byAddress, complete, keep: kept, files, wanted } }
}

function noSuchEnvironment({ environment }: EnvironmentUndo) {
  return problem(
    'unknown-environment',
    `the journal is about the environment ${JSON.stringify(environment)}, which no file describes`,
    'Where its server is stands in the files only. Check out the commit that was applied.',
  )
}

function odd(journal: string, { address }: Identity) {
  return problem(
    'odd-journal',
    `${journal} names an object that this version would not make: ${JSON.stringify(address)}`,
    'Roll back with the version that applied.',
  )
}

/** A journal says what an object is called, and its kind says where that is: no file leads a write to another path. */
function isItself(kinds: Kinds, object: Identity): boolean {
  const kind = kinds.find(({ name }) => name === object.kind)
  if (kind === undefined || !object.address.startsWith(`${kind.name}/`)) return false
  const names = namesOf(object)
  if (names.includes('') || kind.refuseName(...names) !== undefined) return false
  const { address, path, parent } = kind.identify(...names)
  return address === object.address && path === object.path && parent === object.parent
}

/** The names that make the address: of the container, where there is one, and its own. */
function namesOf({ kind, address, parent }: Identity): string[] {
  const rest = address.slice(kind.length + 1)
  if (parent === undefined) return [rest]
  const container = parent.slice(parent.indexOf('/') + 1)
  return rest === container ? [container] : [container, rest.slice(container.length + 1)]
}

function desiredOf(kind: Kind, undo: Undo, image: Image, written: JsonObject, journal: string): Desired {
  const { object, line } = undo
  const secrets = secretsBefore(kind, undo, written)
  const spec = secrets.reduce(
    (spec, field) => withValue(spec, field, valueAt(written, field)),
    // No server gives one: a reference in a journal is somebody's own, and would send what it names.
    without(kind.canonical(image.spec), kind.writeOnly),
  )
  return {
    ...object,
    spec,
    needs: kind.needs(spec, ...namesOf(object)),
    source: { file: journal, line, column: 1 },
    ...(image.attributes === undefined ? {} : { attributes: image.attributes }),
  }
}

/**
 * Write-only values that the object must have had, or may have had, before the apply. They are known to nobody: what can be
 * sent is what the files refer to now.
 */
function secretsBefore(kind: Kind, { before, after }: Undo, written: JsonObject): FieldPath[] {
  if (before === null) return []
  return kind.writeOnly.filter((field) => {
    const container = field.slice(0, -1)
    if (container.length > 0)
      return (
        valueAt(before.spec, container) !== undefined &&
        (valueAt(after ?? {}, field) !== undefined || valueAt(written, field) !== undefined)
      )
    const accepts = (spec: JsonObject) => kind.schema.safeParse(spec).success
    return !accepts(before.spec) && accepts(withValue(before.spec, field, anyReference))
  })
}

const anyReference = '${env:ANY}'

function withValue(spec: JsonObject, [key, ...rest]: FieldPath, value: JsonValue | undefined): JsonObject {
  if (key === undefined || value === undefined) return spec
  const inner = spec[key]
  return { ...spec, [key]: rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value) }
}

/** What cannot be written because a value is missing that nobody knows. */
export function lostSecrets(kind: Kind, { wanted, undo }: EnvironmentRollback, address: Address): FieldPath[] {
  const written = wanted.get(address) ?? {}
  const one = undo.get(address)
  if (one === undefined) return []
  return secretsBefore(kind, one, written).filter((field) => valueAt(written, field) === undefined)
}

/** What the server has of an environment. Rejects as `readLive` does. */
export function look(options: ReadOptions): Promise<LiveState> {
  const { rollback } = options.environment
  return rollback === undefined ? readLive(options) : readBack(options, rollback)
}

/**
 * All that the environment describes and owns, as for every plan, and what the journal names. What the apply made and is
 * still there is to go.
 */
async function readBack(options: ReadOptions, rollback: EnvironmentRollback): Promise<LiveState> {
  const { kinds, server } = options
  const { objects: known, contents } = await readLive({ ...options, environment: rollback.files })
  const objects = new Map(known)
  const undo = [...rollback.undo.values()]
  // Containers first: what is in one that is not there cannot be asked for.
  for (const kind of kinds) {
    const unread = undo.filter(({ object }) => object.kind === kind.name && !objects.has(object.address))
    const lives = await Promise.all(unread.map(({ object }) => readContained(kinds, server, object, objects)))
    for (const live of lives) if (live !== undefined) objects.set(live.address, live)
  }
  const made = undo.filter(({ before, object }) => before === null && objects.has(object.address))
  const unmanaged = made.map(({ object }) => object).filter(({ kind }) => kindOf(kinds, kind).remove !== undefined)
  return { objects, unmanaged, contents }
}

async function readContained(
  kinds: Kinds,
  server: VaultReader,
  object: Identity,
  objects: ReadonlyMap<Address, Live>,
): Promise<Live | undefined> {
  const kind = kindOf(kinds, object.kind)
  if (kind.parent !== undefined && object.parent !== undefined && !objects.has(object.parent)) {
    const container = kindOf(kinds, kind.parent)
    const [name = ''] = namesOf(object)
    if ((await container.read(server, container.identify(name))) === undefined) return undefined
  }
  return kind.read(server, object)
}
