import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Parser,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import type { JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import type { Problems } from './problems.ts'
import { explainSyntax } from './syntax.ts'
import { type Place, quoted, startOf, type TextFile } from './text.ts'

/** A YAML document as plain data, and where each part of it is written. */
export interface YamlDocument {
  readonly file: TextFile
  readonly value: JsonValue
  /** Goes as far along the path as the document does. */
  find(path: FieldPath): Found
}

interface Found {
  readonly place: Place
  /** The key that leads there; the same as `place` for items of lists and for a document's root. */
  readonly key: Place
  /** How many keys of the path are there. */
  readonly depth: number
  /** Where the way ended before the path did: in a map that lacks the key, or at something that has no keys. */
  readonly end: 'found' | 'map' | 'leaf'
}

/** Deeper than any configuration, and far from where the parser runs out of stack. */
const deepest = 100
/** A document may grow by this many values through its aliases. */
const mostAliased = 100_000

/**
 * The documents of a YAML 1.2 file; empty ones among others are skipped. What YAML allows and nobody reviews safely is
 * refused: duplicate, complex and merge keys, tags, numbers that JavaScript would change, aliases without end.
 * @param secretNames keys whose values are secrets: a value in the clear is never shown
 */
export function parseYaml(file: TextFile, problems: Problems, secretNames: ReadonlySet<string>): YamlDocument[] {
  const tokens = [...new Parser().parse(file.text)]
  const deep = tokens.find((token) => depthOf(token) > deepest)
  if (deep !== undefined) {
    problems.error('too-deep', `the file is nested more than ${deepest} levels deep`, startOf(file))
    return []
  }
  const options = { version: '1.2', uniqueKeys: false, merge: false, logLevel: 'silent', prettyErrors: false } as const
  const documents = [...new Composer(options).compose(tokens)].filter(
    ({ contents, errors }) => errors.length > 0 || !isNothing(contents),
  )
  if (documents.length === 0)
    problems.error('empty-file', 'the file is empty', startOf(file), { help: 'Write something into it, or delete it.' })
  return documents.flatMap((document) => readDocument(document, file, problems, secretNames))
}

function isNothing(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null && (contents.source ?? '') === '')
}

/** Without recursion: the parser survives any nesting, the composer does not. */
function depthOf(token: CST.Token): number {
  let most = 0
  const open: [unknown, number][] = [[token, 0]]
  for (let next = open.pop(); next !== undefined && most <= deepest; next = open.pop()) {
    const [{ items = [], value }, depth] = next as [{ items?: CST.CollectionItem[]; value?: unknown }, number]
    most = Math.max(most, depth)
    if (typeof value === 'object' && value !== null) open.push([value, depth])
    for (const { key, value: inner } of items) for (const part of [key, inner]) if (part) open.push([part, depth + 1])
  }
  return most
}

function readDocument(
  document: Document,
  file: TextFile,
  problems: Problems,
  secretNames: ReadonlySet<string>,
): YamlDocument[] {
  const broken = [...document.errors, ...document.warnings][0] as YAMLError | undefined
  if (broken !== undefined || document.directives?.yaml.explicit) {
    hideSecretsOfBrokenText(file, secretNames)
    if (broken !== undefined) {
      const { message, help } = explainSyntax(broken)
      problems.error('yaml-syntax', message, { file, start: broken.pos[0], end: broken.pos[1] }, { help })
    } else problems.error('yaml-syntax', 'a %YAML directive is not allowed: all files are YAML 1.2', startOf(file))
    return []
  }
  const reader: Reader = {
    file,
    problems,
    secretNames,
    anchors: new Map(),
    aliases: new Map(),
    open: new Set(),
    aliased: 0,
  }
  const { value } = read(document.contents as Node, reader)
  return [{ file, value, find: (path) => find(document.contents as Node, path, reader) }]
}

