import { type CST, Lexer, Parser } from 'yaml'

/** Deeper than any configuration, and far from where the composer runs out of stack. */
export const deepest = 100

/** The tokens of a YAML file; undefined where it is nested deeper than anybody writes. */
export function parseTokens(text: string): CST.Token[] | undefined {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme))
    // A million open brackets take the parser ten seconds; what is open now says enough.
    if (parser.stack.length > 2 * deepest + 10) return undefined
  }
  tokens.push(...parser.end())
  return tokens.some((token) => depthOf(token) > deepest) ? undefined : tokens
}

/** Without recursion: the parser survives any nesting, the composer does not. */
function depthOf(token: CST.Token): number {
  let most = 0
  const open: [unknown, number][] = [[token, 0]]
  for (let next = open.pop(); next !== undefined && most <= deepest; next = open.pop()) {
    const [{ items = [], value }, depth] = next as [{ items?: CST.CollectionItem[]; value?: unknown }, number]
    most = Math.max(most, depth)
    if (typeof value === 'object' && value !== null) open.push([value, depth])
    for (const { key, value: inner } of items) for (const part of [key, inner]) if (part) open.push([part, depth + 1])
  }
  return most
}
