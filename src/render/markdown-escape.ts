import { visible } from './visible.ts'

/**
 * What others wrote must stay text in a GitLab comment: no markup, no mention that notifies people, no quick action, no
 * image that calls home. Everything but letters, digits and a few harmless characters becomes a character reference,
 * which Markdown never takes for markup (CommonMark 2.5); `<code>` around it is what keeps GitLab's reference filters
 * (mentions, issues, commits, emoji, bare links) away from the result. Works alike in paragraphs, tables and HTML.
 */
export function code(text: string): string {
  return `<code>${references(visible(text))}</code>`
}

function references(text: string): string {
  return text
    .replace(/[^A-Za-z0-9 ./-]/gu, (character) => `&#${character.codePointAt(0)};`)
    .replace(/www\./gi, (prefix) => `${prefix.slice(0, -1)}&#46;`)
}

/**
 * A fenced block of a diff, its fence longer than any run of backticks inside. Every line starts with a sign of the
 * diff, never with what a user wrote: GitLab's search for quick actions has its own idea of where a fence ends.
 */
export function diffFence(lines: readonly string[]): string {
  const runs = lines.join('\n').match(/`+/g) ?? []
  const fence = '`'.repeat(runs.reduce((longest, run) => Math.max(longest, run.length + 1), 3))
  return [`${fence}diff`, ...lines, fence].join('\n')
}
