import {
  Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Scalar,
  visit,
  YAMLMap,
  YAMLSeq,
} from 'yaml'
import type { JsonObject } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'

/** A document that a person will go on with: plain data, and comments above some of its keys. */
export interface WrittenDocument {
  readonly value: JsonObject
  readonly comments?: readonly { readonly path: FieldPath; readonly text: string }[]
}

/** What fits on a line of this many columns stands on one. */
const widest = 100
/** More values than this in a map are easier to read below each other. */
const mostInLine = 3
/** The same for maps in a list. */
const mostInEntry = 6

/**
 * YAML 1.2 as people write it: short lists and maps on a line, texts of several lines as blocks, quotes where they are
 * needed. The same data gives the same text, and `parseYaml` gives the data back.
 */
export function writtenYaml(documents: readonly WrittenDocument[]): string {
  return documents.map(documentText).join('---\n')
}

function documentText({ value, comments = [] }: WrittenDocument): string {
  const document = new Document(value, { version: '1.2', aliasDuplicateObjects: false })
  visit(document, { Scalar: (key, node) => spell(node, key === 'key') })
  for (const { path, text } of comments) addComment(document, path, text)
  if (isMap(document.contents))
    for (const pair of document.contents.items) layOut(pair.value as Node | null, 0, keyWidth(pair))
  return escaped(document.toString({ lineWidth: 0, singleQuote: false, blockQuote: 'literal' }))
}

/** In quotes stands what would be read as something else, or changed on the way. */
function spell(node: Scalar, isKey: boolean): void {
  if (typeof node.value !== 'string') return
  if (odd.test(node.value) || (isKey && node.value === '<<')) node.type = Scalar.QUOTE_DOUBLE
  // A block keeps neither blanks before its first line nor lines of blanks.
  else if (node.value.includes('\n') && /^[ \n]|[ \t]$|[ \t]\n/.test(node.value)) node.type = Scalar.QUOTE_DOUBLE
}

/** Controls other than the line feed, what other readers take for the end of a line, marks that nobody sees, halves of characters. */
const odd = /(?!\n)[\p{Cc}\u2028\u2029\ufeff\ufffe\uffff]|\p{Cs}/u

function escaped(text: string): string {
  return text.replace(
    /(?!\n)[\p{Cc}\u2028\u2029\ufeff\ufffe\uffff]|\p{Cs}/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function addComment(document: Document, path: FieldPath, text: string): void {
  const [key, parent] = [path.at(-1), document.getIn(path.slice(0, -1))]
  const map = path.length === 1 ? document.contents : parent
  if (!isMap(map)) return
  const pair = map.items.find(({ key: node }) => isScalar(node) && node.value === key)
  if (isScalar(pair?.key)) pair.key.commentBefore = [pair.key.commentBefore, ` ${text}`].filter(Boolean).join('\n')
}

function keyWidth({ key }: Pair): number {
  return isScalar(key) ? String(key.value).length + 2 : 0
}

/** Puts a collection on one line where it fits behind what comes before it. */
function layOut(node: Node | null, indent: number, before: number, most = mostInLine): void {
  if (!isCollection(node)) return
  if (fitsOnLine(node, widest - indent - before, most)) {
    visit(node, { Collection: (_, inner) => inLine(inner) })
    return
  }
  for (const item of node.items) {
    if (isPair(item)) layOut(item.value as Node | null, indent + 2, keyWidth(item))
    // Entries of a list are of one form, so one below the other they read like a table.
    else layOut(item as Node | null, indent + 2, 2, mostInEntry)
  }
}

function fitsOnLine(node: Node, width: number, most: number): boolean {
  let [length, values, plain] = [2, 0, true]
  visit(node, {
    Scalar(key, { value, commentBefore }) {
      length += JSON.stringify(value).length + 2
      if (key !== 'key') values++
      if (commentBefore || (typeof value === 'string' && value.includes('\n'))) plain = false
    },
  })
  return plain && length <= width && (isMap(node) ? values <= most : isSeq(node) && !node.items.some(isMap))
}

/** `[a, b]`, but `{ a: b }`: the library knows one padding for both. */
function inLine(node: YAMLMap | YAMLSeq): void {
  node.flow = true
  const print = (isSeq(node) ? YAMLSeq : YAMLMap).prototype.toString as Print
  const padding = isSeq(node) ? '' : ' '
  const own: Print = (context, ...rest) =>
    context === undefined ? print.call(node) : print.call(node, { ...context, flowCollectionPadding: padding }, ...rest)
  Object.assign(node, { toString: own })
}

type Print = (context?: object, ...rest: unknown[]) => string
