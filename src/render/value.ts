import { formatDuration } from '../core/duration.ts'
import { byText, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { visible } from './visible.ts'

/**
 * A value on one line, spelled as in the files: a text stands bare where YAML would read it as that text, and in quotes
 * where it would not, so that "42" and 42 differ. The server tells them apart, too.
 */
export function formatValue(value: JsonValue, field: readonly string[]): string {
  if (isReference(value, field)) return `${formatReference(value)} (write-only)`
  if (typeof value === 'number' && isDuration(field)) return formatDuration(value)
  return formatJson(value)
}

function formatJson(value: JsonValue): string {
  if (typeof value === 'string') return formatText(value)
  if (Array.isArray(value)) return `[${value.map(formatJson).join(', ')}]`
  if (!isObject(value)) return String(value)
  const members = Object.keys(value)
    .sort(byText)
    .map((key) => `${formatText(key)}: ${formatJson(value[key] as JsonValue)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

const readAsOther = /^(true|false|null|yes|no|on|off|y|n)$/i

function formatText(text: string): string {
  if (/^[A-Za-z_/][\w./:@*+-]*$/.test(text) && !text.endsWith(':') && !readAsOther.test(text)) return text
  return `"${visible(text.replace(/["\\]/g, '\\$&'))}"`
}

/** The one place that tells durations from other numbers. Below other maps than `tune`, keys are people's own. */
function isDuration(field: readonly string[]): boolean {
  const [name = ''] = field.slice(-1)
  const known = field.length === 1 || (field.length === 2 && field[0] === 'tune')
  return known && /(_ttl|_leeway|_period|^max_age)$/.test(name)
}

type Reference = string | { readonly file: string }

const secretName = /(secret|password|api_token|service_account)$/

/** A write-only value as files spell it; anything else under such a name is shown like every value. */
export function isReference(value: JsonValue | undefined, field: readonly string[]): value is Reference & JsonValue {
  if (!secretName.test(field.at(-1) ?? '')) return false
  if (isObject(value)) return Object.keys(value).length === 1 && typeof value['file'] === 'string'
  return typeof value === 'string' && /^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$/.test(value)
}

function formatReference(reference: Reference): string {
  return typeof reference === 'string' ? reference : formatJson(reference as JsonObject)
}
