import { type Alias, Composer, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml'
import type { CiEntry, CiMap, CiPlace, CiProblem, CiValue } from '../../gitlab/check/value.ts'
import { hideSecretsOfBrokenText } from '../suspects.ts'
import { explainSyntax } from '../syntax.ts'
import { quoted, startOf, type TextFile } from '../text.ts'
import { mostAliased } from '../yaml.ts'
import { deepest, parseTokens } from '../yaml-tokens.ts'

/** A file of GitLab YAML, includes not read yet. */
export interface CiSource {
  /** What stands before `---` where that is a `spec:`. */
  readonly header?: CiMap
  readonly content: CiMap
}

interface Reader {
  readonly file: TextFile
  readonly problems: CiProblem[]
  readonly anchors: Map<string, { value?: CiValue; size: number }>
  aliased: number
}

/**
 * GitLab reads YAML 1.1 (Ruby's Psych): `on` is a boolean, `012` is 10, `<<` merges, and of two equal keys the last one
 * counts. Undefined once the reason is reported.
 */
export function readCiFile(file: TextFile, problems: CiProblem[]): CiSource | undefined {
  const refuse = (code: string, message: string, help?: string): undefined => {
    problems.push({ code, severity: 'error', message, place: startOf(file), ...(help === undefined ? {} : { help }) })
  }
  const tokens = parseTokens(file.text)
  if (tokens === undefined)
    return refuse('too-deep', `the file is nested more than ${deepest} levels deep`, 'GitLab refuses it, too.')
  const options = { version: '1.1', uniqueKeys: false, merge: false, logLevel: 'silent', prettyErrors: false } as const
  const documents = [...new Composer(options).compose(tokens)]
  const broken = documents.flatMap(({ errors }) => errors)[0]
  if (broken !== undefined) {
    hideSecretsOfBrokenText(file, new Set())
    const { message, help } = explainSyntax(broken, file.text)
    const place = { file, start: broken.pos[0], end: broken.pos[1] }
    problems.push({ code: 'yaml-syntax', severity: 'error', message, place, ...(help === undefined ? {} : { help }) })
    return undefined
  }
  const roots = documents.map(({ contents }) => read(contents as Node | null, newReader(file, problems)))
  const [first, second, third] = roots.filter((root) => root.type !== 'scalar' || root.value !== null)
  if (first === undefined) return refuse('empty-file', 'the file is empty')
  if (third !== undefined) return refuse('several-documents', 'the file holds more than a header and one document')
  const content = second ?? first
  if (content.type !== 'map') return refuse('no-map', 'the file holds no map of jobs')
  return second !== undefined && first.type === 'map' ? { header: first, content } : { content }
}

function newReader(file: TextFile, problems: CiProblem[]): Reader {
  return { file, problems, anchors: new Map(), aliased: 0 }
}

function placeOf(node: Node | null, { file }: Reader): CiPlace {
  const [start, end] = node?.range ?? [0, 0]
  return { file, start, end }
}

function read(node: Node | null, reader: Reader): CiValue {
  if (isAlias(node)) return readAlias(node, reader)
  const name = node !== null && 'anchor' in node ? node.anchor : undefined
  if (!name) return readOwn(node, reader)
  const anchor: { value?: CiValue; size: number } = { size: 1 }
  reader.anchors.set(name, anchor)
  const before = reader.aliased
  anchor.value = readOwn(node, reader)
  anchor.size = countOf(node) + reader.aliased - before
  return anchor.value
}

function readOwn(node: Node | null, reader: Reader): CiValue {
  const at = placeOf(node, reader)
  if (isSeq(node)) {
    const items = node.items.map((item) => read(item as Node | null, reader))
    if (node.tag !== '!reference') return { type: 'list', items, at }
    return { type: 'reference', path: items.map((item) => (item.type === 'scalar' ? String(item.value) : '')), at }
  }
  if (isMap(node)) return { type: 'map', entries: readEntries(node, reader), at }
  return { type: 'scalar', value: isScalar(node) ? scalarValue(node) : null, at }
}

/** Psych takes neither `y` nor `n` for booleans, and writes numbers into variables as they are spelled. */
function scalarValue({ value, source = '' }: Scalar): string | number | boolean | null {
  if (typeof value === 'boolean') return /^[yn]$/i.test(source) ? source : value
  if (typeof value === 'number') return String(value) === source ? value : source
  return typeof value === 'string' || value === null ? value : source
}

function countOf(node: Node | null): number {
  if (isSeq(node)) return node.items.reduce<number>((sum, item) => sum + countOf(item as Node | null), 1)
  if (isMap(node)) return node.items.reduce<number>((sum, { value }) => sum + countOf(value as Node | null), 1)
  return 1
}

function readAlias(alias: Alias, reader: Reader): CiValue {
  const at = placeOf(alias, reader)
  const refuse = (code: string, message: string): CiValue => {
    reader.problems.push({ code, severity: 'error', message, place: at })
    return { type: 'scalar', value: null, at }
  }
  const target = reader.anchors.get(alias.source)
  if (target === undefined) return refuse('unknown-alias', `no anchor above is called ${quoted(alias.source)}`)
  if (target.value === undefined) return refuse('too-many-aliases', `the alias *${alias.source} contains itself`)
  reader.aliased += target.size
  if (reader.aliased <= mostAliased) return target.value
  // Only the first of them is worth a message.
  if (reader.problems.some(({ code }) => code === 'too-many-aliases')) return { type: 'scalar', value: null, at }
  return refuse('too-many-aliases', `aliases blow this file up by more than ${mostAliased} values`)
}

function readEntries(map: YAMLMap, reader: Reader): ReadonlyMap<string, CiEntry> {
  const entries = new Map<string, CiEntry>()
  for (const pair of map.items) {
    const node = pair.key as Node | null
    const name = keyOf(node, reader)
    const key = placeOf(node, reader)
    const value = read(pair.value as Node | null, reader)
    if (name === '<<' && isScalar(node) && node.type === 'PLAIN') {
      for (const [inner, entry] of mergedEntries(value, key, reader)) entries.set(inner, entry)
      continue
    }
    const earlier = entries.get(name)
    // What a merge key brought is there to be overridden.
    if (earlier !== undefined && earlier.key.start >= (map.range?.[0] ?? 0) && earlier.key.file === reader.file)
      reportTwice(name, key, earlier, map, reader)
    entries.set(name, { key, value })
  }
  return entries
}

function reportTwice(name: string, key: CiPlace, earlier: CiEntry, map: YAMLMap, { problems }: Reader): void {
  if (earlier.key.start > (map.range?.[2] ?? 0)) return
  problems.push({
    code: 'duplicate-key',
    severity: 'warning',
    message: `the key ${quoted(name)} stands twice in one map, and GitLab takes the last one`,
    place: key,
    help: 'Remove one of them.',
    related: [{ message: 'the first one', place: earlier.key }],
  })
}

function keyOf(node: Node | null, reader: Reader): string {
  if (isAlias(node)) {
    const value = read(node, reader)
    return value.type === 'scalar' ? String(value.value) : ''
  }
  return isScalar(node) ? (typeof node.value === 'string' ? node.value : (node.source ?? '')) : ''
}

/** As Psych does it: where `<<` stands, it overrides what is above; of a list of maps the first one wins. */
function mergedEntries(value: CiValue, at: CiPlace, reader: Reader): readonly (readonly [string, CiEntry])[] {
  const maps = value.type === 'list' ? [...value.items].reverse() : [value]
  if (maps.some(({ type }) => type !== 'map'))
    reader.problems.push({
      code: 'merge-key',
      severity: 'error',
      message: '"<<" takes a map or a list of maps',
      place: at,
    })
  return maps.flatMap((map) => (map.type === 'map' ? [...map.entries] : []))
}
