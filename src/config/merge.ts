import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import type { Place } from './text.ts'
import type { YamlDocument } from './yaml.ts'

/** What a merge cannot do as it is written: remove what is not there, or look into a text that is filled in later. */
type Oddity = 'removes-nothing' | 'map-over-text'

/** Maps merge by key, everything else is replaced, null removes. */
export function merge(
  base: JsonObject,
  over: JsonObject,
  report: (oddity: Oddity, path: FieldPath) => void,
  path: FieldPath = [],
): JsonObject {
  const result: Record<string, JsonValue> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const inner = [...path, key]
    const old = Object.hasOwn(base, key) ? base[key] : undefined
    if (value === null) {
      if (old === undefined) report('removes-nothing', inner)
      delete result[key]
    } else if (isObject(value)) {
      const hidden = typeof old === 'string' && old.includes('${')
      if (hidden) report('map-over-text', inner)
      result[key] = merge(mapOrNothing(old), value, hidden ? () => {} : report, inner)
    } else result[key] = value
  }
  return result
}

function mapOrNothing(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {}
}

/** A part of a document that starts at `at`; of several, an earlier one lies over the later ones. */
export interface Layer {
  readonly document: YamlDocument
  readonly at: FieldPath
}

/**
 * Where a merged value comes from: the uppermost layer that says anything about it, or else the last layer's own place.
 * @param what the value itself, or the key it is written under
 */
export function placeIn(layers: readonly Layer[], path: FieldPath, what: 'place' | 'key' = 'place'): Place {
  let nearest: { place: Place; depth: number } | undefined
  for (const { document, at } of layers) {
    const found = document.find([...at, ...path])
    const depth = found.depth - at.length
    // Below something that is no map, this layer has replaced all of what the others say.
    if (found.end !== 'map' && depth > 0) return found[what]
    if (depth >= 0 && (nearest === undefined || depth >= nearest.depth)) nearest = { place: found[what], depth }
  }
  if (nearest === undefined) throw new Error('a value without layers has no place')
  return nearest.place
}
