import { type Alias, isAlias, isCollection, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'
import type { FieldPath } from '../core/kind.ts'
import type { Place, TextFile } from './text.ts'

/** Where the parts of a YAML document are written. */

export interface Found {
  readonly place: Place
  /** The key that leads there; the same as `place` for items of lists and for a document's root. */
  readonly key: Place
  /** How many keys of the path are there. */
  readonly depth: number
  /** Where the way ended before the path did: in a map that lacks the key, or at something that has no keys. */
  readonly end: 'found' | 'map' | 'leaf'
}

/** What is known of a document once it has been read. */
export interface Written {
  readonly file: TextFile
  readonly aliases: ReadonlyMap<Alias, Node>
  /** Pairs of large maps by key; searched one by one, they would take a time that grows with the square. */
  readonly indexes: Map<YAMLMap, ReadonlyMap<string, Pair>>
}

export function placeOf(node: Node, file: TextFile): Place {
  const [start, end] = node.range ?? [0, 0]
  return { file, start, end }
}

/** Numbers are keys as people see them (`22:`); undefined for what has no one reading as text. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined
  if (typeof key.value === 'string') return key.value
  return typeof key.value === 'number' && String(key.value) === key.source ? key.source : undefined
}

export function find(root: Node, path: FieldPath, reader: Written): Found {
  let [node, key, depth]: [Node | null, Node | undefined, number] = [root, undefined, 0]
  const found = (end: Found['end']): Found => {
    const place = written(node, key, reader.file)
    return { place, key: key === undefined ? place : placeOf(key, reader.file), depth, end }
  }
  for (const name of path) {
    const inner: Node | null | undefined = isAlias(node) ? reader.aliases.get(node) : node
    if (isMap(inner)) {
      const pair = pairOf(inner, name, reader)
      if (pair === undefined) return found('map')
      ;[node, key] = [pair.value as Node | null, pair.key as Node]
    } else if (isSeq(inner) && /^\d+$/.test(name) && Number(name) < inner.items.length) {
      ;[node, key] = [inner.items[Number(name)] as Node | null, undefined]
    } else return found('leaf')
    depth++
  }
  return found('found')
}

function pairOf(map: YAMLMap, name: string, { indexes }: Written): Pair | undefined {
  if (map.items.length <= 32) return map.items.find((item) => keyText(item.key) === name)
  let index = indexes.get(map)
  if (index === undefined) {
    // Of equal keys the first one counts.
    index = new Map(map.items.toReversed().flatMap((item) => [[keyText(item.key) ?? '', item] as const]))
    indexes.set(map, index)
  }
  return index.get(name)
}

/** A value that begins on the lines below its key is best shown by the key. */
function written(node: Node | null, key: Node | undefined, file: TextFile): Place {
  const below = node === null || !node.range || node.range[0] === node.range[1] || (isCollection(node) && !node.flow)
  return placeOf(key !== undefined && below ? key : (node as Node), file)
}
