import { patternOf } from './pattern.ts'
import type { Capability, PathRule, TextPosition } from './policy.ts'
import { maybeTemplated } from './templating.ts'

/**
 * The rules of a text that is written as nearly all are: comments, and blocks that list capabilities and nothing else. Undefined
 * for any other, also one that no server takes: whether and why is the parser's to say. A plan reads a thousand such texts
 * once each, which takes the parser a fifth of the whole plan, most of it in code that is not compiled yet. For texts of
 * which `isPlain` holds.
 */
export function plainBlocks(text: string): PathRule[] | undefined {
  if (text.length > longest) return undefined
  const rules: PathRule[] = []
  let from = { at: 0, line: 1, feed: -1 }
  block.lastIndex = 0
  for (let end = 0; ; end = block.lastIndex) {
    const found = block.exec(text)
    if (found === null) return isRest(text, end) ? rules : undefined
    const [, before = '', written = '', listed = ''] = found
    from = lineAt(text, end + before.length, from)
    const rule = ruleOf(written, listed, { line: from.line, column: from.at - from.feed })
    if (rule === undefined) return undefined
    rules.push(rule)
  }
}

/** Expressions that repeat need room for each repetition. */
const longest = 20_000

const space = '[ \\t\\n]*'
const blank = '(?:[ \\t\\n]|(?:#|//)[^\\0\\r\\n]*(?:\\n|$))*'
/** Printable ASCII, without what ends a text in quotes, escapes in it, or begins an interpolation. */
const path = '"([ !#%-\\[\\]-~]+)"'
const list = `\\[${space}(?:("[a-z]+"(?:${space},${space}"[a-z]+")*)${space}(?:,${space})?)?\\]`
const block = new RegExp(
  `(${blank})path[ \\t]+${path}[ \\t]*\\{${blank}capabilities[ \\t]*=[ \\t]*${list}${blank}\\}`,
  'y',
)
const rest = new RegExp(`${blank}$`, 'y')

function isRest(text: string, from: number): boolean {
  rest.lastIndex = from
  return rest.test(text)
}

interface Line {
  readonly at: number
  readonly line: number
  /** The line feed before it. */
  readonly feed: number
}

function lineAt(text: string, at: number, from: Line): Line {
  let { line, feed } = from
  for (let next = text.indexOf('\n', from.at); next !== -1 && next < at; next = text.indexOf('\n', next + 1)) {
    line++
    feed = next
  }
  return { at, line, feed }
}

const capabilities: ReadonlySet<string> = new Set<Capability>([
  'create',
  'read',
  'update',
  'delete',
  'list',
  'sudo',
  'patch',
  'deny',
])

function ruleOf(written: string, listed: string, position: TextPosition): PathRule | undefined {
  const path = patternOf(written, '')
  const templated = maybeTemplated(written)
  if ('error' in path || templated === undefined) return undefined
  const granted = new Set<Capability>()
  for (const [, capability = ''] of listed.matchAll(/"([a-z]+)"/g)) {
    if (!capabilities.has(capability)) return undefined
    granted.add(capability as Capability)
  }
  const { pattern, match } = path
  const decisive = granted.has('deny') ? new Set<Capability>(['deny']) : granted
  return { written, pattern, match, capabilities: decisive, templated, position }
}
