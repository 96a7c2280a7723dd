import type { Severity } from '../../core/diagnostic.ts'
import type { JsonValue } from '../../core/json.ts'

/** Anybody's GitLab YAML as plain data that keeps where each part of it is written, whatever it was merged from. */

interface CiFile {
  /** Relative to the repository's root, with `/`. */
  readonly path: string
  readonly text: string
}

/** A range of a file's text; offsets count UTF-16 units from 0. */
export interface CiPlace {
  readonly file: CiFile
  readonly start: number
  readonly end: number
}

export type CiValue = CiScalar | CiList | CiMap | CiReference

interface CiScalar {
  readonly type: 'scalar'
  readonly value: string | number | boolean | null
  readonly at: CiPlace
}

interface CiList {
  readonly type: 'list'
  readonly items: readonly CiValue[]
  readonly at: CiPlace
}

export interface CiMap {
  readonly type: 'map'
  readonly entries: ReadonlyMap<string, CiEntry>
  readonly at: CiPlace
}

export interface CiEntry {
  readonly key: CiPlace
  readonly value: CiValue
}

/** `!reference [job, key]` before it is resolved. */
export interface CiReference {
  readonly type: 'reference'
  readonly path: readonly string[]
  readonly at: CiPlace
}

/** What is wrong, or worth knowing, at a place. */
export interface CiProblem {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly place: CiPlace
  readonly help?: string
  readonly why?: string
  readonly related?: readonly { readonly message: string; readonly place: CiPlace }[]
}

export function emptyMap(at: CiPlace): CiMap {
  return { type: 'map', entries: new Map(), at }
}

export function mapOf(value: CiValue | undefined): CiMap | undefined {
  return value?.type === 'map' ? value : undefined
}

/** The entries of a map; none of anything else. */
export function entriesOf(value: CiValue | undefined): readonly (readonly [string, CiEntry])[] {
  return value?.type === 'map' ? [...value.entries] : []
}

/** The value at a path of keys; undefined as well where null is written, which GitLab takes for not written. */
export function get(value: CiValue | undefined, ...keys: readonly string[]): CiValue | undefined {
  let inner = value
  for (const key of keys) inner = inner?.type === 'map' ? inner.entries.get(key)?.value : undefined
  return inner?.type === 'scalar' && inner.value === null ? undefined : inner
}

/** A scalar as the text that a variable would hold; undefined for anything else. */
export function textOf(value: CiValue | undefined): string | undefined {
  return value?.type === 'scalar' && value.value !== null ? String(value.value) : undefined
}

/** The items of a list, lists in it laid open as GitLab does for scripts and rules; a value that is no list stands alone. */
export function flatItems(value: CiValue | undefined): readonly CiValue[] {
  if (value === undefined) return []
  return value.type === 'list' ? value.items.flatMap(flatItems) : [value]
}

export function textsOf(value: CiValue | undefined): readonly { readonly text: string; readonly at: CiPlace }[] {
  return flatItems(value).flatMap((item) => {
    const text = textOf(item)
    return text === undefined ? [] : [{ text, at: item.at }]
  })
}

/** Without the places; a reference that is left is written as a map of its tag. */
export function plainOf(value: CiValue): JsonValue {
  switch (value.type) {
    case 'scalar':
      return value.value
    case 'list':
      return value.items.map(plainOf)
    case 'map':
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plainOf(entry.value)]))
    case 'reference':
      return { '!reference': [...value.path] }
  }
}
