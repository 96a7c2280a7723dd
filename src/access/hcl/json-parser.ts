import {
  type ListType,
  type LiteralType,
  type ObjectItem,
  type ObjectList,
  type ObjectType,
  objectList,
  type Value,
} from './ast.ts'
import { HclError } from './errors.ts'
import { flatten } from './flatten.ts'
import { jsonScannerOf } from './json-scanner.ts'
import { deepest } from './parser.ts'
import type { Scanner } from './scanner.ts'
import { withComplaints } from './source.ts'
import { nowhere, spelled, spelledToken, type Token } from './token.ts'

/**
 * Policies in JSON (hashicorp/hcl json/parser/parser.go): more than JSON, because commas and closing marks hardly count,
 * and less, because booleans in lists vanish. What follows the object is not read.
 */

interface Parser {
  readonly scanner: Scanner
  token: Token
  depth: number
}

/** Throws HclError with the server's words, and ServerPanic. */
export function parseJson(text: string): ObjectList {
  const scanner = jsonScannerOf(text)
  const parser: Parser = {
    scanner,
    token: { type: 'ILLEGAL', position: nowhere, place: nowhere, text: '', json: true },
    depth: 0,
  }
  const list = withComplaints(
    scanner,
    (position, message) => new HclError(`${spelled(position)}: ${message}`, position),
    () => parseRoot(parser),
  )
  flatten(list)
  return list
}

function parseRoot(parser: Parser): ObjectList {
  const token = scan(parser)
  if (token.type === 'LBRACE') return parseObject(parser).list
  throw refusal(
    token,
    token.type === 'EOF' ? 'EOF token found' : `Expected object, got unknown token: ${spelledToken(token)}`,
  )
}

function refusal({ position }: Token, message: string): HclError {
  return new HclError(message, position)
}

function scan(parser: Parser): Token {
  parser.token = parser.scanner.scan()
  return parser.token
}

/** An error at a closing brace ends the object; any other is the text's. */
function parseObject(parser: Parser): ObjectType {
  if (parser.depth === deepest) throw refusal(parser.token, `nested more than ${deepest} deep`)
  parser.depth++
  const { place } = parser.token
  const items: ObjectItem[] = []
  try {
    parseItems(parser, items)
  } catch (error) {
    if (!(error instanceof HclError) || parser.token.type !== 'RBRACE') throw error
  }
  parser.depth--
  return { kind: 'ObjectType', position: nowhere, place, list: objectList(items) }
}

function parseItems(parser: Parser, items: ObjectItem[]): void {
  do {
    const item = parseItem(parser)
    if (item === undefined) return
    items.push(item)
  } while (scan(parser).type === 'COMMA')
}

/** Undefined at the end of the text. */
function parseItem(parser: Parser): ObjectItem | undefined {
  const keys = parseKeys(parser)
  if (keys === undefined) return undefined
  const assign = parser.token.position
  const value = parseValue(parser)
  return value && { kind: 'ObjectItem', keys, assign, value }
}

function parseKeys(parser: Parser): readonly Token[] | undefined {
  const keys: Token[] = []
  for (;;) {
    const token = scan(parser)
    if (token.type === 'EOF') return undefined
    if (token.type === 'ILLEGAL') throw refusal(token, 'illegal')
    if (token.type === 'COLON' && keys.length > 0) return keys
    if (token.type !== 'STRING') throw refusal(token, `expected: STRING got: ${token.type}`)
    keys.push(literal(token).token)
  }
}

/** Undefined at the end of the text. */
function parseValue(parser: Parser): Value | undefined {
  const token = scan(parser)
  switch (token.type) {
    case 'NUMBER':
    case 'FLOAT':
    case 'BOOL':
    case 'NULL':
    case 'STRING':
      return literal(token)
    case 'LBRACE':
      return parseObject(parser)
    case 'LBRACK':
      return parseList(parser)
    case 'EOF':
      return undefined
    default:
      throw refusal(token, `Expected object value, got unknown token: ${spelledToken(token)}`)
  }
}

/** Without a position: the tree has none in JSON. */
function literal({ type, place, text }: Token): LiteralType {
  const token: Token =
    type === 'NULL'
      ? { type: 'STRING', position: nowhere, place, text: '', json: false }
      : { type, position: nowhere, place, text, json: type === 'STRING' }
  return { kind: 'LiteralType', token }
}

/** Lists within lists lose their brackets, up to the first closing one. */
function parseList(parser: Parser): ListType {
  const { place } = parser.token
  const items: Value[] = []
  for (;;) {
    const token = scan(parser)
    switch (token.type) {
      case 'NUMBER':
      case 'FLOAT':
      case 'STRING':
        items.push(literal(token))
        break
      case 'LBRACE':
        items.push(parseObject(parser))
        break
      case 'COMMA':
      case 'BOOL':
      case 'LBRACK':
        break
      case 'RBRACK':
        return { kind: 'ListType', position: nowhere, place, items }
      default:
        throw refusal(token, `unexpected token while parsing list: ${token.type}`)
    }
  }
}
