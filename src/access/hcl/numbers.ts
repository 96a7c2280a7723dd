import { isDecimal } from './characters.ts'
import { end, peek, type Source, stepBack } from './source.ts'

/** Reads a number's characters; what is no number is noticed when the value is needed. Both scanners share these. */

type Next = (source: Source) => number

const point = 46
const [plus, minus] = [43, 45]

function isExponent(code: number): boolean {
  return code === 101 || code === 69
}

/** Digits from the given one on; gives the first character after them, which is still to be read. */
export function skipDigits(source: Source, first: number, next: Next): number {
  let code = first
  while (isDecimal(code)) code = next(source)
  if (isDecimal(first) && code !== end) stepBack(source)
  return code
}

/** From the `e` that was just read. */
export function skipExponent(source: Source, next: Next): void {
  let code = next(source)
  if (code === plus || code === minus) code = next(source)
  skipDigits(source, code, next)
}

/** What may follow the digits of a number: a fraction, an exponent. Says whether either did. */
export function skipFraction(source: Source, code: number, next: Next): boolean {
  if (isExponent(code)) {
    skipExponent(source, next)
    return true
  }
  if (code !== point) return false
  if (isExponent(skipDigits(source, peek(source), next))) {
    next(source)
    skipExponent(source, next)
  }
  return true
}
