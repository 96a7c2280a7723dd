import { deepEqual, isObject, type JsonObject, type JsonValue } from './json.ts'
import type { Address, Desired, Live } from './resource.ts'

export interface FieldChange {
  /** Keys from the spec's root: `['bound_claims', 'project_id']`. */
  readonly field: readonly string[]
  readonly before?: JsonValue
  readonly after?: JsonValue
}

export type Change =
  | { readonly action: 'create'; readonly address: Address; readonly after: Desired }
  | {
      readonly action: 'update'
      readonly address: Address
      readonly before: Live
      readonly after: Desired
      readonly fields: readonly FieldChange[]
      /** False where only layout or comments differ. */
      readonly meaning: boolean
    }
  | { readonly action: 'delete'; readonly address: Address; readonly before: Live }

export type Action = Change['action']

/** Leaf by leaf, in the order of the keys of both sides together. Maps are entered; lists are leaves. */
export function diffFields(before: JsonObject, after: JsonObject, at: readonly string[] = []): FieldChange[] {
  const changes: FieldChange[] = []
  for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
    // A claim may be called "constructor", which every object has from its prototype.
    const [old, now] = [own(before, key), own(after, key)]
    const field = [...at, key]
    if (deepEqual(old, now)) continue
    if (isMap(old, now)) changes.push(...diffFields((old ?? {}) as JsonObject, (now ?? {}) as JsonObject, field))
    else
      changes.push({
        field,
        ...(old === undefined ? {} : { before: old }),
        ...(now === undefined ? {} : { after: now }),
      })
  }
  return changes
}

function own(map: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

/** A map on one side and nothing on the other is a map whose entries come or go. */
function isMap(old: JsonValue | undefined, now: JsonValue | undefined): boolean {
  return (isObject(old) || old === undefined) && (isObject(now) || now === undefined)
}

/** `bound_claims.project_id`; a key that holds a dot or a space is quoted. */
export function formatField(field: readonly string[]): string {
  return field.map((key) => (/^[\w/-]+$/.test(key) ? key : JSON.stringify(key))).join('.')
}
