import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { deepEqual, isObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import { keyText } from './yaml-places.ts'

/** A range of a text and what comes in its place; offsets count UTF-16 units. */
export interface TextEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export type YamlEdit = { readonly edits: readonly TextEdit[] } | { readonly refused: string }

/**
 * What gives a field another value, or takes it away: only the characters of the value change, so that comments and layout
 * stay. The offset is where the field's key stands, or what contains the field where it is not written.
 */
export function editField(text: string, offset: number, field: FieldPath, value: JsonValue | undefined): YamlEdit {
  const documents = parseAllDocuments(text, { version: '1.2', uniqueKeys: false, logLevel: 'silent' })
  const name = field.at(-1) as string
  const list = Array.isArray(documents) ? documents : []
  const pair = list.map((document) => pairAt(document, offset)).find((found) => found !== undefined)
  if (pair !== undefined && keyText(pair.key) === name)
    return value === undefined
      ? refuse('taking a key away is left to you')
      : change(text, pair.value as Node | null, value)
  if (value === undefined) return refuse('it is not written at this place')
  const map = container(list, offset, pair, field)
  return map === undefined ? refuse('it is not written at this place') : insert(text, map, name, value)
}

function refuse(refused: string): YamlEdit {
  return { refused }
}

function pairAt(document: Document, offset: number): Pair | undefined {
  let found: Pair | undefined
  visit(document, {
    Pair(_, pair) {
      const { key } = pair
      if (!isScalar(key) || key.range?.[0] !== offset) return undefined
      found = pair
      return visit.BREAK
    },
  })
  return found
}

/** The map that lacks the field: the value of the key that is named before it, of the object's own, or a whole document. */
function container(
  documents: readonly Document[],
  offset: number,
  pair: Pair | undefined,
  field: FieldPath,
): YAMLMap | undefined {
  const root = documents.map(({ contents }) => contents).find((node) => isMap(node) && node.range?.[0] === offset)
  if (field.length === 1 && isMap(root)) return root
  const named = pair !== undefined && (field.length === 1 || keyText(pair.key) === field.at(-2))
  return named && isMap(pair.value) ? pair.value : undefined
}

function change(text: string, node: Node | null, value: JsonValue): YamlEdit {
  if (node === null || isAlias(node)) return refuse('its value is written elsewhere')
  if ((isScalar(node) || isCollection(node)) && (node.anchor !== undefined || node.tag !== undefined))
    return refuse('its value has an anchor or a tag')
  if (textOf(text, node).includes('${')) return refuse('its value comes from a variable')
  if (isSeq(node) && Array.isArray(value)) return changeList(node, value)
  if (isCollection(node) && !(node.flow === true)) return refuse('its value is written on several lines')
  return { edits: [{ ...rangeOf(node), text: written(value) }] }
}

/** Elements one by one, so that their order and comments stay; canonical lists are sorted, those of files need not be. */
function changeList(node: YAMLSeq, values: readonly JsonValue[]): YamlEdit {
  const rest = [...values]
  const edits: TextEdit[] = []
  for (const item of node.items) {
    if (!isScalar(item) || item.anchor !== undefined) return refuse('its list holds more than plain values')
    const at = rest.findIndex((value) => String(value) === String(item.value))
    const [value] = at === -1 ? [] : rest.splice(at, 1)
    if (value === undefined) return refuse('its list has other elements')
    if (value !== item.value) edits.push({ ...rangeOf(item), text: written(value) })
  }
  return rest.length > 0 || edits.length === 0 ? refuse('its list has other elements') : { edits }
}

function insert(text: string, map: YAMLMap, name: string, value: JsonValue): YamlEdit {
  const last = map.items.at(-1)
  const member = `${plain(name)}: ${written(value)}`
  const end = last === undefined ? undefined : endOf(last)
  if (last === undefined || end === undefined || map.anchor !== undefined)
    return refuse('the map around it is empty or shared')
  if (map.flow === true) return { edits: [{ start: end, end, text: `, ${member}` }] }
  const start = (last.key as Node).range?.[0] ?? 0
  const indent = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  if (!/^ *$/.test(indent)) return refuse('the map around it begins within a line')
  const lineEnd = text.indexOf('\n', end)
  const at = lineEnd === -1 ? text.length : lineEnd
  return { edits: [{ start: at, end: at, text: `\n${indent}${member}` }] }
}

/** Undefined where the last value is no plain one: what belongs to it may go on below. */
function endOf(pair: Pair): number | undefined {
  const { value } = pair
  const ends = isPair(pair) && (isScalar(value) || (isCollection(value) && value.flow === true))
  return ends && value.range ? value.range[1] : undefined
}

function rangeOf(node: Node): { readonly start: number; readonly end: number } {
  const [start, end] = node.range ?? [0, 0]
  return { start, end }
}

function textOf(text: string, node: Node): string {
  const { start, end } = rangeOf(node)
  return text.slice(start, end)
}

/** JSON is YAML; keys of maps need no quotes. */
function written(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  if (isObject(value))
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${plain(key)}: ${written(inner)}`)
      .join(', ')} }`
  return JSON.stringify(value)
}

function plain(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) && !/^(true|false|null)$/i.test(key) ? key : JSON.stringify(key)
}

/** Whether the texts are the same YAML but for what stands at this key; the number of documents included. */
export function differsOnlyAt(before: string, after: string, names: ReadonlySet<string>): boolean {
  const [left, right] = [before, after].map((text) => {
    const documents = parseAllDocuments(text, { version: '1.2', uniqueKeys: false, logLevel: 'silent' })
    return Array.isArray(documents) ? documents.map((document) => without(document.toJS() as JsonValue, names)) : []
  })
  return deepEqual(left, right)
}

function without(value: JsonValue, names: ReadonlySet<string>): JsonValue {
  if (Array.isArray(value)) return value.map((item) => without(item, names))
  if (!isObject(value)) return value
  const members = Object.entries(value).filter(([key]) => !names.has(key))
  return Object.fromEntries(members.map(([key, inner]) => [key, without(inner, names)]))
}

/** From the last one to the first, so that offsets stay true; edits must not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const sorted = [...edits].sort((a, b) => b.start - a.start || b.end - a.end)
  return sorted.reduce(
    (result, { start, end, text: inner }) => result.slice(0, start) + inner + result.slice(end),
    text,
  )
}
