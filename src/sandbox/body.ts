import { parseWritten } from '../access/login/json-number.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import type { Product } from '../core/server.ts'
import { refuse } from './answers.ts'

/**
 * A request's body. Vault scans it once before it decodes it, answering 500 for what is no JSON and for a key that stands
 * twice (sdk/helper/jsonutil VerifyMaxDepthStreaming); OpenBao only decodes it. Numbers that JavaScript would spell
 * differently are JsonNumbers, whatever their type says: roles keep them. Throws Refusal with the server's words.
 */
export function parseBody(text: string, product: Product): JsonObject {
  const trimmed = text.trim()
  if (trimmed === '') return {}
  if (product === 'vault' && /^[{[]/.test(trimmed)) scan(trimmed)
  const value = decode(trimmed, product)
  if (value === null) return {}
  if (isObject(value)) return value
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
  return refuse(notJson(product, `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`))
}

function decode(text: string, product: Product): unknown {
  try {
    return parseWritten(text)
  } catch {
    return refuse(notJson(product, `invalid character '${text[0]}' looking for beginning of value`))
  }
}

function notJson(product: Product, words: string): string {
  return `${product === 'vault' ? 'error parsing JSON: failed to parse' : 'failed to decode'} JSON input: ${words}`
}

interface Container {
  readonly opened: '{' | '['
  readonly keys: Set<string>
  /** In an object: whether a key comes next. */
  atKey: boolean
}

const token = /\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:])\s*/y

function scan(text: string): void {
  const open: Container[] = []
  let afterComma = false
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const start = token.lastIndex
    const word = token.exec(text)?.[1]
    if (start > 0 && open.length === 0) broken(`invalid character '${text[start]}' after top-level value`)
    if (word === undefined) broken(`invalid character '${text[start]}' looking for beginning of value`)
    if (afterComma && word === '}') broken("invalid character '}' after object key-value pair")
    if (afterComma && word === ']') broken("invalid character ']' after array element")
    afterComma = word === ','
    step(open, word)
  }
  if (open.length > 0) broken('malformed JSON, unclosed containers')
}

function step(open: Container[], word: string): void {
  const container = open.at(-1)
  if (word === '{' || word === '[') open.push({ opened: word, keys: new Set(), atKey: word === '{' })
  else if (word === '}' || word === ']') close(open, word)
  else if (container === undefined || word === ':') return
  else if (word === ',') container.atKey = container.opened === '{'
  else if (container.opened === '{' && container.atKey && word.startsWith('"')) readKey(container, word)
  else container.atKey = container.opened === '{'
}

function close(open: Container[], word: string): void {
  const container = open.pop() as Container
  if (container.opened === '{' && !container.atKey) broken("invalid character '}' after object key")
  if ((container.opened === '{') !== (word === '}')) broken(`malformed JSON: mismatched closing delimiter '${word}'`)
  const outer = open.at(-1)
  if (outer?.opened === '{') outer.atKey = true
}

function readKey(container: Container, word: string): void {
  const key = word.slice(1, -1)
  if (container.keys.has(key)) broken(`duplicate key '${key}' in object`)
  container.keys.add(key)
  container.atKey = false
}

function broken(message: string): never {
  return refuse(message, 500)
}

/** Whether a key stands twice in an object of this JSON text, or the text is none. */
export function hasRepeatedKey(text: string): boolean {
  try {
    if (/^[{[]/.test(text.trim())) scan(text.trim())
    return false
  } catch {
    return true
  }
}
