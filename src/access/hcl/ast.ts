import { nowhere, type Position, type Token } from './token.ts'
import { textOf } from './unquote.ts'

/** The tree of both syntaxes (hashicorp/hcl ast.go). `kind` is Go's name of the type, which messages show. */
export type Node = ObjectList | ObjectItem | ObjectType | ListType | LiteralType

export interface ObjectList {
  readonly kind: 'ObjectList'
  items: readonly ObjectItem[]
}

/** `key = value`, `key "label" { … }`. */
export interface ObjectItem {
  readonly kind: 'ObjectItem'
  readonly keys: readonly Token[]
  /** Of the `=`; nowhere for a block. */
  readonly assign: Position
  readonly value: Value
}

export type Value = ObjectType | ListType | LiteralType

export interface ObjectType {
  readonly kind: 'ObjectType'
  readonly position: Position
  readonly place: Position
  readonly list: ObjectList
}

export interface ListType {
  readonly kind: 'ListType'
  readonly position: Position
  readonly place: Position
  readonly items: readonly Value[]
}

export interface LiteralType {
  readonly kind: 'LiteralType'
  readonly token: Token
}

export function objectList(items: readonly ObjectItem[]): ObjectList {
  return { kind: 'ObjectList', items }
}

/** As the server's messages have it. */
export function positionOf(node: Node): Position {
  return whereIs(node)?.position ?? nowhere
}

/** Where it really stands, as far as that is known. */
export function placeOf(node: Node): Position {
  return whereIs(node)?.place ?? nowhere
}

function whereIs(node: Node): { readonly position: Position; readonly place: Position } | undefined {
  switch (node.kind) {
    case 'ObjectList':
      return node.items[0]?.keys[0]
    case 'ObjectItem':
      return node.keys[0]
    case 'LiteralType':
      return node.token
    default:
      return node
  }
}

/** As Go prints a node's type. */
export function goType(node: Node): string {
  return `*ast.${node.kind}`
}

/** Items whose first key is this one, without it. Case does not count. */
export function filter(items: readonly ObjectItem[], name: string): readonly ObjectItem[] {
  return byFirstKey(items).get(folded(name)) ?? []
}

/** Items without their first keys, by these as `folded` spells them. */
export function byFirstKey(items: readonly ObjectItem[]): ReadonlyMap<string, readonly ObjectItem[]> {
  const found = new Map<string, ObjectItem[]>()
  for (const item of items) {
    const [first] = item.keys
    if (first === undefined) continue
    const key = folded(textOf(first))
    const same = found.get(key)
    const rest = { kind: item.kind, keys: item.keys.slice(1), assign: item.assign, value: item.value }
    if (same === undefined) found.set(key, [rest])
    else same.push(rest)
  }
  return found
}

/**
 * Equal for texts that Go's strings.EqualFold takes for equal: character by character, so that `ſ` is `s` and the Kelvin
 * sign is `k`.
 */
export function folded(text: string): string {
  return isAscii(text) ? text.toLowerCase() : [...text].map(foldedCharacter).join('')
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false
  return true
}

function foldedCharacter(char: string): string {
  const upper = char.toUpperCase()
  const lower = ([...upper].length === 1 ? upper : char).toLowerCase()
  return [...lower].length === 1 ? lower : char
}
