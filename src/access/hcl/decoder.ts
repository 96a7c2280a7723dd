import {
  byFirstKey,
  filter,
  folded,
  goType,
  type LiteralType,
  type Node,
  type ObjectItem,
  type ObjectList,
  objectList,
  placeOf,
  positionOf,
} from './ast.ts'
import { errorAt, HclError, placed } from './errors.ts'
import { parseFloating, parseInteger } from './go-number.ts'
import { any, type Field, type GoValue, listOf, mapOf, type Shape } from './go-value.ts'
import { textOf } from './unquote.ts'

/**
 * The tree as Go values (hashicorp/hcl decoder.go): a number is taken where a text is wanted, repeated keys add up, one
 * object stands for a list of objects. Errors are HclError with the server's words.
 */

/** What is being filled, outermost first; an object inside a list becomes a map, any other a list of maps. */
type Stack = readonly Shape['is'][]

/** The values of the fields that the items give, by name. */
export function decodeFields(items: readonly ObjectItem[], fields: readonly Field[]): ReadonlyMap<string, GoValue> {
  return decodeStruct('root', items, fields, new Map(), ['struct'])
}

function decode(name: string, node: Node, declared: Shape, old: GoValue | undefined, outer: Stack): GoValue {
  const shape: Shape = declared.is === 'any' && old !== undefined ? old : declared
  const stack = shape.is === 'any' ? outer : [...outer, shape.is]
  switch (shape.is) {
    case 'any':
      return decodeAny(name, node, stack)
    case 'string':
      return { is: 'string', value: decodeText(name, node) }
    case 'int':
      return { is: 'int', value: decodeInteger(name, node) }
    case 'float':
      return { is: 'float', value: decodeFloat(name, node) }
    case 'bool':
      return { is: 'bool', value: decodeBoolean(name, node) }
    case 'list':
      return { is: 'list', of: shape.of, items: decodeList(name, node, shape.of, old, stack) }
    case 'map':
      return { is: 'map', of: shape.of, entries: decodeMap(name, node, shape.of, old, stack) }
    case 'struct': {
      const values = old?.is === 'struct' ? old.values : new Map<string, GoValue>()
      const items = objectOf(name, node, 'struct').items
      return { is: 'struct', fields: shape.fields, values: decodeStruct(name, items, shape.fields, values, stack) }
    }
  }
}

function wrongType(name: string, node: Node, words: string): HclError {
  return errorAt(positionOf(node), `${name}: ${words} ${goType(node)}`, placeOf(node))
}

function decodeText(name: string, node: Node): string {
  if (node.kind === 'LiteralType') {
    const { token } = node
    if (token.type === 'NUMBER') return token.text
    if (token.type === 'STRING' || token.type === 'HEREDOC') return textOf(token)
  }
  throw wrongType(name, node, 'unknown type for string')
}

function decodeInteger(name: string, node: Node): bigint {
  if (node.kind === 'LiteralType') {
    const { token } = node
    if (token.type === 'NUMBER') return placed(placeOf(node), () => parseInteger(token.text, 0))
    if (token.type === 'STRING') return placed(placeOf(node), () => parseInteger(textOf(token), 0))
  }
  throw wrongType(name, node, 'unknown type')
}

function decodeFloat(name: string, node: Node): number {
  if (node.kind === 'LiteralType' && (node.token.type === 'FLOAT' || node.token.type === 'NUMBER'))
    return placed(placeOf(node), () => parseFloating(node.token.text))
  throw wrongType(name, node, 'unknown type')
}

function decodeBoolean(name: string, node: Node): boolean {
  if (node.kind === 'LiteralType' && node.token.type === 'BOOL') return node.token.text === 'true'
  throw wrongType(name, node, 'unknown type')
}

const empty = {
  string: { is: 'string', value: '' },
  int: { is: 'int', value: 0n },
  float: { is: 'float', value: 0 },
  bool: { is: 'bool', value: false },
} as const

