import { groupBy } from '../core/group-by.ts'
import { byText, deepEqual, isObject, type JsonObject, type JsonValue, stableStringify } from '../core/json.ts'
import { sizeOf } from './fold.ts'
import { byFile, type RoleDocument } from './roles.ts'
import { commonOfTemplates, reference } from './template-text.ts'

/** Fewer roles than this are easier to read one by one. */
const fewest = 5
/** With more variables than this, an entry is no easier to read than the role. */
const mostVariables = 4
/** What else a list makes shorter; of several forms that have as many variables, the one that is worth most is taken. */
export type Worth = (document: RoleDocument) => number

/** A list must leave at most this part to read of what it stands for. */
const clearlyShorter = 0.6

/**
 * Documents of one shape that differ in few values become one with `for_each`, where that is clearly shorter. A value that
 * splits the roles into few classes, such as two TTLs, makes one list of each class rather than a variable.
 */
export function foldAlike(documents: readonly RoleDocument[], worth: Worth): RoleDocument[] {
  const shapes = groupBy(documents, (document) => `${document.mount}\n${shapeOf(treeOf(document))}`)
  return [...shapes.values()].flatMap((group) => asLists(group, worth)).sort(byFile)
}

function asLists(group: readonly RoleDocument[], worth: Worth): RoleDocument[] {
  if (group.length < fewest) return [...group]
  const parts = classesOf(group)
  if (parts.length > 1) return parts.flatMap((part) => asLists(part, worth))
  const list = listOf(group, worth)
  return list === undefined ? [...group] : [list]
}

/** The whole document as one value, overrides included. */
function treeOf({ base, overrides }: RoleDocument): JsonObject {
  return { ...base, environments: Object.fromEntries(overrides) }
}

function shapeOf(value: JsonValue): string {
  if (Array.isArray(value)) return '[]'
  if (!isObject(value)) return value === null ? 'null' : typeof value
  const members = Object.keys(value)
    .sort(byText)
    .map((key) => `${JSON.stringify(key)}:${shapeOf(value[key] as JsonValue)}`)
  return `{${members.join(',')}}`
}

/** Leaves by path; a list is one. */
function leavesOf(value: JsonValue, path = ''): [string, JsonValue][] {
  if (!isObject(value)) return [[path, value]]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, `${path}\0${key}`))
}

/** The group split by the value that has the fewest classes of enough roles; the group itself where there is none. */
function classesOf(group: readonly RoleDocument[]): RoleDocument[][] {
  const leaves = group.map((document) => new Map(leavesOf(treeOf(document))))
  let best: Map<string, RoleDocument[]> | undefined
  for (const path of leaves[0]?.keys() ?? []) {
    const values = leaves.map((map) => stableStringify(map.get(path) as JsonValue))
    const distinct = new Set(values).size
    if (distinct === 1 || distinct > group.length / 4 || (best !== undefined && best.size <= distinct)) continue
    best = new Map(
      [...groupBy(group.keys(), (at) => values[at] as string)].map(([value, places]) => [
        value,
        places.map((at) => group[at] as RoleDocument),
      ]),
    )
  }
  return best === undefined ? [[...group]] : [...best.values()]
}

/** What roles have in common, with references to variables; the variables of each. */
interface Common {
  readonly tree: JsonObject
  readonly entries: readonly Record<string, JsonValue>[]
}

function listOf(group: readonly RoleDocument[], worth: Worth): RoleDocument | undefined {
  const trees = group.map(treeOf)
  const names = trees.map(({ name }) => String(name))
  const before = trees.reduce((sum, tree) => sum + sizeOf(tree), 0)
  const lists = coresOf(names)
    .map((core) => generalised(trees, core))
    .filter((common) => common !== undefined)
    .filter((common) => variablesOf(common) <= mostVariables && lengthOf(common) <= before * clearlyShorter)
    .map((common) => ({ common, list: asDocument(common, group, names) }))
    .map((one) => ({ ...one, rank: [variablesOf(one.common), -worth(one.list)] as const }))
  const [best] = lists.sort(({ rank: a }, { rank: b }) => a[0] - b[0] || a[1] - b[1])
  return best !== undefined && trees.every((tree, at) => isSame(best.common, at, tree)) ? best.list : undefined
}

