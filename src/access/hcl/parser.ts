import {
  type ListType,
  type LiteralType,
  type ObjectItem,
  type ObjectList,
  type ObjectType,
  objectList,
  type Value,
} from './ast.ts'
import { errorAt, HclError } from './errors.ts'
import { goQuote } from './go-text.ts'
import { type Scanner, scannerOf } from './scanner.ts'
import { withComplaints } from './source.ts'
import { nowhere, type Position, spelled, spelledToken, type Token } from './token.ts'

/** HCL1 (hashicorp/hcl v1.0.1-vault-7, hcl/parser/parser.go). */

interface Parser {
  readonly scanner: Scanner
  readonly refuseDuplicates: boolean
  token: Token
  /** Whether the token is to be given once more. */
  again: boolean
  depth: number
}

/** Nothing that anybody wrote is nested like this; the server goes on until its memory ends. */
export const deepest = 500

/**
 * `refuseDuplicates` is for a key assigned twice in one object; a block may always be repeated.
 * Throws HclError with the server's words, and ServerPanic.
 */
export function parseHcl(text: string, { refuseDuplicates }: { readonly refuseDuplicates: boolean }): ObjectList {
  const scanner = scannerOf(text.replaceAll('\r\n', '\n'))
  const token: Token = { type: 'ILLEGAL', position: nowhere, place: nowhere, text: '', json: false }
  return withComplaints(scanner, errorAt, () =>
    parseItems({ scanner, refuseDuplicates, token, again: false, depth: 0 }, false),
  )
}

function scan(parser: Parser): Token {
  if (parser.again) {
    parser.again = false
    return parser.token
  }
  do parser.token = parser.scanner.scan()
  while (parser.token.type === 'COMMENT')
  return parser.token
}

function parseItems(parser: Parser, inBraces: boolean): ObjectList {
  const items: ObjectItem[] = []
  const seen = new Set<string>()
  for (;;) {
    if (inBraces && lookAhead(parser).type === 'RBRACE') break
    const item = parseItem(parser)
    if (item === undefined) break
    if (parser.refuseDuplicates && item.assign.line > 0) refuseSecond(item, seen)
    items.push(item)
    if (lookAhead(parser).type === 'COMMA') scan(parser)
  }
  return objectList(items)
}

function lookAhead(parser: Parser): Token {
  const token = scan(parser)
  parser.again = true
  return token
}

function refuseSecond({ keys }: ObjectItem, seen: Set<string>): void {
  for (const { text, position } of keys) {
    if (seen.has(text))
      throw new HclError(
        `The argument ${goQuote(text)} at ${spelled(position)} was already set. Each argument can only be defined once`,
        position,
      )
    seen.add(text)
  }
}

/** Undefined at the end of the text, also at one that follows `key =`: the server takes that. */
function parseItem(parser: Parser): ObjectItem | undefined {
  const { keys, error } = parseKeys(parser)
  if (keys.length === 0 && error === 'EOF') return undefined
  if (error instanceof HclError) {
    if (keys.length === 0 || parser.token.type !== 'RBRACE') throw error
    parser.token = { ...parser.token, type: 'EOF' }
  }
  const { type, position } = parser.token
  const value = type === 'ASSIGN' ? parseValue(parser) : type === 'LBRACE' ? parseObject(parser) : undefined
  if (value !== undefined) {
    lookAhead(parser)
    return { kind: 'ObjectItem', keys, assign: type === 'ASSIGN' ? position : nowhere, value }
  }
  if (type === 'ASSIGN') return undefined
  const words = keys.map(({ text }) => text).join(' ')
  throw errorAt(position, `key '${words}' expected start of object ('{') or assignment ('=')`)
}

interface Keys {
  readonly keys: readonly Token[]
  readonly error?: HclError | 'EOF'
}

function parseKeys(parser: Parser): Keys {
  const keys: Token[] = []
  const refused = (position: Position, message: string, found: readonly Token[] = keys) => ({
    keys: found,
    error: errorAt(position, message),
  })
  for (;;) {
    const token = scan(parser)
    const { type, position } = token
    switch (type) {
      case 'EOF':
        return { keys, error: 'EOF' }
      case 'ASSIGN':
        if (keys.length > 1) return refused(position, 'nested object expected: LBRACE got: ASSIGN', [])
        return keys.length === 0 ? refused(position, 'no object keys found!') : { keys }
      case 'LBRACE':
        return keys.length === 0 ? refused(position, 'expected: IDENT | STRING got: LBRACE') : { keys }
      case 'IDENT':
      case 'STRING':
        keys.push(token)
        break
      case 'ILLEGAL':
        return refused(position, 'illegal character')
      default:
        return refused(position, `expected: IDENT | STRING | ASSIGN | LBRACE got: ${type}`)
    }
  }
}

/** Undefined at the end of the text. */
function parseValue(parser: Parser): Value | undefined {
  const token = scan(parser)
  switch (token.type) {
    case 'NUMBER':
    case 'FLOAT':
    case 'BOOL':
    case 'STRING':
    case 'HEREDOC':
      return literal(token)
    case 'LBRACE':
      return parseObject(parser)
    case 'LBRACK':
      return parseList(parser)
    case 'EOF':
      return undefined
    default:
      throw errorAt(token.position, `Unknown token: ${spelledToken(token)}`)
  }
}

function literal(token: Token): LiteralType {
  return { kind: 'LiteralType', token }
}

/** From behind the brace. */
function parseObject(parser: Parser): ObjectType {
  const { position } = parser.token
  const list = nested(parser, () => parseItems(parser, true))
  const closing = scan(parser)
  if (closing.type !== 'RBRACE') throw errorAt(closing.position, `object expected closing RBRACE got: ${closing.type}`)
  return { kind: 'ObjectType', position, place: position, list }
}

function nested<T>(parser: Parser, parse: () => T): T {
  if (parser.depth === deepest) throw errorAt(parser.token.position, `nested more than ${deepest} deep`)
  parser.depth++
  const parsed = parse()
  parser.depth--
  return parsed
}

/** From behind the bracket. */
function parseList(parser: Parser): ListType {
  const { position } = parser.token
  return { kind: 'ListType', position, place: position, items: nested(parser, () => parseListItems(parser)) }
}

function parseListItems(parser: Parser): Value[] {
  const items: Value[] = []
  let needsComma = false
  for (;;) {
    const token = scan(parser)
    if (needsComma && token.type !== 'COMMA' && token.type !== 'RBRACK')
      throw errorAt(token.position, `error parsing list, expected comma or list end, got: ${token.type}`)
    if (token.type === 'RBRACK') return items
    if (token.type === 'COMMA') lookAhead(parser)
    else items.push(parseElement(parser, token))
    // Behind a list within the list the server asks for none.
    needsComma = token.type !== 'COMMA' && token.type !== 'LBRACK'
  }
}

function parseElement(parser: Parser, token: Token): Value {
  switch (token.type) {
    case 'BOOL':
    case 'NUMBER':
    case 'FLOAT':
    case 'STRING':
    case 'HEREDOC':
      return literal(token)
    case 'LBRACE':
      return within(token, 'object', () => parseObject(parser))
    case 'LBRACK':
      return within(token, 'list', () => parseList(parser))
    default:
      throw errorAt(token.position, `unexpected token while parsing list: ${token.type}`)
  }
}

function within<T>({ position }: Token, what: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof HclError)) throw error
    throw errorAt(position, `error while trying to parse ${what} within list: ${error.message}`)
  }
}
