import { byText, isObject, type JsonValue } from '../core/json.ts'

/** How Go's `%v` prints a decoded JSON value: the words of the server's messages depend on it. */
export function goValue(value: JsonValue): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`
  if (!isObject(value)) return String(value)
  const members = Object.keys(value)
    .sort(byText)
    .map((key) => `${key}:${goValue(value[key] as JsonValue)}`)
  return `map[${members.join(' ')}]`
}

/** Go's name of the type that a JSON value decodes to. */
export function goType(value: JsonValue): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isObject(value)) return 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

/** How Go prints a duration of whole seconds: 7200 → "2h0m0s". */
export function goDuration(seconds: number): string {
  const total = Math.abs(seconds)
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60]
  return `${seconds < 0 ? '-' : ''}${h > 0 ? `${h}h` : ''}${total >= 60 ? `${m}m` : ''}${s}s`
}