function lengthOf({ tree, entries }: Common): number {
  return sizeOf(tree) + entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
}

function asDocument({ tree, entries }: Common, group: readonly RoleDocument[], names: readonly string[]): RoleDocument {
  const { environments, ...base } = tree
  return {
    file: commonWords(names),
    mount: group[0]?.mount ?? '',
    base,
    overrides: new Map(Object.entries(environments as JsonObject)) as RoleDocument['overrides'],
    describes: group.flatMap(({ describes }) => describes),
    entries,
  }
}

function variablesOf({ entries }: Common): number {
  return Object.keys(entries[0] ?? {}).length
}

/** What tells one role's name from the others', and how its variable is called. */
interface Core {
  readonly variable: string
  readonly values: readonly string[]
}

/** The names themselves, and what is left without the words that all of them begin or end with. */
function coresOf(names: readonly string[]): Core[] {
  const whole = names.map(ownWords)
  const words = whole.map((name) => name.split(/([-_.])/))
  const [start, end] = [commonStart(words), commonStart(words.map((list) => [...list].reverse()))]
  const shortest = Math.min(...words.map((list) => list.length))
  const cut = [
    [start, 0],
    [0, end],
    [start, end],
  ].filter(([from = 0, to = 0]) => from + to > 0 && from + to < shortest)
  const parts = cut.map(([from = 0, to = 0]) => words.map((list) => list.slice(from, list.length - to).join('')))
  const cores = [{ variable: 'name', values: whole }, ...parts.map((values) => ({ variable: 'project', values }))]
  return cores.filter(
    ({ values }) =>
      values.every((value) => /^[A-Za-z0-9].*[A-Za-z0-9]$|^[A-Za-z0-9]$/.test(value)) &&
      new Set(values).size === values.length,
  )
}

/** The name without references and what joins them to it. */
function ownWords(name: string): string {
  const parts = name.split(/\$\{[\w-]+\}/).map((part) => part.replace(/^[-_.]+|[-_.]+$/g, ''))
  return parts.reduce((a, b) => (b.length > a.length ? b : a), '')
}

/** How many elements all lists begin with, separators between words included. */
function commonStart(lists: readonly (readonly string[])[]): number {
  const [first = [], ...others] = lists
  let count = 0
  while (count < first.length && others.every((list) => list[count] === first[count])) count++
  // A separator at the end goes with the words before it.
  return count - (count % 2)
}

function commonWords(names: readonly string[]): string {
  const words = names.map((name) => ownWords(name).split(/([-_.])/))
  const [first = []] = words
  const start = first.slice(0, commonStart(words)).join('')
  const end = first.slice(first.length - commonStart(words.map((list) => [...list].reverse()))).join('')
  const name = (start === '' ? end : start).replace(/^[-_.]+|[-_.]+$/g, '')
  return name === '' ? 'projects' : name
}

/** One tree for all of them; undefined where their names have no common form. */
function generalised(trees: readonly JsonObject[], core: Core): Common | undefined {
  const entries = core.values.map((value): Record<string, JsonValue> => ({ [core.variable]: value }))
  const tree = generalise(trees, [], { core, entries }) as JsonObject
  const named = typeof tree['name'] === 'string' && tree['name'].includes(reference(core.variable))
  return named ? { tree, entries } : undefined
}

interface Generalising {
  readonly core: Core
  readonly entries: readonly Record<string, JsonValue>[]
}

function generalise(values: readonly JsonValue[], path: readonly string[], into: Generalising): JsonValue {
  const [first] = values
  if (first === undefined || values.every((value) => deepEqual(value, first))) return first ?? null
  if (values.every(isObject)) {
    const keys = Object.keys(first as JsonObject)
    const inner = (key: string) =>
      generalise(
        values.map((value) => value[key] as JsonValue),
        [...path, key],
        into,
      )
    const alike = values.every(
      (value) => Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key)),
    )
    return alike ? Object.fromEntries(keys.map((key) => [key, inner(key)])) : variable(values, path, into)
  }
  if (values.every((value) => Array.isArray(value)))
    return generaliseList(values as readonly (readonly JsonValue[])[], path, into)
  return derived(values, into) ?? variable(values, path, into)
}

