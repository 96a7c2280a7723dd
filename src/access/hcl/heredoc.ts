import { fromBytes, toBytes } from './bytes.ts'
import { codeOf, isDigit, isLetter } from './characters.ts'
import { complain, end, peek, type Source } from './source.ts'

/** Here-documents, `<<EOF` and `<<-EOF` (hashicorp/hcl scanner.go scanHeredoc, token.go unindentHeredoc). */

const [feed, carriageReturn, minus] = [10, 13, 45]

/** From behind the first `<`. The token ends with the line feed behind the anchor's repetition. */
export function scanHeredoc(source: Source, next: (source: Source) => number): undefined {
  if (next(source) !== codeOf('<')) return complain(source, "heredoc expected second '<', didn't see it")
  const start = source.at
  let code = next(source)
  if (code === minus) code = next(source)
  while (isLetter(code) || isDigit(code)) code = next(source)
  if (code === end) return complain(source, 'heredoc not terminated')
  if (code === carriageReturn && peek(source) === feed) code = next(source)
  if (code !== feed) return complain(source, 'invalid characters in heredoc anchor')
  const anchor = source.text.slice(start, source.at - source.lastLength)
  if (anchor === '' || anchor === '-') return complain(source, 'zero-length heredoc anchor')
  skipLines(source, anchor, next)
}

function skipLines(source: Source, anchor: string, next: (source: Source) => number): undefined {
  const last = new RegExp(`^[\\t\\n\\v\\f\\r ]*${anchor.replace(/^-/, '')}\\r*$`)
  // The `-` counts, so an indented document whose last line is not indented does not end there.
  const shortest = byteLength(anchor)
  let start = source.at
  for (;;) {
    const code = next(source)
    if (code === end) return complain(source, 'heredoc not terminated')
    if (code !== feed) continue
    const line = source.text.slice(start, source.at - 1)
    if (byteLength(line) >= shortest && last.test(line)) return
    start = source.at
  }
}

function byteLength(text: string): number {
  return /^[\0-\x7f]*$/.test(text) ? text.length : toBytes(text).length
}

/**
 * What a here-document stands for. The server counts the length of its first line off the end, so white space before the
 * anchor's repetition stays, and carriage returns behind it shift the cut.
 */
export function heredocValue(text: string): string {
  const bytes = toBytes(text)
  const head = bytes.indexOf(feed)
  const cut = (more: number) => fromBytes(bytes.subarray(head + 1, bytes.length - head + more))
  if (bytes[2] !== minus) return cut(1)
  const lines = cut(2).split('\n')
  const indentation = lines.at(-1) as string
  if (!lines.every((line) => line.startsWith(indentation))) return cut(1).replace(/[ \t]+$/, '')
  return [...lines.slice(0, -1).map((line) => line.slice(indentation.length)), ''].join('\n')
}
