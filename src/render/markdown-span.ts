import { code } from './markdown-escape.ts'
import { visible } from './visible.ts'

/**
 * Text as code, for pages that people also read as they are: a code span where nothing in the text could end it or the
 * cell of a table around it, character references where something could.
 */
export function span(text: string): string {
  const shown = visible(text)
  return shown === '' || /[`|]|^\s|\s$/.test(shown) ? code(text) : `\`${shown}\``
}

/** A fenced block, its fence longer than any run of backticks inside. */
export function fence(language: string, text: string): string {
  const runs = text.match(/`+/g) ?? []
  const marks = '`'.repeat(runs.reduce((longest, run) => Math.max(longest, run.length + 1), 3))
  return `${marks}${language}\n${text.endsWith('\n') ? text : `${text}\n`}${marks}`
}
