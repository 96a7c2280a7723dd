/**
 * The words of a policy without its layout: enough to tell a new comment or another indentation from a new meaning.
 * HCL1 lexing as in hashicorp/hcl scanner.go: `#` and `//` comments, which only a line feed ends, and block comments;
 * strings with escapes and `${…}` nesting; line breaks separate items but mean nothing otherwise.
 */

const token = /(?:[ \t\n]|\r\n)+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|("(?:[^"\\\n]|\\.)*")|([\w.+-]+)|([^\s\w])/gy

/** Undefined where the text holds something whose lexing depends on more than this: here-documents, interpolation. */
function policyTokens(text: string): string[] | undefined {
  if (text.includes('<<') || text.includes('${')) return undefined
  const tokens: string[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const match = token.exec(text)
    if (match === null) return undefined
    const word = match[1] ?? match[2] ?? match[3]
    if (word === '"') return undefined
    if (word !== undefined) tokens.push(word)
  }
  // A trailing comma in a list is layout, too.
  return tokens.filter((word, index) => !(word === ',' && [']', '}'].includes(tokens[index + 1] ?? '')))
}

/** True only where both surely mean the same; a doubt counts as a difference. */
export function samePolicyTokens(before: string, after: string): boolean {
  if (before === after) return true
  const [left, right] = [policyTokens(before), policyTokens(after)]
  return (
    left !== undefined &&
    right !== undefined &&
    left.length === right.length &&
    left.every((word, i) => word === right[i])
  )
}
