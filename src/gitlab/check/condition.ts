/**
 * Conditions of `rules: if`. `&&` binds closer than `||`; there is no "not" and no function.
 * Source: lib/gitlab/ci/pipeline/expression.
 */
export type Condition =
  | { readonly type: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | Comparison

export interface Comparison {
  readonly type: 'comparison'
  readonly variable: string
  readonly operator: 'set' | '==' | '!=' | '=~' | '!~'
  /** What it is compared with; null is GitLab's `null`, and stands for nothing where there is no comparison. */
  readonly value: string | RegExp | null
}

type Token =
  | { readonly type: 'variable' | 'text' | 'operator'; readonly text: string }
  | { readonly type: 'pattern'; readonly pattern: RegExp }
  | { readonly type: 'null' }

const tokens =
  /\s*(?:\$(?<variable>\w+)|"(?<double>[^"]*)"|'(?<single>[^']*)'|\/(?<pattern>(?:\\.|[^\\/])+)\/(?<flags>[ismU]*)|(?<nil>null)|(?<operator>==|!=|=~|!~|&&|\|\||\(|\)))/y

/** Longer ones are hostile, and nested deeper than the stack is. */
const longest = 2_000

/** Undefined for what is no condition, or more than is understood here. */
export function parseCondition(text: string): Condition | undefined {
  const list = text.length > longest ? undefined : tokenize(text.trim())
  if (list === undefined) return undefined
  const reader = { list, at: 0 }
  const condition = either(reader)
  return reader.at === list.length ? condition : undefined
}

function tokenize(text: string): readonly Token[] | undefined {
  const found: Token[] = []
  tokens.lastIndex = 0
  while (tokens.lastIndex < text.length) {
    const groups = tokens.exec(text)?.groups
    if (groups === undefined) return undefined
    const token = tokenOf(groups)
    if (token === undefined) return undefined
    found.push(token)
  }
  return found
}

function tokenOf({
  variable,
  double,
  single,
  pattern,
  flags = '',
  nil,
  operator,
}: Record<string, string | undefined>): Token | undefined {
  if (variable !== undefined) return { type: 'variable', text: variable }
  if (nil !== undefined) return { type: 'null' }
  if (operator !== undefined) return { type: 'operator', text: operator }
  if (pattern === undefined) return { type: 'text', text: double ?? single ?? '' }
  const compiled = safePattern(pattern, flags)
  return compiled && { type: 'pattern', pattern: compiled }
}

/** GitLab's engine takes linear time; what could take longer here, or means something else here, is left alone. */
function safePattern(source: string, flags: string): RegExp | undefined {
  if (/[sU]/.test(flags) || /\\[AzZGpPQEQhHRX]|\(\?|[+*}][^|)]*[+*{]|\)[+*{]/.test(source) || source.length > 200)
    return undefined
  try {
    return new RegExp(source, flags.replace(/[^im]/g, ''))
  } catch {
    return undefined
  }
}

interface TokenReader {
  readonly list: readonly Token[]
  at: number
}

function either(reader: TokenReader): Condition | undefined {
  return chain(reader, '||', 'or', (inner) => chain(inner, '&&', 'and', single))
}

function chain(
  reader: TokenReader,
  operator: string,
  type: 'and' | 'or',
  next: (reader: TokenReader) => Condition | undefined,
): Condition | undefined {
  let left = next(reader)
  while (left !== undefined && isOperator(reader.list[reader.at], operator)) {
    reader.at++
    const right = next(reader)
    left = right && { type, left, right }
  }
  return left
}

function isOperator(token: Token | undefined, text: string): boolean {
  return token?.type === 'operator' && token.text === text
}

function single(reader: TokenReader): Condition | undefined {
  const token = reader.list[reader.at++]
  if (isOperator(token, '(')) {
    const inner = either(reader)
    return isOperator(reader.list[reader.at++], ')') ? inner : undefined
  }
  if (token?.type !== 'variable') return undefined
  const next = reader.list[reader.at]
  const operator = next?.type === 'operator' ? next.text : ''
  if (!['==', '!=', '=~', '!~'].includes(operator))
    return { type: 'comparison', variable: token.text, operator: 'set', value: null }
  const value = reader.list[reader.at + 1]
  reader.at += 2
  return comparison(token.text, operator as Comparison['operator'], value)
}

function comparison(
  variable: string,
  operator: Comparison['operator'],
  value: Token | undefined,
): Condition | undefined {
  switch (value?.type) {
    case 'text':
      return { type: 'comparison', variable, operator, value: value.text }
    case 'pattern':
      return { type: 'comparison', variable, operator, value: value.pattern }
    case 'null':
      return { type: 'comparison', variable, operator, value: null }
    // A variable on the right may be anything.
    case 'variable':
      return { type: 'comparison', variable: '', operator: 'set', value: null }
    default:
      return undefined
  }
}
