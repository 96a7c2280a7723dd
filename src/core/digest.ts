import { createHash } from 'node:crypto'
import { type JsonValue, stableStringify } from './json.ts'

/** `sha256:<hex>` of a value's canonical JSON: the same for equal values, whatever the order of their keys. */
export function digest(value: JsonValue): string {
  return `sha256:${createHash('sha256').update(stableStringify(value)).digest('hex')}`
}