/** What all lists hold stays; what is left is compared item by item where all have as much of it. */
function generaliseList(
  lists: readonly (readonly JsonValue[])[],
  path: readonly string[],
  into: Generalising,
): JsonValue {
  const keys = lists.map((list) => new Set(list.map(stableStringify)))
  const isCommon = (item: JsonValue) => keys.every((set) => set.has(stableStringify(item)))
  const rests = lists.map((list) => list.filter((item) => !isCommon(item)))
  const [rest = []] = rests
  if (rests.some(({ length }) => length !== rest.length)) return variable(lists as readonly JsonValue[], path, into)
  const items = rest.map((_, at) =>
    generalise(
      rests.map((list) => list[at] as JsonValue),
      [...path, String(at)],
      into,
    ),
  )
  return [...items, ...(lists[0] as readonly JsonValue[]).filter(isCommon)]
}

/** One text with a reference, where each of the texts holds the same variable's value at the same place. */
function derived(values: readonly JsonValue[], { core, entries }: Generalising): string | undefined {
  if (!values.every((value) => typeof value === 'string')) return undefined
  const texts = new Map(values.map((value, at) => [String(at), value]))
  const variables = [core.variable, ...Object.keys(entries[0] ?? {}).filter((name) => name !== core.variable)]
  for (const name of variables) {
    const words = wordsOf(entries, name)
    const template = words && commonOfTemplates(texts, words, name)
    if (template !== undefined) return template
  }
  return undefined
}

/** The variable's values by the place of the entry; undefined for one that is no plain text everywhere. */
export function wordsOf(entries: readonly JsonObject[], name: string): ReadonlyMap<string, string> | undefined {
  const words = entries.map((entry) => entry[name])
  if (!words.every((word) => typeof word === 'string' && /^[A-Za-z0-9]/.test(word) && !word.includes('${')))
    return undefined
  return new Map(words.map((word, at) => [String(at), String(word)]))
}

function variable(values: readonly JsonValue[], path: readonly string[], { entries }: Generalising): string {
  const name = variableName(path, Object.keys(entries[0] ?? {}))
  for (const [at, entry] of entries.entries()) entry[name] = values[at] as JsonValue
  return reference(name)
}

function variableName(path: readonly string[], used: readonly string[]): string {
  const [section, environment, ...inner] = path
  const keys = section === 'environments' ? [...inner, environment ?? ''] : path
  const words = keys
    .filter((key) => !/^\d+$/.test(key))
    .map((key) => key.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=\d)|^$/, '_'))
  const shortest = section === 'environments' ? words.slice(-2) : words.slice(-1)
  const candidates = [shortest.join('_'), words.join('_')]
  const free = candidates.find((name) => name !== 'environment' && !used.includes(name))
  return free ?? `${words.join('_')}_${used.length}`
}

function isSame({ tree, entries }: Common, at: number, wanted: JsonObject): boolean {
  const made = substituted(tree, entries[at] ?? {})
  return stableStringify(asSets(made)) === stableStringify(asSets(wanted))
}

function asSets(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(asSets).sort((a, b) => byText(stableStringify(a), stableStringify(b)))
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asSets(inner)])) : value
}

/** The value with the entry's variables filled in; other references stay. */
export function substituted(value: JsonValue, entry: JsonObject): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => substituted(item, entry))
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substituted(inner, entry)]))
  if (typeof value !== 'string') return value
  const only = /^\$\{([A-Za-z_][\w-]*)\}$/.exec(value)?.[1]
  if (only !== undefined && Object.hasOwn(entry, only)) return entry[only] as JsonValue
  return value.replace(/\$\$\{|\$\{([A-Za-z_][\w-]*)\}/g, (found, name: string | undefined) =>
    name !== undefined && Object.hasOwn(entry, name) ? String(entry[name]) : found,
  )
}
