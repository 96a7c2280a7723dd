/**
 * As much of HCL1 as policies are written in, with the server's words for what is not HCL (hashicorp/hcl parser.go).
 * Here-documents and `${…}` are more than this reads: it then gives no opinion.
 */
export interface Item {
  readonly key: string
  readonly label?: string
  /** Line of the `=`; 0 for a block. */
  readonly line: number
  readonly position: string
  readonly value: Value
}

type Value =
  | { readonly kind: 'literal'; readonly text: string; readonly position: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'object'; readonly items: readonly Item[] }

export type Parsed = { readonly items: readonly Item[] } | { readonly error: string } | 'unread'

interface Token {
  readonly type: 'IDENT' | 'STRING' | 'NUMBER' | 'ASSIGN' | 'LBRACE' | 'RBRACE' | 'LBRACK' | 'RBRACK' | 'COMMA' | 'EOF'
  readonly text: string
  readonly line: number
  readonly position: string
  /** Where some complaints about the end of the text place it. */
  readonly beyond?: string
}

class HclError extends Error {}

/** Undecided about texts that need more of HCL than this. */
export function parseHcl(text: string): Parsed {
  if (text.includes('<<') || text.includes('${')) return 'unread'
  try {
    const tokens = tokenize(text)
    return { items: items(tokens, 'EOF') }
  } catch (error) {
    if (error instanceof HclError) return { error: error.message }
    throw error
  }
}

const pattern =
  /\s+|#.*|\/\/.*|\/\*[\s\S]*?\*\/|("(?:[^"\\\n]|\\.)*")|(-?\d[\w.]*)|([\p{L}_][\w.\p{L}-]*)|([={}[\],])/uy

const punctuation = { '=': 'ASSIGN', '{': 'LBRACE', '}': 'RBRACE', '[': 'LBRACK', ']': 'RBRACK', ',': 'COMMA' } as const

/** The last token first, so that the next one is popped. */
function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let [line, lineStart] = [1, 0]
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex
    const position = `${line}:${start - lineStart + 1}`
    const match = pattern.exec(text)
    if (match === null) throw unreadable(text, start, line, lineStart)
    const [all, string, number, ident, mark] = match
    const word = string ?? number ?? ident ?? mark
    if (word !== undefined) tokens.push({ type: typeOf(string, number, mark), text: unquoted(word), line, position })
    line += all.split('\n').length - 1
    if (all.includes('\n')) lineStart = start + all.lastIndexOf('\n') + 1
  }
  tokens.push({
    type: 'EOF',
    text: '',
    line,
    position: `${line}:${text.length - lineStart + 1}`,
    beyond: `${line}:${text.length - lineStart + 2}`,
  })
  return tokens.reverse()
}

function unreadable(text: string, start: number, line: number, lineStart: number): HclError {
  const end = text.length - lineStart + 1
  if (text.startsWith('/*', start)) return new HclError(`At ${line}:${end}: comment not terminated`)
  if (text[start] !== '"') return new HclError(`At ${line}:${start - lineStart + 1}: illegal char`)
  const lineEnd = text.indexOf('\n', start)
  return new HclError(`At ${line}:${lineEnd < 0 ? end : lineEnd - lineStart + 1}: literal not terminated`)
}

function typeOf(string?: string, number?: string, mark?: string): Token['type'] {
  if (string !== undefined) return 'STRING'
  if (number !== undefined) return 'NUMBER'
  return mark === undefined ? 'IDENT' : punctuation[mark as keyof typeof punctuation]
}

function unquoted(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word
}

function items(tokens: Token[], end: 'EOF' | 'RBRACE'): Item[] {
  const found: Item[] = []
  for (;;) {
    const next = tokens.at(-1) as Token
    if (next.type === end) {
      tokens.pop()
      return found
    }
    if (next.type === 'EOF') throw new HclError(`At ${next.beyond}: object expected closing RBRACE got: EOF`)
    if (next.type === 'COMMA' && end === 'RBRACE') tokens.pop()
    else found.push(item(tokens))
  }
}

function item(tokens: Token[]): Item {
  const keys: Token[] = []
  for (;;) {
    const token = tokens.pop() as Token
    const [first] = keys
    if (token.type === 'IDENT' || token.type === 'STRING') keys.push(token)
    else if (keys.length > 1 && token.type === 'ASSIGN')
      throw new HclError(`At ${token.position}: nested object expected: LBRACE got: ASSIGN`)
    else if (first !== undefined && token.type === 'ASSIGN') return assigned(keys, token, value(tokens))
    else if (first !== undefined && token.type === 'LBRACE')
      return assigned(keys, undefined, { kind: 'object', items: items(tokens, 'RBRACE') })
    else if (first !== undefined && token.type === 'EOF')
      throw new HclError(
        `At ${token.beyond}: key '${keys.map(({ text }) => text).join(' ')}' expected start of object ('{') or assignment ('=')`,
      )
    else throw new HclError(`At ${token.position}: expected: IDENT | STRING | ASSIGN | LBRACE got: ${token.type}`)
  }
}

function assigned(keys: readonly Token[], sign: Token | undefined, value: Value): Item {
  const [key, label] = keys as [Token, Token | undefined]
  const item = { key: key.text, line: sign?.line ?? 0, position: key.position, value }
  return label === undefined ? item : { ...item, label: label.text }
}

function value(tokens: Token[]): Value {
  const token = tokens.pop() as Token
  if (token.type === 'LBRACE') return { kind: 'object', items: items(tokens, 'RBRACE') }
  if (token.type === 'LBRACK') return { kind: 'list', items: list(tokens) }
  if (startsValue(token)) return { kind: 'literal', text: token.text, position: token.position }
  throw new HclError(`At ${token.position}: Unknown token: ${token.position} ${token.type} ${token.text}`.trimEnd())
}

function startsValue({ type, text }: Token): boolean {
  return ['STRING', 'NUMBER', 'LBRACE', 'LBRACK'].includes(type) || text === 'true' || text === 'false'
}

/** Only texts and numbers count; what else a list holds is skipped. */
function list(tokens: Token[]): string[] {
  const found: string[] = []
  let needsComma = false
  for (;;) {
    const token = tokens.at(-1) as Token
    if (token.type === 'RBRACK') {
      tokens.pop()
      return found
    }
    if (token.type === 'COMMA') tokens.pop()
    else if (needsComma)
      throw new HclError(`At ${token.position}: error parsing list, expected comma or list end, got: ${token.type}`)
    else if (!startsValue(token))
      throw new HclError(`At ${token.position}: unexpected token while parsing list: ${token.type}`)
    else {
      const element = value(tokens)
      if (element.kind === 'literal') found.push(element.text)
    }
    needsComma = token.type !== 'COMMA'
  }
}
