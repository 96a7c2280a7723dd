import { HclError } from './errors.ts'
import { goQuote } from './go-text.ts'

/** Go's strconv, with its errors as HclError. */

const most = 1n << 63n
const mostUnsigned = 1n << 64n

/** strconv.ParseInt to 64 bits; base 0 takes the base from a prefix and allows `_` between digits. */
export function parseInteger(text: string, base: 0 | 10): bigint {
  const refuse = (why: string) => new HclError(`strconv.ParseInt: parsing ${goQuote(text)}: ${why}`)
  const unsigned = text.replace(/^[+-]/, '')
  const value = unsignedInteger(unsigned, base)
  if (value === undefined) throw refuse('invalid syntax')
  const negative = text.startsWith('-')
  if (value === 'range' || (negative ? value > most : value >= most)) throw refuse('value out of range')
  return negative ? -value : value
}

/** Reads digit by digit, because what comes behind an overflow is not looked at. */
function unsignedInteger(text: string, base: 0 | 10): bigint | 'range' | undefined {
  const [digits, radix] = base === 10 ? [text, 10n] : withBase(text)
  if (text === '') return undefined
  let value = 0n
  for (const digit of digits) {
    if (digit === '_' && base === 0) continue
    const next = /[0-9a-zA-Z]/.test(digit) ? Number.parseInt(digit, 36) : 36
    if (next >= radix) return undefined
    value = value * radix + BigInt(next)
    if (value >= mostUnsigned) return 'range'
  }
  return base === 0 && digits.includes('_') && !separatesDigits(text) ? undefined : value
}

const bases: Readonly<Record<string, bigint>> = { b: 2n, o: 8n, x: 16n }

function withBase(text: string): readonly [digits: string, radix: bigint] {
  if (!text.startsWith('0')) return [text, 10n]
  const radix = bases[text.charAt(1).toLowerCase()]
  return text.length >= 3 && radix !== undefined ? [text.slice(2), radix] : [text.slice(1), 8n]
}

function separatesDigits(text: string): boolean {
  return !/^_|__|_$/.test(text)
}

/** strconv.ParseFloat of a number that the scanner found; hexadecimal ones lack the exponent that Go wants. */
export function parseFloating(text: string): number {
  const refuse = (why: string) => new HclError(`strconv.ParseFloat: parsing ${goQuote(text)}: ${why}`)
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) throw refuse('invalid syntax')
  const value = Number(text)
  if (!Number.isFinite(value)) throw refuse('value out of range')
  return value
}
