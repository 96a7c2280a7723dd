import type { ServerVersion } from '../../core/version.ts'
import { filter, type ObjectItem, type ObjectList } from '../hcl/ast.ts'
import { wellFormed } from '../hcl/bytes.ts'
import { decodeFields } from '../hcl/decoder.ts'
import { HclError, isKnown, placed, ServerPanic } from '../hcl/errors.ts'
import { goSpace } from '../hcl/go-text.ts'
import { text as shapeOfText } from '../hcl/go-value.ts'
import { parseJson } from '../hcl/json-parser.ts'
import { parseHcl } from '../hcl/parser.ts'
import { nowhere, type Position } from '../hcl/token.ts'
import { type Grammar, grammarOf, isPlain } from './grammar.ts'
import { checkKeys } from './keys.ts'
import { plainBlocks } from './plain-blocks.ts'
import type { ParsedPolicy, PathRule, PolicyRefusal } from './policy.ts'
import { ruleOf } from './rule.ts'

export interface ParseOptions {
  /** Where the text stands, when it is a file of its own. */
  readonly file?: string
  /** Milliseconds since 1970, to see which blocks have expired; absent for the clock's. */
  readonly now?: number
}

/**
 * A policy's text as the server stores it (see `storedPolicyText`) and as it understands it, or its refusal (vault
 * policy.go ParseACLPolicy, openbao vault/policy/policy.go; syntax of hashicorp/hcl v1.0.1-vault-7). Never throws for
 * what a text holds. Of Go templates in `list_scan_response_keys_filter_path` only those without functions are judged.
 */
export function parsePolicy(
  name: string,
  text: string,
  server: ServerVersion,
  { file, now = Date.now() }: ParseOptions = {},
): ParsedPolicy {
  try {
    const rules = knownRules(text, grammarOf(server), now)
    return { policy: { name: name.toLowerCase(), rules, ...(file === undefined ? {} : { file }) } }
  } catch (error) {
    return { refused: refusalOf(error) }
  }
}

/** What texts mean that mean the same to every server that takes them: a plan looks at each of them several times. */
const plainTexts = new Map<string, { readonly rules: readonly PathRule[]; readonly refusesDuplicates: boolean }>()

const mostTexts = 10_000

function knownRules(text: string, grammar: Grammar, now: number): readonly PathRule[] {
  const known = plainTexts.get(text)
  if (known !== undefined && (known.refusesDuplicates || !grammar.refusesDuplicates)) return known.rules
  const plain = isPlain(text)
  const blocks = plain ? plainBlocks(text) : undefined
  const rules = blocks ?? rulesOf(text, grammar, now)
  // Such blocks assign one key each, so there is nothing to refuse.
  const refusesDuplicates = blocks !== undefined || grammar.refusesDuplicates
  if (plainTexts.size < mostTexts && plain) plainTexts.set(text, { rules, refusesDuplicates })
  return rules
}

function rulesOf(text: string, grammar: Grammar, now: number): PathRule[] {
  const { items } = treeOf(text, grammar)
  checkKeys(items, topLevel)
  decodeFields(items, [['name', shapeOfText]])
  const rules: PathRule[] = []
  for (const item of items) {
    const [block] = filter([item], 'path')
    if (block === undefined) continue
    const position = blockPlace(item)
    const rule = placed(position, () => ruleOf(block, position, grammar, now))
    if (rule !== undefined) rules.push(rule)
  }
  return rules
}

/** In JSON the key `path` is far away from most of its blocks. */
function blockPlace(item: ObjectItem): Position {
  const key = item.keys.findLast(({ json }) => json) ?? item.keys[0]
  return key === undefined ? nowhere : key.place
}

const topLevel = new Set(['name', 'path'])

/** A text whose first character is a brace is JSON (hashicorp/hcl lex.go). */
function treeOf(text: string, { refusesDuplicates }: Grammar): ObjectList {
  let at = 0
  while (goSpace.test(text.charAt(at))) at++
  return text[at] === '{' ? parseJson(text) : parseHcl(text, { refuseDuplicates: refusesDuplicates })
}

function refusalOf(error: unknown): PolicyRefusal {
  if (!(error instanceof HclError || error instanceof ServerPanic)) throw error
  const position = isKnown(error.position) ? error.position : { line: 1, column: 1 }
  if (error instanceof ServerPanic) return { errors: [], position, crash: true }
  return { errors: [wellFormed(`failed to parse policy: ${error.message}`)], position }
}
