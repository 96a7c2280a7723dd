import type { ObjectItem } from '../hcl/ast.ts'
import { HclError } from '../hcl/errors.ts'
import { goQuote } from '../hcl/go-text.ts'
import { parseAbsoluteTime } from '../hcl/go-time.ts'
import type { Position } from '../hcl/token.ts'
import { textOf } from '../hcl/unquote.ts'
import { atField, type Block, decodeBlock, placeOfElement, textIn, textsIn } from './block.ts'
import type { Grammar } from './grammar.ts'
import { blockItems, checkKeys } from './keys.ts'
import { limitsOf } from './limits.ts'
import { patternOf } from './pattern.ts'
import type { Capability, PathRule } from './policy.ts'
import { isTemplated } from './templating.ts'

/**
 * One `path` block, without the key `path` (vault policy.go, parsePaths). Undefined for one that has expired before
 * `now`, milliseconds since 1970: OpenBao then looks no further. Throws HclError with the server's words.
 */
export function ruleOf(item: ObjectItem, position: Position, grammar: Grammar, now: number): PathRule | undefined {
  const [label] = item.keys
  const written = label === undefined ? 'path' : textOf(label)
  const quoted = `path ${goQuote(written)}:`
  const templated = isTemplated(written)
  const items = blockItems(item.value, quoted)
  checkKeys(items, grammar.keys, quoted)
  const block = decodeBlock(items, grammar, quoted)
  const expiration = expirationOf(block)
  if (expiration !== undefined && now > expiration) return undefined
  const path = patternOf(written, '')
  if ('error' in path) throw new HclError(path.error)
  const granted = grantedBy(block)
  const capabilities = capabilitiesOf(granted, block, grammar)
  return {
    written,
    ...path,
    capabilities,
    ...(expiration === undefined ? {} : { expiration }),
    ...(capabilities.has('deny') ? {} : limitsOf(block, granted)),
    templated,
    position,
  }
}

function expirationOf(block: Block): number | undefined {
  const text = textIn(block, 'expiration')
  if (text === '') return undefined
  return atField(block, 'expiration', () => {
    try {
      return parseAbsoluteTime(text)
    } catch (error) {
      if (!(error instanceof HclError)) throw error
      throw new HclError(`${block.quoted} invalid expiration time: ${error.message}`)
    }
  })
}

const write = ['create', 'read', 'update', 'delete', 'list']
const shorthands: ReadonlyMap<string, readonly string[]> = new Map([
  ['', []],
  ['read', ['read', 'list']],
  ['write', write],
  ['sudo', [...write, 'sudo']],
])

/** The list as the server goes through it: what a shorthand stands for comes last, and `deny` alone. */
function grantedBy(block: Block): readonly string[] {
  const shorthand = textIn(block, 'Policy')
  if (shorthand === 'deny') return ['deny']
  const added = shorthands.get(shorthand)
  if (added !== undefined) return [...textsIn(block, 'Capabilities'), ...added]
  return atField(block, 'policy', () => {
    throw new HclError(`${block.quoted} invalid policy ${goQuote(shorthand)}`)
  })
}

/** Nothing behind a `deny` is looked at. */
function capabilitiesOf(granted: readonly string[], block: Block, grammar: Grammar): ReadonlySet<Capability> {
  const capabilities = new Set<Capability>()
  for (const capability of granted) {
    if (capability === 'deny') return new Set<Capability>(['deny'])
    if (!grammar.capabilities.has(capability))
      throw new HclError(
        `${block.quoted} invalid capability ${goQuote(capability)}`,
        placeOfElement(block, 'capabilities', capability),
      )
    capabilities.add(capability as Capability)
  }
  return capabilities
}
