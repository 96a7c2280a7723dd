import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import type { JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import type { Problems } from './problems.ts'
import { hideSecretsOfBrokenText, hideSuspect, isPublic, type Suspicion, suspicionOf, tokenFields } from './suspects.ts'
import { explainSyntax } from './syntax.ts'
import { quoted, startOf, type TextFile } from './text.ts'
import { type Found, find, keyText, placeOf, type Written } from './yaml-places.ts'
import { deepest, parseTokens } from './yaml-tokens.ts'

/** A YAML document as plain data, and where each part of it is written. */
export interface YamlDocument {
  readonly file: TextFile
  readonly value: JsonValue
  /** Goes as far along the path as the document does. */
  find(path: FieldPath): Found
}

/** A document may grow by this many values through its aliases. */
export const mostAliased = 100_000

/**
 * The documents of a YAML 1.2 file; empty ones among others are skipped. What YAML allows and nobody reviews safely is
 * refused: duplicate, complex and merge keys, tags, numbers that JavaScript would change, aliases without end.
 * @param secretNames keys whose values are secrets: a value in the clear is never shown
 */
export function parseYaml(file: TextFile, problems: Problems, secretNames: ReadonlySet<string>): YamlDocument[] {
  const tokens = parseTokens(file.text)
  if (tokens === undefined) {
    problems.error('too-deep', `the file is nested more than ${deepest} levels deep`, startOf(file))
    return []
  }
  const options = { version: '1.2', uniqueKeys: false, merge: false, logLevel: 'silent', prettyErrors: false } as const
  const documents = [...new Composer(options).compose(tokens)].filter(
    ({ contents, errors }) => errors.length > 0 || !isNothing(contents),
  )
  if (documents.length === 0)
    problems.error('empty-file', 'the file is empty', startOf(file), { help: 'Write something into it, or delete it.' })
  return documents.flatMap((document) => readDocument(document, { file, problems, secretNames }))
}

function isNothing(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null && (contents.source ?? '') === '')
}

function readDocument(document: Document, reading: Reading): YamlDocument[] {
  const { file, problems, secretNames } = reading
  const broken = [...document.errors, ...document.warnings][0] as YAMLError | undefined
  if (broken !== undefined || document.directives?.yaml.explicit) {
    hideSecretsOfBrokenText(file, secretNames)
    if (broken !== undefined) {
      const { message, help } = explainSyntax(broken, file.text)
      problems.error('yaml-syntax', message, { file, start: broken.pos[0], end: broken.pos[1] }, { help })
    } else problems.error('yaml-syntax', 'a %YAML directive is not allowed: all files are YAML 1.2', startOf(file))
    return []
  }
  const reader: Reader = {
    ...reading,
    indexes: new Map(),
    anchors: new Map(),
    aliases: new Map(),
    open: new Set(),
    aliased: 0,
    discreet: false,
  }
  const { value } = read(document.contents as Node, reader)
  return [{ file, value, find: (path) => find(document.contents as Node, path, reader) }]
}

/** What all documents of a file share. */
interface Reading {
  readonly file: TextFile
  readonly problems: Problems
  readonly secretNames: ReadonlySet<string>
}

interface Reader extends Reading, Written {
  readonly anchors: Map<string, { node: Node; result?: Result }>
  readonly aliases: Map<Alias, Node>
  readonly open: Set<Node>
  aliased: number
  /** True below a key that looks like a secret's. */
  discreet: boolean
}

/** `size` counts values, those behind aliases included each time; a long text counts as several. */
interface Result {
  readonly value: JsonValue
  readonly size: number
  /** Whether something inside looks like a secret. */
  readonly suspect?: Suspicion
}

function sizeOf(text: unknown): number {
  return typeof text === 'string' ? 1 + Math.floor(text.length / 64) : 1
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
  const size = results.reduce((sum, result) => sum + result.size, 1)
  return { value: results.map(({ value }) => value), size, suspect: worst(results.map(({ suspect }) => suspect)) }
}

