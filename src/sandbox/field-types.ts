import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { durationOf } from './durations.ts'
import { goType, goValue } from './go-text.ts'

/**
 * The types of the server's fields and what each makes of a JSON value, with the server's words for what it does not
 * take (sdk/framework field_data.go, mapstructure's weak decoding).
 */
export type FieldType =
  | 'string'
  | 'lower-case'
  | 'bool'
  | 'int'
  | 'map'
  | 'pairs'
  | 'slice'
  | 'comma-list'
  | 'duration'
  | 'signed-duration'
  | 'time'

/** A value of undefined counts as "not sent". */
export type Converted = { readonly value: JsonValue | undefined } | { readonly error: string }

export function convert(type: FieldType, raw: JsonValue): Converted {
  return converters[type](raw)
}

const converters: Readonly<Record<FieldType, (raw: JsonValue) => Converted>> = {
  string: (raw) => weakString(raw, "''"),
  'lower-case': (raw) => then(weakString(raw, "''"), (text) => String(text).toLowerCase()),
  bool: weakBool,
  int: weakInt,
  map: weakMap,
  pairs,
  slice: (raw) => ({ value: raw === null ? [] : asList(raw) }),
  'comma-list': commaList,
  duration: (raw) => {
    const result = duration(raw)
    const negative = 'value' in result && typeof result.value === 'number' && result.value < 0
    return negative ? { error: `cannot provide negative value '${result.value}'` } : result
  },
  'signed-duration': duration,
  time,
}

function then(result: Converted, change: (value: JsonValue | undefined) => JsonValue): Converted {
  return 'error' in result ? result : { value: change(result.value) }
}

function unconvertible(at: string, type: string, raw: JsonValue): Converted {
  return { error: `${at} expected type '${type}', got unconvertible type '${goType(raw)}', value: '${goValue(raw)}'` }
}

function weakString(raw: JsonValue, at: string): Converted {
  if (raw === null) return { value: '' }
  if (typeof raw === 'boolean') return { value: raw ? '1' : '0' }
  return typeof raw === 'object' ? unconvertible(at, 'string', raw) : { value: String(raw) }
}

/** Go's strconv.ParseBool. */
export function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : undefined
}

function weakBool(raw: JsonValue): Converted {
  if (raw === null || raw === '') return { value: false }
  if (typeof raw === 'boolean') return { value: raw }
  if (typeof raw === 'object') return unconvertible("''", 'bool', raw)
  const value = parseBool(String(raw))
  if (value !== undefined) return { value }
  return { error: `cannot parse '' as bool: strconv.ParseBool: parsing ${JSON.stringify(String(raw))}: invalid syntax` }
}

function weakInt(raw: JsonValue): Converted {
  if (raw === null || raw === '') return { value: 0 }
  if (typeof raw === 'boolean') return { value: raw ? 1 : 0 }
  if (typeof raw === 'object') return unconvertible("''", 'int', raw)
  const text = String(raw)
  if (/^[+-]?(\d+|0x[0-9a-f]+)$/i.test(text)) return { value: Number(text) }
  return { error: `cannot parse '' as int: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax` }
}

function weakMap(raw: JsonValue): Converted {
  if (raw === null || isObject(raw)) return { value: raw }
  if (!Array.isArray(raw)) return { error: `'' expected a map, got '${goType(raw)}'` }
  const stranger = raw.findIndex((element) => !isObject(element))
  if (stranger >= 0) return { error: `'[${stranger}]' expected a map, got '${goType(raw[stranger])}'` }
  return { value: Object.assign({}, ...raw) as JsonObject }
}

/** A map of strings, or a list of `key=value`. */
function pairs(raw: JsonValue): Converted {
  const map = weakMap(raw)
  if ('value' in map) {
    if (!isObject(map.value)) return map
    const entries = Object.entries(map.value).map(([key, value]) => [key, weakString(value, "''")] as const)
    if (entries.every(([, text]) => 'value' in text))
      return {
        value: Object.fromEntries(entries.map(([key, text]) => [key, 'value' in text ? text.value : ''])) as JsonObject,
      }
  }
  const items = strings(asList(raw))
  if ('error' in items) return items
  const result: Record<string, JsonValue> = {}
  for (const item of items.value as string[]) {
    const [, key, value] = /^([^=]+)=([\s\S]*)$/.exec(item) ?? []
    if (key === undefined || value === undefined) return { error: `invalid key pair ${JSON.stringify(item)}` }
    result[key] = value
  }
  return { value: result }
}

/** A text is split at commas, the items of a list are not; both are trimmed and keep their empty items. */
function commaList(raw: JsonValue): Converted {
  if (raw === null || raw === '') return { value: [] }
  const items = strings(typeof raw === 'string' ? raw.split(',') : asList(raw))
  return then(items, (list) => (list as string[]).map((item) => item.trim()))
}

function asList(raw: JsonValue): readonly JsonValue[] {
  if (Array.isArray(raw)) return raw
  return isObject(raw) && Object.keys(raw).length === 0 ? [] : [raw]
}

function strings(items: readonly JsonValue[]): Converted {
  const texts = items.map((item, index) => weakString(item, `'[${index}]'`))
  const errors = texts.flatMap((text) => ('error' in text ? [text.error] : []))
  if (errors.length > 0)
    return { error: `${errors.length} error(s) decoding:\n\n${errors.map((error) => `* ${error}`).join('\n')}` }
  return { value: texts.map((text) => ('value' in text ? String(text.value) : '')) }
}

function duration(raw: JsonValue): Converted {
  if (raw === null) return { value: undefined }
  const result = durationOf(raw)
  return 'error' in result ? result : { value: result.seconds }
}

/** RFC 3339, or seconds since 1970. */
function time(raw: JsonValue): Converted {
  if (raw === null) return { value: undefined }
  if (typeof raw === 'object' || typeof raw === 'boolean') return { error: 'could not parse time from input type' }
  const text = String(raw)
  const stamp = /^-?\d+$/.test(text)
    ? Number(text) * 1000
    : /^\d{4}-\d\d-\d\dT/.test(text)
      ? Date.parse(text)
      : Number.NaN
  if (Number.isNaN(stamp)) return { error: 'could not parse string as date and time' }
  return { value: new Date(stamp).toISOString() }
}
