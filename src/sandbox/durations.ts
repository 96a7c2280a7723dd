import type { JsonValue } from '../core/json.ts'

/**
 * Durations as the server takes them, with its words for what it does not take: whole seconds, whole days, or Go's
 * notation (go-secure-stdlib parseutil.ParseDurationSecond, Go's time.ParseDuration). On purpose not the reading of
 * core/duration.ts, which would then be compared with itself.
 */
export type DurationResult = { readonly seconds: number } | { readonly error: string }

const units: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
}

/** Go keeps a duration in 63 bits of nanoseconds. */
const longest = 2 ** 63 / 1e9

const overflow = { error: 'multiplication of durations resulted in overflow, one operand may be too large' }

export function durationOf(value: JsonValue): DurationResult {
  if (value === null) return { seconds: 0 }
  if (typeof value !== 'string' && typeof value !== 'number') return { error: 'could not parse duration from input' }
  const text = String(value)
  if (text === '') return { seconds: 0 }
  if (/^[+-]?\d+$/.test(text)) return bounded(Number(text))
  if (!text.endsWith('d')) return goNotation(text)
  const days = text.slice(0, -1)
  if (!/^[+-]?\d+$/.test(days)) return { error: `strconv.ParseInt: parsing ${JSON.stringify(days)}: invalid syntax` }
  return bounded(Number(days) * 86_400)
}

function bounded(seconds: number): DurationResult {
  return Math.abs(seconds) >= longest ? overflow : { seconds }
}

function goNotation(text: string): DurationResult {
  const invalid = { error: `time: invalid duration ${JSON.stringify(text)}` }
  const [, sign, rest] = /^([+-]?)([\s\S]*)$/.exec(text) as unknown as [string, string, string]
  if (rest === '0') return { seconds: 0 }
  if (rest === '') return invalid
  let seconds = 0
  for (let left = rest; left !== ''; ) {
    const [all, amount, unit] = /^([0-9.]*)([^0-9.]*)/.exec(left) as unknown as [string, string, string]
    if (!/^(\d+\.?\d*|\.\d+)$/.test(amount)) return invalid
    if (unit === '') return { error: `time: missing unit in duration ${JSON.stringify(text)}` }
    const size = units[unit]
    if (size === undefined)
      return { error: `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}` }
    seconds += Number(amount) * size
    left = left.slice(all.length)
  }
  if (seconds >= longest) return invalid
  const whole = Math.trunc(Number(seconds.toFixed(9)))
  return { seconds: sign === '-' && whole !== 0 ? -whole : whole }
}
