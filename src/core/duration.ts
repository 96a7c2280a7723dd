/**
 * Durations as Vault's API takes them: whole seconds as a number or text, or Go's notation with units, days included
 * ("90", 90, "1h30m", "2d"). Source: hashicorp/go-secure-stdlib parseutil.ParseDurationSecond.
 */
const units: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
}

/** Nanoseconds in a 64-bit number: 292 years. The server refuses what is longer (parseutil overflowMul). */
const longest = 9_223_372_036

/** Seconds, cut to whole ones as the server stores them; undefined where the server would refuse the text. */
export function parseDuration(value: string | number): number | undefined {
  const seconds = secondsOf(value)
  return seconds === undefined || Math.abs(seconds) > longest ? undefined : seconds
}

function secondsOf(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : undefined
  const simple = /^(\d+)([smh])$/.exec(value)
  if (simple !== null) return Number(simple[1]) * (units[simple[2] as string] as number)
  const text = value.trim()
  if (text === '') return 0
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  const days = /^([+-]?\d+)d$/.exec(text)
  if (days) return Number(days[1]) * 86400
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))*$/.test(text))
    return undefined
  let seconds = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    seconds += Number(amount) * (units[unit as string] as number)
  }
  // The last digit of a sum of fractions is noise: "1.1s" thrice is 3.3, not 3.3000000000000003.
  const whole = Math.trunc(Number(seconds.toFixed(9)))
  return text.startsWith('-') ? -whole : whole
}

/** The shortest exact reading of whole seconds: 300 → "5m", 5400 → "1h30m", 0 → "0s". */
export function formatDuration(seconds: number): string {
  const sign = seconds < 0 ? '-' : ''
  const total = Math.abs(seconds)
  const parts = [
    [Math.floor(total / 3600), 'h'],
    [Math.floor(total / 60) % 60, 'm'],
    [total % 60, 's'],
  ] as const
  const text = parts.map(([amount, unit]) => (amount > 0 ? `${amount}${unit}` : '')).join('')
  return text === '' ? '0s' : sign + text
}
