import { diffFields, type FieldChange } from '../core/change.ts'
import { deepEqual, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath, Kind } from '../core/kind.ts'

/** A copy without what lies at the paths; maps that become empty go, too, as canonical leaves empty ones out. */
export function without(spec: JsonObject, paths: readonly FieldPath[]): JsonObject {
  return paths.reduce(withoutPath, spec)
}

function withoutPath(spec: JsonObject, [key, ...rest]: FieldPath): JsonObject {
  if (key === undefined || !(key in spec)) return spec
  const { [key]: value, ...others } = spec
  if (rest.length === 0 || !isObject(value)) return rest.length === 0 ? others : spec
  const inner = withoutPath(value, rest)
  return Object.keys(inner).length === 0 ? others : { ...others, [key]: inner }
}

/** How a live object differs from a desired one, in everything that the server lets anybody read. */
export function differences(kind: Kind, live: JsonObject, desired: JsonObject): FieldChange[] {
  const [before, after] = [without(live, kind.unread), without(desired, kind.unread)]
  // Most objects of most plans are equal, and finding that out is cheaper than finding no difference.
  return deepEqual(before, after) ? [] : diffFields(before, after)
}

/** The write-only values that a spec has, as field changes without a before. */
export function writeOnlyFields(kind: Kind, spec: JsonObject): FieldChange[] {
  return kind.writeOnly.flatMap((field) => {
    const after = valueAt(spec, field)
    return after === undefined ? [] : [{ field, after }]
  })
}

export function valueAt(spec: JsonObject, path: FieldPath): JsonValue | undefined {
  let value: JsonValue | undefined = spec
  for (const key of path) value = isObject(value) ? value[key] : undefined
  return value
}
