import { deepEqual, isObject, type JsonObject, type JsonValue, stableStringify } from '../core/json.ts'
import { commonTemplate, filledIn, literalText, splitAtWords } from './template-text.ts'

/** Values of the same thing, by environment. */
export type ByEnvironment<T = JsonValue> = ReadonlyMap<string, T>

/** Maps whose texts are templates: the override of an environment is merged over the base. */
export interface Folded {
  readonly base: JsonObject
  readonly overrides: ReadonlyMap<string, JsonObject>
}

/** A value's texts as they are written in files, where `${…}` is filled in. */
export function literal(value: JsonValue): JsonValue {
  if (typeof value === 'string') return literalText(value)
  if (Array.isArray(value)) return value.map(literal)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, literal(inner)]))
}

/** One template that is each of the values in its environment; undefined where there is none. */
function common(values: ByEnvironment): JsonValue | undefined {
  const [first, ...others] = values.values()
  if (first === undefined) return undefined
  if (others.every((value) => deepEqual(value, first))) return literal(first)
  const all = [...values.values()]
  if (all.every((value) => typeof value === 'string')) {
    const names = new Map([...values.keys()].map((name) => [name, name]))
    return commonTemplate(values as ByEnvironment<string>, names, 'environment')
  }
  if (all.every((value) => Array.isArray(value))) return commonList(values as ByEnvironment<readonly JsonValue[]>)
  return all.every(isObject) ? commonMap(values as ByEnvironment<JsonObject>) : undefined
}

/** The lists of roles are sets: what belongs together may stand at different places. */
function commonList(lists: ByEnvironment<readonly JsonValue[]>): JsonValue | undefined {
  const sorted = new Map([...lists].map(([name, list]) => [name, inCommonOrder(list, name)]))
  const length = [...sorted.values()][0]?.length ?? 0
  if ([...sorted.values()].some((list) => list.length !== length)) return undefined
  const items: JsonValue[] = []
  for (let at = 0; at < length; at++) {
    const item = common(new Map([...sorted].map(([name, list]) => [name, list[at] as JsonValue])))
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

/** By what the items are without the environment's name. */
function inCommonOrder(list: readonly JsonValue[], environment: string): JsonValue[] {
  const masked = (item: JsonValue) =>
    splitAtWords(stableStringify(item), [environment])
      .map((part, at) => (at % 2 === 0 ? part : ''))
      .join('\0')
  return [...list]
    .map((item) => [masked(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, item]) => item)
}

function commonMap(maps: ByEnvironment<JsonObject>): JsonValue | undefined {
  const keys = keysOf(maps)
  const result: Record<string, JsonValue> = {}
  for (const key of keys) {
    const values = membersOf(maps, key)
    const value = values.size === maps.size ? common(values) : undefined
    if (value === undefined) return undefined
    result[key] = value
  }
  return result
}

/** In the order of the first map, then of those that have more. */
function keysOf(maps: ByEnvironment<JsonObject>): string[] {
  return [...new Set([...maps.values()].flatMap((map) => Object.keys(map)))]
}

function membersOf(maps: ByEnvironment<JsonObject>, key: string): Map<string, JsonValue> {
  return new Map([...maps].flatMap(([name, map]) => (Object.hasOwn(map, key) ? [[name, map[key] as JsonValue]] : [])))
}

/**
 * What most environments have in common, and for each what differs. What is the same nearly everywhere stands in the base;
 * what has no majority stands in every override, so that nobody has to know which environment is the usual one.
 */
export function fold(maps: ByEnvironment<JsonObject>): Folded {
  const base: Record<string, JsonValue> = {}
  const overrides = new Map([...maps.keys()].map((name) => [name, {} as Record<string, JsonValue>]))
  const override = (name: string, key: string, value: JsonValue) => {
    ;(overrides.get(name) as Record<string, JsonValue>)[key] = value
  }
  for (const key of keysOf(maps)) {
    const values = membersOf(maps, key)
    const shared = values.size === maps.size ? common(values) : undefined
    if (shared !== undefined) base[key] = shared
    else if ([...values.values()].every(isObject)) foldMember(key, values as ByEnvironment<JsonObject>)
    else foldValue(key, values)
  }
  return { base, overrides }

  function foldMember(key: string, values: ByEnvironment<JsonObject>): void {
    const all = new Map([...maps.keys()].map((name) => [name, values.get(name) ?? {}]))
    const inner = fold(all)
    const kept = Object.keys(inner.base).length > 0
    if (kept) base[key] = inner.base
    for (const [name, over] of inner.overrides) {
      if (kept && !values.has(name)) override(name, key, null)
      else if (Object.keys(over).length > 0) override(name, key, over)
    }
  }

  function foldValue(key: string, values: ByEnvironment): void {
    const most = majority(values, maps.size)
    if (most !== undefined) base[key] = most.value
    for (const name of maps.keys()) {
      if (most?.names.has(name)) continue
      const value = values.get(name)
      if (value !== undefined) override(name, key, literal(value))
      else if (most !== undefined) override(name, key, null)
    }
  }
}

/** A template that is the value of more than half of the environments. */
function majority(
  values: ByEnvironment,
  count: number,
): { readonly value: JsonValue; readonly names: ReadonlySet<string> } | undefined {
  for (const [name, own] of values) {
    const alike = new Map(
      [...values].filter(
        ([other, value]) =>
          other === name ||
          common(
            new Map([
              [name, own],
              [other, value],
            ]),
          ) !== undefined,
      ),
    )
    const value = alike.size * 2 > count ? common(alike) : undefined
    if (value !== undefined) return { value, names: new Set(alike.keys()) }
  }
  return undefined
}

/** What the loader makes of a folded map in one environment; undefined where a variable is missing. */
export function unfold({ base, overrides }: Folded, environment: string): JsonValue | undefined {
  return filled(merged(base, overrides.get(environment) ?? {}), { environment })
}

function merged(base: JsonObject, over: JsonObject): JsonObject {
  const result: Record<string, JsonValue> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const old = result[key]
    if (value === null) delete result[key]
    else result[key] = isObject(value) ? merged(isObject(old) ? old : {}, value) : value
  }
  return result
}

/** A value with its texts filled in. */
function filled(value: JsonValue, variables: Readonly<Record<string, JsonValue>>): JsonValue | undefined {
  if (typeof value === 'string') {
    const only = /^\$\{([A-Za-z_][\w-]*)\}$/.exec(value)?.[1]
    if (only !== undefined) return Object.hasOwn(variables, only) ? variables[only] : undefined
    return filledIn(value, variables as Readonly<Record<string, string>>)
  }
  if (Array.isArray(value)) {
    const items = value.map((item: JsonValue) => filled(item, variables))
    return items.every((item) => item !== undefined) ? items : undefined
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, filled(inner, variables)] as const)
  return entries.every(([, inner]) => inner !== undefined) ? (Object.fromEntries(entries) as JsonObject) : undefined
}

/** How many values there are to read. */
export function sizeOf(value: JsonValue): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item: JsonValue) => sum + sizeOf(item), 0)
  return isObject(value) ? Object.values(value).reduce((sum: number, inner) => sum + sizeOf(inner), 0) : 1
}
