import { HclError } from './errors.ts'
import { parseInteger } from './go-number.ts'
import { timeQuote } from './go-text.ts'

/** Durations and times as the server's parseutil reads them (go-secure-stdlib parseutil.go, Go's package time). */

const second = 1_000_000_000n
const most = 1n << 63n

const units: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', second],
  ['m', 60n * second],
  ['h', 3600n * second],
])

/** parseutil.ParseDurationSecond of a text: seconds, `3d`, or Go's notation. Nanoseconds; throws HclError. */
export function parseDurationSecond(text: string): bigint {
  if (text === '') return 0n
  const seconds = integer(text)
  if (seconds !== undefined) return multiplied(seconds, second)
  if (text.endsWith('d')) return multiplied(parseInteger(text.slice(0, -1), 10), 86_400n * second)
  return parseGoDuration(text)
}

/** Whole seconds as a duration; throws HclError when 63 bits of nanoseconds do not hold them. */
export function secondsAsDuration(seconds: bigint): bigint {
  return multiplied(seconds, second)
}

/** Go's conversion of a float to 64 bits: towards 0, and the lowest number where it does not fit. */
export function truncated(value: number): bigint {
  const whole = BigInt(Math.trunc(value))
  return whole >= most || whole < -most ? -most : whole
}

function integer(text: string): bigint | undefined {
  try {
    return parseInteger(text, 10)
  } catch {
    return undefined
  }
}

function multiplied(a: bigint, b: bigint): bigint {
  const product = BigInt.asIntN(64, a * b)
  if (a !== 0n && product / a !== b)
    throw new HclError('multiplication of durations resulted in overflow, one operand may be too large')
  return product
}

/** Go's time.ParseDuration, rounding included. */
function parseGoDuration(text: string): bigint {
  const invalid = () => new HclError(`time: invalid duration ${timeQuote(text)}`)
  let rest = text.replace(/^[+-]/, '')
  const negative = text.startsWith('-')
  if (rest === '0') return 0n
  if (rest === '') throw invalid()
  let sum = 0n
  while (rest !== '') {
    const [part, whole, fraction, unit] = /^([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/.exec(rest) as unknown as [
      string,
      string,
      string | undefined,
      string,
    ]
    const size = sizeOf(`${whole}${fraction ?? ''}`, BigInt(whole || 0), unit, text)
    sum += BigInt(whole || 0) * size + fractionOf(fraction ?? '', size)
    if (sum > most) throw invalid()
    rest = rest.slice(part.length)
  }
  if (!negative && sum === most) throw invalid()
  return negative ? -sum : sum
}

function sizeOf(digits: string, whole: bigint, unit: string, text: string): bigint {
  if (digits === '' || whole > most) throw new HclError(`time: invalid duration ${timeQuote(text)}`)
  if (unit === '') throw new HclError(`time: missing unit in duration ${timeQuote(text)}`)
  const size = units.get(unit)
  if (size === undefined) throw new HclError(`time: unknown unit ${timeQuote(unit)} in duration ${timeQuote(text)}`)
  return size
}

/** In floating point, with the digits that fit into 63 bits. */
function fractionOf(digits: string, size: bigint): bigint {
  let value = 0n
  let scale = 1
  for (const digit of digits) {
    if (value > (most - 1n) / 10n) break
    const next = value * 10n + BigInt(digit)
    if (next > most) break
    value = next
    scale *= 10
  }
  return value > 0n ? BigInt(Math.trunc(Number(value) * (Number(size) / scale))) : 0n
}

const timestamp = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/

/** From the year 1, where Go counts from, to 1970; adding it to too many seconds overflows. */
const yearOne = 62_135_596_800n

/** parseutil.ParseAbsoluteTime of a text: RFC 3339, or seconds since 1970. Milliseconds since 1970; throws HclError. */
export function parseAbsoluteTime(text: string): number {
  const time = rfc3339(text)
  if (time !== undefined) return time
  const seconds = integer(text)
  if (seconds === undefined) throw new HclError('could not parse string as date and time')
  return Number(BigInt.asIntN(64, seconds + yearOne) - yearOne) * 1000
}

function rfc3339(text: string): number | undefined {
  const match = timestamp.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, seconds] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [, , , , , , , fraction = '', sign = '+', offsetHours = '0', offsetMinutes = '0'] = match
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!isDay || hour > 23 || minute > 59 || seconds > 59) return undefined
  if (Number(offsetHours) > 24 || Number(offsetMinutes) > 60) return undefined
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -60_000 : 60_000)
  return date.setUTCHours(hour, minute, seconds, Math.trunc(Number(`0.${fraction}`) * 1000)) - offset
}
