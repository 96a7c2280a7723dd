import type { ListType, ObjectItem, Value } from '../access/hcl/ast.ts'
import { positionOf } from '../access/hcl/ast.ts'
import { parseHcl } from '../access/hcl/parser.ts'
import { textOf } from '../access/hcl/unquote.ts'
import type { PolicyBlock } from './policy-blocks.ts'
import type { Fix } from './rule.ts'

/** How a block is written: what the server forgets once it has read it. */

/** The keys of a block with their values; empty where the policy is JSON, which has no positions to find it by. */
function keysOf({ text, rule }: PolicyBlock): readonly ObjectItem[] {
  const item = itemsOf(text).find((candidate) => candidate.keys.some(({ position }) => same(position, rule.position)))
  return item?.value.kind === 'ObjectType' ? item.value.list.items : []
}

function same(a: { readonly line: number; readonly column: number }, b: typeof a): boolean {
  return a.line === b.line && a.column === b.column
}

let last: { readonly text: string; readonly items: readonly ObjectItem[] } | undefined

/** Blocks come policy by policy, so one text is remembered. */
function itemsOf(text: string): readonly ObjectItem[] {
  if (last?.text !== text) last = { text, items: text.trimStart().startsWith('{') ? [] : parse(text) }
  return last.items
}

function parse(text: string): readonly ObjectItem[] {
  try {
    return parseHcl(text, { refuseDuplicates: false }).items
  } catch {
    // A text that no server takes is an error of the configuration.
    return []
  }
}

export function keyNamed(block: PolicyBlock, name: string): ObjectItem | undefined {
  return keysOf(block).find(({ keys: [key] }) => key !== undefined && textOf(key) === name)
}

/** The texts of a list, or the one text that stands for a list of one. */
export function textsIn(value: Value): string[] {
  if (value.kind === 'ListType') return value.items.flatMap(textsIn)
  return value.kind === 'LiteralType' ? [textOf(value.token)] : []
}

/**
 * Leaves capabilities out of the block's list; undefined where its lines cannot be changed safely: a list on several lines,
 * with comments in it, or one that would become empty, which means something else.
 */
export function withoutCapabilities(block: PolicyBlock, unwanted: readonly string[]): Fix | undefined {
  const item = keyNamed(block, 'capabilities')
  if (item?.value.kind !== 'ListType') return undefined
  const kept = textsIn(item.value).filter((capability) => !unwanted.includes(capability))
  return kept.length === 0 ? undefined : replaceList(block.text, item.value, kept)
}

function replaceList(text: string, { position }: ListType, kept: readonly string[]): Fix | undefined {
  const line = text.split('\n', position.line)[position.line - 1] ?? ''
  const [before, rest] = [line.slice(0, position.column - 1), line.slice(position.column - 1)]
  const end = /^\[[\s\w",]*\]/.exec(rest)?.[0].length
  if (end === undefined) return undefined
  const list = `[${kept.map((capability) => `"${capability}"`).join(', ')}]`
  return { lines: [position.line, position.line], text: `${before}${list}${rest.slice(end)}` }
}

/** Puts another text in the place of a key and its value, where both are on one line. */
export function replaceKey(block: PolicyBlock, item: ObjectItem, replacement: string): Fix | undefined {
  const { line, column } = positionOf(item)
  const text = block.text.split('\n', line)[line - 1] ?? ''
  const end = /^\w+\s*=\s*"[^"\\]*"/.exec(text.slice(column - 1))?.[0].length
  if (end === undefined) return undefined
  return { lines: [line, line], text: `${text.slice(0, column - 1)}${replacement}${text.slice(column - 1 + end)}` }
}
