/** Classes of characters, by code point (hashicorp/hcl scanner.go, isLetter and the like). */

export function isLetter(code: number): boolean {
  if (code < 0x80) return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95
  return /^\p{L}$/u.test(String.fromCodePoint(code))
}

export function isDigit(code: number): boolean {
  return isDecimal(code) || (code >= 0x80 && /^\p{Nd}$/u.test(String.fromCodePoint(code)))
}

export function isDecimal(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Line feeds separate nothing in this grammar. */
export function isWhitespace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13
}

/** 16 for what is no digit of any base. */
export function digitValue(code: number): number {
  if (isDecimal(code)) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  if (code >= 65 && code <= 70) return code - 55
  return 16
}

export const codeOf = (character: string): number => character.charCodeAt(0)