/** No tree says where a secret ends here, so nothing after one is shown. */
function hideSecretsOfBrokenText(file: TextFile, secretNames: ReadonlySet<string>): void {
  for (const name of secretNames) {
    for (let at = file.text.indexOf(name); at !== -1; at = file.text.indexOf(name, at + 1)) {
      const rest = file.text.slice(at + name.length, at + name.length + 100)
      if (!/^["']?\s*:\s*(["']?\$\{env:\w+\}|\{\s*file:)/.test(rest)) file.hidden.push([at, file.text.length])
    }
  }
}

interface Reader {
  readonly file: TextFile
  readonly problems: Problems
  readonly secretNames: ReadonlySet<string>
  readonly anchors: Map<string, { node: Node; result?: Result }>
  readonly aliases: Map<Alias, Node>
  readonly open: Set<Node>
  aliased: number
}

/** `size` counts values, those behind aliases included each time. */
interface Result {
  readonly value: JsonValue
  readonly size: number
}

function placeOf(node: Node, file: TextFile): Place {
  const [start, end] = node.range ?? [0, 0]
  return { file, start, end }
}

function read(node: Node | null, reader: Reader): Result {
  if (node === null) return { value: null, size: 1 }
  if (isAlias(node)) return readAlias(node, reader)
  const anchor = (isScalar(node) || isCollection(node)) && node.anchor
  const entry: { node: Node; result?: Result } = { node }
  if (anchor) reader.anchors.set(anchor, entry)
  const result = isMap(node)
    ? readMap(node, reader)
    : isSeq(node)
      ? readList(node.items, reader)
      : readScalar(node, reader)
  entry.result = result
  return result
}

function readAlias(alias: Alias, reader: Reader): Result {
  const target = reader.anchors.get(alias.source)
  const refuse = (code: string, message: string): Result => {
    reader.problems.error(code, message, placeOf(alias, reader.file), { final: true })
    return { value: null, size: 1 }
  }
  if (target === undefined) return refuse('unknown-alias', `no anchor above is called ${quoted(alias.source)}`)
  reader.aliases.set(alias, target.node)
  if (target.result === undefined) return refuse('too-many-aliases', `the alias *${alias.source} contains itself`)
  reader.aliased += target.result.size
  if (reader.aliased <= mostAliased) return target.result
  // Only the first of them is worth a message.
  reader.aliased = Number.NEGATIVE_INFINITY
  return refuse('too-many-aliases', `aliases blow this document up by more than ${mostAliased} values`)
}

function readList(items: readonly unknown[], reader: Reader): Result {
  const results = items.map((item) => read(item as Node | null, reader))
  return { value: results.map(({ value }) => value), size: results.reduce((sum, { size }) => sum + size, 1) }
}

function readMap(map: YAMLMap, reader: Reader): Result {
  const value: Record<string, JsonValue> = {}
  let size = 1
  for (const pair of map.items) {
    const key = readKey(pair.key as Node | null, map, reader)
    const result = read(pair.value as Node | null, reader)
    if (key === undefined) continue
    if (reader.secretNames.has(key)) hideSecret(pair.value as Node | null, result.value, reader)
    size += result.size
    if (!Object.hasOwn(value, key)) value[key] = result.value
    else {
      const place = placeOf(pair.key as Node, reader.file)
      const first = map.items.find((other) => keyText(other.key) === key)?.key as Node
      reader.problems.error('duplicate-key', `the key ${quoted(key)} stands twice in one map`, place, {
        help: 'Remove one of them.',
        related: [{ message: 'the first one', place: placeOf(first, reader.file) }],
      })
    }
  }
  return { value, size }
}

function hideSecret(node: Node | null, value: JsonValue, reader: Reader): void {
  const reference =
    typeof value === 'string' ? /^\$\{env:\w+\}$/.test(value) : Object.keys(value ?? {}).join() === 'file'
  if (node === null || value === null || value === '' || reference) return
  const written = isAlias(node) ? [node, reader.aliases.get(node)] : [node]
  for (const part of written)
    if (part?.range) reader.file.hidden.push([part.range[0], Math.max(part.range[0], part.range[1] - 1)])
}

/** Numbers are keys as people see them (`22:`); undefined for what has no one reading as text. */
function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined
  if (typeof key.value === 'string') return key.value
  return typeof key.value === 'number' && String(key.value) === key.source ? key.source : undefined
}

function readKey(key: Node | null, map: YAMLMap, reader: Reader): string | undefined {
  const text = keyText(key)
  const place = placeOf(key?.range ? key : map, reader.file)
  if (text === undefined) {
    reader.problems.error('invalid-key', 'a key must be a text', place, {
      help: isScalar(key) && key.source !== '' ? `Quote it: "${key.source}".` : 'Write a plain name.',
    })
    return undefined
  }
  if (text === '<<' && (key as Scalar).type === 'PLAIN') {
    reader.problems.error('merge-key', 'the merge key "<<" is not supported', place, {
      help: 'Write the keys out. In a role file, the maps under environments are merged over the rest of the file.',
    })
    return undefined
  }
  if (text === '__proto__') {
    reader.problems.error('invalid-key', 'the key "__proto__" is not allowed', place)
    return undefined
  }
  const anchor = (key as Scalar).anchor
  if (anchor) reader.anchors.set(anchor, { node: key as Node, result: { value: text, size: 1 } })
  return text
}

function readScalar(node: Node, reader: Reader): Result {
  const { value, source = '' } = node as Scalar
  if (typeof value !== 'number') return { value: value as JsonValue, size: 1 }
  const whole = /^([-+]?\d+|0[xo][\da-f]+)$/i.test(source)
  if (Number.isFinite(value) && (!whole || Number.isSafeInteger(value))) return { value, size: 1 }
  reader.problems.error(
    'unsafe-number',
    `${quoted(source)} cannot be kept as a number exactly`,
    placeOf(node, reader.file),
    {
      help: `Quote it: "${source}".`,
      final: true,
    },
  )
  return { value: source, size: 1 }
}

function find(root: Node, path: FieldPath, reader: Reader): Found {
  let [node, key, depth]: [Node | null, Node | undefined, number] = [root, undefined, 0]
  const found = (end: Found['end']): Found => {
    const place = written(node, key, reader.file)
    return { place, key: key === undefined ? place : placeOf(key, reader.file), depth, end }
  }
  for (const name of path) {
    const inner: Node | null | undefined = isAlias(node) ? reader.aliases.get(node) : node
    if (isMap(inner)) {
      const pair: Pair | undefined = inner.items.find((item) => keyText(item.key) === name)
      if (pair === undefined) return found('map')
      ;[node, key] = [pair.value as Node | null, pair.key as Node]
    } else if (isSeq(inner) && /^\d+$/.test(name) && Number(name) < inner.items.length) {
      ;[node, key] = [inner.items[Number(name)] as Node | null, undefined]
    } else return found('leaf')
    depth++
  }
  return found('found')
}

/** A value that begins on the lines below its key is best shown by the key. */
function written(node: Node | null, key: Node | undefined, file: TextFile): Place {
  const below = node === null || !node.range || node.range[0] === node.range[1] || (isCollection(node) && !node.flow)
  return placeOf(key !== undefined && below ? key : (node as Node), file)
}

/** For files that are one document; undefined once the reason is reported. */
export function singleDocument(
  file: TextFile,
  problems: Problems,
  secretNames: ReadonlySet<string>,
): YamlDocument | undefined {
  const [document, second] = parseYaml(file, problems, secretNames)
  if (second !== undefined)
    problems.error('several-documents', 'this file may hold one YAML document only', second.find([]).place, {
      help: 'Remove what follows "---". Only role files may hold several documents.',
    })
  return document
}
