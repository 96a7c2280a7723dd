import type { JsonObject, JsonValue } from '../core/json.ts'
import type { FieldPath, Kind } from '../core/kind.ts'
import type { Desired } from '../core/resource.ts'
import { type Check, check } from './explain.ts'
import { refusePath } from './files.ts'
import type { Details, Problems } from './problems.ts'
import { changeAt, fetchPem, fileReference, isEnvReference, type Library } from './references.ts'
import { type Place, quoted, sourceOf } from './text.ts'

/** One object as written, merged and filled in. */
export interface WrittenObject {
  readonly kind: Kind
  readonly names: readonly string[]
  readonly value: JsonObject
  /** Where the object itself, and where its name, is written. */
  readonly object: Place
  readonly name: Place
  /** Where a field of it is written. */
  readonly place: Check['place']
  readonly failed: readonly FieldPath[]
  /** Keys that belong to the program, for suggestions. */
  readonly otherKeys?: readonly string[]
  readonly details?: Details | undefined
}

/** What the files want of the object, in canonical form; undefined once everything that is wrong is reported. */
export function describe(written: WrittenObject, library: Library): Desired | undefined {
  const { kind, names, otherKeys, details, place } = written
  const { problems } = library
  const refusal = kind.refuseName(...names)
  if (refusal !== undefined) problems.error('invalid-name', refusal, written.name, details)
  const failed = [...written.failed]
  const value = withFiles(written, library, failed)
  checkSecretFiles(written, problems, library.root)
  const spec = check(kind.schema, value, {
    problems,
    place,
    failed,
    details,
    ...(otherKeys === undefined ? {} : { otherKeys }),
  })
  if (spec === undefined || refusal !== undefined || failed.length > 0) return undefined
  const canonical = kind.canonical(spec)
  return {
    ...kind.identify(...names),
    spec: canonical,
    needs: kind.needs(canonical, ...names),
    source: sourceOf(written.object),
  }
}

/** `{ file: path }` becomes the file's text, where the kind takes it. */
function withFiles({ kind, value, place, details }: WrittenObject, library: Library, failed: FieldPath[]): JsonObject {
  const change = (part: JsonValue, path: FieldPath): JsonValue => {
    const file = fileReference(part)
    if (file === undefined) return part
    const text = fetchPem(file, library, place(path), details)
    if (text === undefined) failed.push(path)
    return text ?? null
  }
  return kind.fromFile.reduce<JsonValue>((result, pattern) => changeAt(result, pattern, change), value) as JsonObject
}

/** The file of a secret need not be there yet, but a path in the configuration must not lead out of it. */
function checkSecretFiles({ kind, value, place, details }: WrittenObject, problems: Problems, root: string): void {
  const look = (part: JsonValue, path: FieldPath): JsonValue => {
    const file = fileReference(part)
    const reason = file === undefined || isEnvReference(file) ? undefined : refusePath(root, file)
    if (reason !== undefined)
      problems.error('path-not-allowed', `the file ${quoted(file as string)} cannot be used: ${reason}`, place(path), {
        help: 'A path outside the folder can come from the environment of the run: { file: "${env:NAME}" }.',
        ...details,
      })
    return part
  }
  for (const pattern of kind.writeOnly) changeAt(value, pattern, look)
}
