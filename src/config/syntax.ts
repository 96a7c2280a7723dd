import type { YAMLError } from 'yaml'
import { quoted } from './text.ts'

interface Explanation {
  readonly message: string
  readonly help?: string
}

/** What the parser found in the text, in the words of somebody who has never read the YAML specification. */
export function explainSyntax({ code, message, pos }: YAMLError, text: string): Explanation {
  const explanation = lacksSpace(code, text.slice(...pos)) ? withoutSpace : explanations[code]
  const own = message.charAt(0).toLowerCase() + message.slice(1)
  return explanation?.(message) ?? { message: `this is not valid YAML: ${own}` }
}

/** `token_ttl:5m` is a text to YAML, and what follows makes it an error. */
function lacksSpace(code: string, found: string): boolean {
  return ['MISSING_CHAR', 'MULTILINE_IMPLICIT_KEY'].includes(code) && /^[\w.-]+:[^\s:]/.test(found)
}

const withoutSpace = (): Explanation => ({
  message: 'a space is missing after the ":" of this key',
  help: 'Write a space between ":" and the value.',
})

const explanations: Readonly<Record<string, (message: string) => Explanation | undefined>> = {
  TAB_AS_INDENT: () => ({ message: 'a tab cannot indent YAML', help: 'Indent with spaces.' }),
  BAD_INDENT: (message) =>
    message.startsWith('Flow')
      ? {
          message: 'a list or map that [ or { opened is not closed before this place',
          help: 'Close it, or indent its next lines further.',
        }
      : {
          message: 'this line is not indented like the lines it belongs to',
          help: 'Start all keys of one map in the same column.',
        },
  BLOCK_AS_IMPLICIT_KEY: () => ({
    message: 'a key cannot follow on the same line as another key, or be indented below a plain value',
    help: 'Quote the text if it holds ": "; otherwise start the inner map on a line of its own.',
  }),
  MULTILINE_IMPLICIT_KEY: () => ({
    message: 'a key must stand on one line',
    help: 'Is a ":" missing, or a line indented too far?',
  }),
  MISSING_CHAR: (message) => {
    if (message.includes('quote')) return { message: 'a quote is opened here and never closed' }
    return message.startsWith('Implicit map keys') ? { message: 'a ":" is missing after this key' } : undefined
  },
  BAD_SCALAR_START: (message) => ({
    message: `a text cannot begin with ${quoted(message.at(-1) ?? '')} unless it is quoted`,
    help: 'Put the text into quotes.',
  }),
  UNEXPECTED_TOKEN: () => ({
    message: 'this does not fit here',
    help: 'Do a list and a map stand in the same place, or is the indentation off?',
  }),
  TAG_RESOLVE_FAILED: (message) => ({
    message: `tags are not supported: ${message.replace(/^Unresolved tag: /, '')}`,
    help: 'Remove the tag; quote the text if "!" belongs to it.',
  }),
}