function readMap(map: YAMLMap, reader: Reader): Result {
  const value: Record<string, JsonValue> = {}
  const first = new Map<string, Node>()
  let [size, suspect]: [number, Suspicion] = [1, undefined]
  for (const pair of map.items) {
    const key = readKey(pair.key as Node | null, map, reader)
    const result = readBelow(key, pair.value as Node | null, reader)
    if (key === undefined) continue
    suspect = worst([suspect, guard(key, pair, result, reader)])
    size += result.size + sizeOf(key) - 1
    const earlier = first.get(key)
    if (earlier === undefined) {
      first.set(key, pair.key as Node)
      value[key] = result.value
    } else reportDuplicate(key, pair, earlier, reader)
  }
  return { value, size, suspect }
}

/** What stands below a key that looks like a secret's must not be repeated in a message. */
function readBelow(key: string | undefined, node: Node | null, reader: Reader): Result {
  const { discreet } = reader
  reader.discreet ||= key !== undefined && suspicionOf(key, reader.secretNames) !== undefined
  const result = read(node, reader)
  reader.discreet = discreet
  return result
}

function worst(suspicions: readonly Suspicion[]): Suspicion {
  return suspicions.includes('certain') ? 'certain' : suspicions.find((suspicion) => suspicion !== undefined)
}

function reportDuplicate(key: string, pair: Pair, earlier: Node, { problems, file, secretNames }: Reader): void {
  const place = placeOf(pair.key as Node, file)
  // Nobody knows yet whether the key is a known one, unless all auth methods have it.
  const known = tokenFields.includes(key) ? [key] : []
  if (suspicionOf(key, secretNames) !== undefined) hideSuspect(place, key, known)
  problems.error('duplicate-key', `the key ${quoted(key)} stands twice in one map`, place, {
    help: 'Remove one of them.',
    related: [{ message: 'the first one', place: placeOf(earlier, file) }],
  })
}

/** What is written at a node: at an alias, the text of its anchor as well. */
function rangesOf(node: Node | null, reader: Reader): [number, number][] {
  const written = isAlias(node) ? [node, reader.aliases.get(node)] : [node]
  return written.flatMap((part) => (part?.range ? [[part.range[0], Math.max(part.range[0], part.range[1] - 1)]] : []))
}

/** Hides a secret written in the clear, and remembers what may be one. */
function guard(key: string, pair: Pair, { value, suspect }: Result, reader: Reader): Result['suspect'] {
  const { file, secretNames } = reader
  const suspicion = isPublic(value) ? undefined : suspicionOf(key, secretNames)
  const found = worst([suspicion, suspect])
  if (found === undefined) return undefined
  const ranges = rangesOf(pair.value as Node | null, reader)
  if (secretNames.has(key) && suspicion !== undefined) file.hidden.push(...ranges)
  file.suspects.set((pair.key as Node).range?.[0] ?? 0, { ranges, certain: found === 'certain' })
  return found
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
  if (anchor) reader.anchors.set(anchor, { node: key as Node, result: { value: text, size: sizeOf(text) } })
  return text
}

function readScalar(node: Node, reader: Reader): Result {
  const { value, source = '' } = node as Scalar
  if (typeof value !== 'number') return { value: value as JsonValue, size: sizeOf(value) }
  const whole = /^([-+]?\d+|0[xo][\da-f]+)$/i.test(source)
  const exact = Number.isFinite(value) && (!whole || Number.isSafeInteger(value))
  if (exact && String(value) === source) return { value, size: 1 }
  const refuse = (message: string, help: string): Result => {
    reader.problems.error('unsafe-number', message, placeOf(node, reader.file), { help, final: true })
    return { value: source, size: 1 }
  }
  if (reader.discreet) return refuse('this number would reach the server as another text', 'Put it into quotes.')
  const message = exact
    ? `${quoted(source)} is read as the number ${value}, which is another text`
    : `${quoted(source)} cannot be kept as a number exactly`
  return refuse(message, `Quote it: "${source}"${exact ? `; or write ${value} if the number is meant` : ''}.`)
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