function decodeAny(name: string, node: Node, stack: Stack): GoValue {
  switch (node.kind) {
    case 'ObjectItem':
      throw new HclError(`${name}: cannot decode into interface: ${goType(node)}`, placeOf(node))
    case 'LiteralType':
      return decode(name, node, any, literalOf(name, node), stack)
    case 'ListType':
      return decode(name, node, listOf(any), undefined, stack)
    default: {
      const map = mapOf(any)
      return decode(name, node, stack.at(-1) === 'list' ? map : listOf(map), undefined, stack)
    }
  }
}

function literalOf(name: string, node: LiteralType): GoValue {
  switch (node.token.type) {
    case 'BOOL':
      return empty.bool
    case 'FLOAT':
      return empty.float
    case 'NUMBER':
      return empty.int
    case 'STRING':
    case 'HEREDOC':
      return empty.string
    default:
      throw wrongType(name, node, 'cannot decode into interface:')
  }
}

function decodeList(name: string, node: Node, of: Shape, old: GoValue | undefined, stack: Stack): readonly GoValue[] {
  const before = old?.is === 'list' ? old.items : []
  return [...before, ...elementsOf(node).map((item, i) => decode(`${name}[${i}]`, item, of, undefined, stack))]
}

function elementsOf(node: Node): readonly Node[] {
  if (node.kind === 'ListType') return node.items
  if (node.kind === 'ObjectList') return node.items
  if (node.kind === 'ObjectType') return [node]
  throw errorAt(positionOf(node), `unknown slice type: ${goType(node)}`, placeOf(node))
}

function objectOf(name: string, node: Node, into: 'map' | 'struct'): ObjectList {
  if (node.kind === 'ObjectType') return node.list
  if (node.kind === 'ObjectList') return node
  if (node.kind === 'ObjectItem' && into === 'map') return objectList([node])
  throw errorAt(positionOf(node), `${name}: not an object type for ${into} (${goType(node)})`, placeOf(node))
}

/** A key of several labels takes in all items of that key, once. */
function decodeMap(
  name: string,
  node: Node,
  of: Shape,
  old: GoValue | undefined,
  stack: Stack,
): ReadonlyMap<string, GoValue> {
  const { items } = objectOf(name, node, 'map')
  const entries = new Map(old?.is === 'map' ? old.entries : [])
  const done = new Set<string>()
  for (const item of items) {
    const [first] = item.keys
    if (first === undefined) throw errorAt(positionOf(objectList(items)), `${name}: map must have string keys`)
    const key = textOf(first)
    if (done.has(key)) continue
    const labelled = item.keys.length > 1
    if (labelled) done.add(key)
    const value = labelled ? objectList(filter(items, key)) : item.value
    entries.set(key, decode(`${name}.${key}`, value, of, entries.get(key), stack))
  }
  return entries
}

/** First what has further labels, together; then one by one what has none. */
function decodeStruct(
  name: string,
  items: readonly ObjectItem[],
  fields: readonly Field[],
  old: ReadonlyMap<string, GoValue>,
  stack: Stack,
): ReadonlyMap<string, GoValue> {
  const values = new Map(old)
  readKeys(items)
  const byKey = byFirstKey(items)
  for (const [field, shape] of fields) {
    const matches = byKey.get(folded(field))
    if (matches === undefined) continue
    const labelled = matches.filter(({ keys }) => keys.length > 0)
    const into = (node: Node) => values.set(field, decode(`${name}.${field}`, node, shape, values.get(field), stack))
    if (labelled.length > 0) into(objectList(labelled))
    for (const { keys, value } of matches) if (keys.length === 0) into(value.kind === 'ObjectType' ? value.list : value)
  }
  return values
}

/** The server reads most keys once for a list of unused ones, and so stumbles over those that cannot be read. */
function readKeys(items: readonly ObjectItem[]): void {
  for (const [i, { keys }] of items.entries())
    if (i === 0 || keys.length === 1) for (const key of keys) if (key.json) textOf(key)
}
