/** A text in double quotes, of which a shell takes every character as it is. */
export function quoted(text: string): string {
  return `"${text.replace(/["$\\`]/g, '\\$&')}"`
}
