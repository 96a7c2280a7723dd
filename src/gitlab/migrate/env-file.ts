import { parseEnv } from 'node:util'
import { isKey, type SourceVariable } from './take.ts'

export interface EnvFile {
  readonly variables: readonly SourceVariable[]
  /** Numbers of lines that are neither a variable nor a comment; what they hold is not said. */
  readonly unread: readonly number[]
}

/**
 * A `.env` file as Node reads it: quotes, values of several lines, `export`, comments. Lines that are none of this are
 * taken out first, because Node would make them a part of the next name, and a name is shown.
 */
export function parseEnvFile(text: string): EnvFile {
  const { kept, unread } = split(text.replace(/\r\n?/g, '\n').split('\n'))
  const found = Object.entries(parseEnv(kept.join('\n'))).filter(([key]) => isKey(key))
  return { variables: found.map(([key, value]) => ({ key, value: value ?? '' })), unread }
}

function split(lines: readonly string[]): { readonly kept: readonly string[]; readonly unread: readonly number[] } {
  const [kept, unread]: [string[], number[]] = [[], []]
  let quote: string | undefined
  for (const [at, line] of lines.entries()) {
    const start = /^\s*(?:export\s+)?[A-Za-z0-9_]+\s*=\s*(.*)$/.exec(line)
    if (quote !== undefined) {
      if (line.includes(quote)) quote = undefined
      kept.push(line)
    } else if (start !== null) {
      quote = openQuote(start[1] ?? '', lines.slice(at + 1))
      kept.push(line)
    } else if (/^\s*(#|$)/.test(line)) kept.push('')
    else unread.push(at + 1)
  }
  return { kept, unread }
}

/** The quote of a value that ends on a later line; one that never ends is a part of the value. */
function openQuote(value: string, rest: readonly string[]): string | undefined {
  const [quote = ''] = value
  if (!/["'`]/.test(quote) || value.indexOf(quote, 1) !== -1) return undefined
  return rest.some((line) => line.includes(quote)) ? quote : undefined
}
