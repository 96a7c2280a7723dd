import { convertField, type FieldType as WrittenType } from '../access/login/field-values.ts'
import { JsonNumber } from '../access/login/json-number.ts'
import type { JsonValue } from '../core/json.ts'
import type { Product } from '../core/server.ts'

/** The types of the server's fields (sdk/framework field_data.go). */
export type FieldType = WrittenType | 'time'

/** A value of undefined counts as "not sent"; the numbers in a map stay as they were written. */
type Converted = { readonly value: JsonValue | undefined } | { readonly error: string }

/** What the product makes of a JSON value, with its words for what it does not take. */
export function convert(product: Product, type: FieldType, raw: JsonValue): Converted {
  return type === 'time' ? time(raw) : (convertField(product, type, raw) as Converted)
}

/** Go's strconv.ParseBool. */
export function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : undefined
}

/** RFC 3339, or seconds since 1970. */
function time(raw: JsonValue): Converted {
  if (raw === null) return { value: undefined }
  const text = raw instanceof JsonNumber ? raw.text : raw
  if (typeof text === 'object' || typeof text === 'boolean') return { error: 'could not parse time from input type' }
  const stamp = momentOf(String(text))
  if (Number.isNaN(stamp)) return { error: 'could not parse string as date and time' }
  return { value: new Date(stamp).toISOString() }
}

function momentOf(text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text) * 1000
  return /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
}
