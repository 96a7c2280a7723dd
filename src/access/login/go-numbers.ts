import { quote } from './go-text.ts'

/** Numbers and durations as Go's strconv and time packages read them. */

const largest = 2n ** 63n - 1n
const digitsOfBase: readonly (readonly [prefix: RegExp, digits: RegExp])[] = [
  [/^0x/i, /^(_?[0-9a-f])+$/i],
  [/^0b/i, /^(_?[01])+$/],
  [/^0o?/i, /^(_?[0-7])+$/],
]

/** strconv.ParseInt of 64 bits; base 0 takes prefixes and underscores, as in Go's source. */
export function parseGoInt(text: string, base: 0 | 10): { readonly value: bigint } | { readonly reason: string } {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  const magnitude = base === 10 ? decimal(digits, /^\d+$/) : magnitudeOf(digits)
  if (magnitude === undefined) return { reason: 'invalid syntax' }
  const value = sign === '-' ? -magnitude : magnitude
  return value > largest || value < -largest - 1n ? { reason: 'value out of range' } : { value }
}

function magnitudeOf(digits: string): bigint | undefined {
  if (!digits.startsWith('0') || digits === '0') return decimal(digits, /^\d(_?\d)*$/)
  for (const [prefix, rest] of digitsOfBase) {
    const found = prefix.exec(digits)?.[0]
    if (found === undefined) continue
    const tail = digits.slice(found.length)
    if (!rest.test(tail)) return undefined
    const letter = found.length === 1 ? '0o' : found.toLowerCase()
    return BigInt(letter + tail.replaceAll('_', ''))
  }
  return undefined
}

function decimal(digits: string, form: RegExp): bigint | undefined {
  return form.test(digits) ? BigInt(digits.replaceAll('_', '')) : undefined
}

export type ParsedDuration = { readonly seconds: number } | { readonly error: string }

const second = 1_000_000_000n
const day = 86_400n * second
const overflow = 'multiplication of durations resulted in overflow, one operand may be too large'

/** parseutil.ParseDurationSecond of a text; the fraction of a second is cut off. */
export function parseGoDuration(text: string): ParsedDuration {
  if (text === '') return { seconds: 0 }
  const whole = parseGoInt(text, 10)
  if ('value' in whole) return inRange(whole.value * second)
  if (text.endsWith('d')) {
    const days = parseGoInt(text.slice(0, -1), 10)
    if ('value' in days) return inRange(days.value * day)
    return { error: `strconv.ParseInt: parsing ${quote(text.slice(0, -1))}: ${days.reason}` }
  }
  return parseUnits(text)
}

function inRange(nanoseconds: bigint): ParsedDuration {
  const fits = nanoseconds <= largest && nanoseconds >= -largest - 1n
  return fits ? { seconds: Number(nanoseconds / second) } : { error: overflow }
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
}

/** time.ParseDuration: signed numbers with units, "1h30m". */
function parseUnits(text: string): ParsedDuration {
  const invalid = { error: `time: invalid duration ${timeQuote(text)}` }
  let rest = text.replace(/^[+-]/, '')
  if (rest === '0') return { seconds: 0 }
  if (rest === '') return invalid
  let total = 0n
  while (rest !== '') {
    const [amount = '', whole = '', , fraction = ''] = /^(\d*)(\.(\d*))?/.exec(rest) ?? []
    if (whole === '' && fraction === '') return invalid
    rest = rest.slice(amount.length)
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? ''
    if (BigInt(whole || '0') > largest + 1n) return invalid
    if (unit === '') return { error: `time: missing unit in duration ${timeQuote(text)}` }
    const size = Object.hasOwn(units, unit) ? units[unit] : undefined
    if (size === undefined) return { error: `time: unknown unit ${timeQuote(unit)} in duration ${timeQuote(text)}` }
    total += BigInt(whole || '0') * size + partOf(size, fraction)
    if (total > largest + 1n) return invalid
    rest = rest.slice(unit.length)
  }
  const negative = text.startsWith('-')
  if (total > largest && !negative) return invalid
  const seconds = Number(total / second)
  return { seconds: negative && seconds !== 0 ? -seconds : seconds }
}

/** Of nineteen digits at the most, as the server keeps no more. */
function partOf(size: bigint, fraction: string): bigint {
  const kept = fraction.slice(0, 18)
  return kept === '' ? 0n : (BigInt(kept) * size) / 10n ** BigInt(kept.length)
}

/** Go's time package quotes in its own way: byte by byte outside of printable ASCII. */
function timeQuote(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => {
    if (byte < 0x20 || byte >= 0x80) return `\\x${byte.toString(16).padStart(2, '0')}`
    const letter = String.fromCharCode(byte)
    return letter === '"' || letter === '\\' ? `\\${letter}` : letter
  })
  return `"${bytes.join('')}"`
}

/** time.Duration.String of whole seconds: "1h0m0s", "5m0s", "50s". */
export function formatGoDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const tail = `${seconds % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${tail}`
  return minutes > 0 ? `${minutes}m${tail}` : tail
}
