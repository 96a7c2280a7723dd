/** Shell text as it stands, but for `\${`, which JavaScript must not fill in. */
export function sh(parts: TemplateStringsArray): string {
  return parts.raw.join('').replaceAll('\\${', '${')
}
