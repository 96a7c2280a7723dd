import type { Product } from '../../core/server.ts'
import { parseGoDuration, parseGoInt } from './go-numbers.ts'
import { goLower, goTrim, goType, quote, show } from './go-text.ts'
import {
  isNumber,
  isWrittenObject,
  numberText,
  type Written,
  type WrittenObject,
  withNumberTexts,
} from './json-number.ts'

/**
 * How the servers turn what was written into the types of their fields: weakly, so that 5 is "5", true is "1" and "a,b" a
 * list (sdk/framework field_data.go, over mitchellh/mapstructure in Vault and go-viper/mapstructure in OpenBao, which
 * agree on values and differ in words).
 */
export type FieldType =
  | 'string'
  | 'lower-case string'
  | 'bool'
  | 'int'
  | 'duration'
  | 'signed duration'
  | 'comma string slice'
  | 'slice'
  | 'map'
  | 'key-value pairs'

/** `value` is undefined where what was written counts as not written. */
export type Converted = { readonly value: Written | undefined } | { readonly error: string }

interface Mistake {
  /** Of the part, such as `[0]`; empty for the whole. */
  readonly name: string
  readonly words: string
}

type Decoded<T> = { readonly value: T } | { readonly mistakes: readonly Mistake[]; readonly joined: boolean }

/** The value as the field's type: texts, booleans, whole seconds and other numbers, lists of texts, maps. */
export function convertField(product: Product, type: FieldType, written: Written): Converted {
  switch (type) {
    case 'string':
      return settle(product, decodeString(product, '', written))
    case 'lower-case string': {
      const text = settle(product, decodeString(product, '', written))
      return 'error' in text ? text : { value: goLower(text.value as string) }
    }
    case 'bool':
      return settle(product, decodeBool(product, written))
    case 'int':
      return settle(product, decodeInt(product, written))
    case 'duration':
    case 'signed duration':
      return convertDuration(written, type === 'signed duration')
    case 'comma string slice':
      return convertList(written)
    case 'slice':
      return { value: Array.isArray(written) ? written : written === null || isEmptyMap(written) ? [] : [written] }
    case 'map':
      return settle(product, decodeMap(product, '', written, {}))
    case 'key-value pairs':
      return convertPairs(product, written)
  }
}

function mistake<T>(name: string, words: string): Decoded<T> {
  return { mistakes: [{ name, words }], joined: false }
}

function unconvertible<T>(product: Product, name: string, type: string, written: Written): Decoded<T> {
  const words = `expected type '${type}', got unconvertible type '${goType(written)}'`
  return mistake(name, product === 'vault' ? `${words}, value: '${show(withNumberTexts(written))}'` : words)
}

function settle<T extends Written | undefined>(product: Product, decoded: Decoded<T>): Converted {
  return 'value' in decoded ? decoded : { error: describe(product, decoded) }
}

function describe(
  product: Product,
  { mistakes, joined }: { readonly mistakes: readonly Mistake[]; readonly joined: boolean },
): string {
  const texts = mistakes.map(({ name, words }) => (name === '!' ? words : `'${name}' ${words}`))
  if (!joined) return texts[0] as string
  if (product === 'openbao') return `decoding failed due to the following error(s):\n\n${texts.join('\n')}`
  const points = texts.map((text) => `* ${text}`).sort()
  return `${texts.length} error(s) decoding:\n\n${points.join('\n')}`
}

function decodeString(product: Product, name: string, written: Written): Decoded<string> {
  if (written === null) return { value: '' }
  if (typeof written === 'string') return { value: written }
  if (typeof written === 'boolean') return { value: written ? '1' : '0' }
  return isNumber(written) ? { value: numberText(written) } : unconvertible(product, name, 'string', written)
}

const truths: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true])),
  ...Object.fromEntries(['', '0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false])),
}

function decodeBool(product: Product, written: Written): Decoded<boolean> {
  if (written === null) return { value: false }
  if (typeof written === 'boolean') return { value: written }
  if (typeof written !== 'string' && !isNumber(written)) return unconvertible(product, '', 'bool', written)
  const text = typeof written === 'string' ? written : numberText(written)
  return Object.hasOwn(truths, text)
    ? { value: truths[text] as boolean }
    : unparsable(product, 'bool', 'ParseBool', text, 'invalid syntax')
}

function decodeInt(product: Product, written: Written): Decoded<number> {
  if (written === null) return { value: 0 }
  if (typeof written === 'boolean') return { value: written ? 1 : 0 }
  if (typeof written !== 'string' && !isNumber(written)) return unconvertible(product, '', 'int', written)
  const text = typeof written === 'string' ? written : numberText(written)
  const parsed = parseGoInt(text === '' ? '0' : text, 0)
  return 'value' in parsed
    ? { value: Number(parsed.value) }
    : unparsable(product, 'int', 'ParseInt', text, parsed.reason)
}

function unparsable<T>(product: Product, type: string, parser: string, text: string, reason: string): Decoded<T> {
  return product === 'vault'
    ? mistake('!', `cannot parse '' as ${type}: strconv.${parser}: parsing ${quote(text)}: ${reason}`)
    : mistake('', `cannot parse value as '${type}': strconv.${parser}: ${reason}`)
}

/** parseutil.ParseDurationSecond: seconds as digits, days, or Go's notation; cut to whole seconds. */
function convertDuration(written: Written, signed: boolean): Converted {
  if (written === null) return { value: undefined }
  if (typeof written !== 'string' && !isNumber(written)) return { error: 'could not parse duration from input' }
  const parsed = parseGoDuration(typeof written === 'string' ? written : numberText(written))
  if ('error' in parsed) return parsed
  if (!signed && parsed.seconds < 0) return { error: `cannot provide negative value '${parsed.seconds}'` }
  return { value: parsed.seconds }
}

/** parseutil.ParseCommaStringSlice, which has Vault's words in both products. */
function convertList(written: Written): Converted {
  if (written === null) return { value: [] }
  if (isNumber(written)) return convertList(numberText(written))
  if (typeof written === 'string') return { value: written === '' ? [] : written.split(',').map(goTrim) }
  const list = settle('vault', decodeList('vault', written))
  return 'error' in list ? list : { value: (list.value as readonly string[]).map(goTrim) }
}

/** Whatever is no list becomes one of a single element; an empty map an empty one. */
function decodeList(product: Product, written: Written): Decoded<readonly string[]> {
  if (written === null) return { value: [] }
  const items = Array.isArray(written) ? written : isEmptyMap(written) ? [] : [written]
  const decoded = items.map((item, index) => decodeString(product, `[${index}]`, item))
  const mistakes = decoded.flatMap((item) => ('mistakes' in item ? item.mistakes : []))
  if (mistakes.length > 0) return { mistakes, joined: true }
  return { value: decoded.map((item) => ('value' in item ? item.value : '')) }
}

function isEmptyMap(written: Written): boolean {
  return isWrittenObject(written) && Object.keys(written).length === 0
}

/** A list of maps is their union, the last one winning. */
function decodeMap(product: Product, name: string, written: Written, into: WrittenObject): Decoded<Written> {
  if (written === null) return { value: null }
  if (isWrittenObject(written)) return { value: { ...into, ...written } }
  if (!Array.isArray(written)) {
    return product === 'openbao'
      ? unconvertible(product, name, 'map[string]interface {}', written)
      : mistake(name, `expected a map, got '${typeof written === 'boolean' ? 'bool' : 'string'}'`)
  }
  let union: Written = written.length === 0 ? {} : null
  for (const [index, item] of written.entries()) {
    const decoded = decodeMap(product, `${name}[${index}]`, item, isWrittenObject(union) ? union : into)
    if ('mistakes' in decoded) return decoded
    if (decoded.value !== null) union = decoded.value
  }
  return { value: union }
}

/** A map of texts, or a list of `key=value`. */
function convertPairs(product: Product, written: Written): Converted {
  const map = pairsOfMap(product, written)
  if (map !== undefined) return { value: map }
  const list = settle(product, decodeList(product, written))
  if ('error' in list) return list
  const pairs = list.value as readonly string[]
  const wrong = pairs.find((pair) => pair.indexOf('=') <= 0)
  if (wrong !== undefined) return { error: `invalid key pair ${quote(wrong)}` }
  return {
    value: Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
  }
}

function pairsOfMap(product: Product, written: Written): Written | undefined {
  const decoded = decodeMap(product, '', written, {})
  if ('mistakes' in decoded) return undefined
  if (decoded.value === null) return null
  const pairs: [string, string][] = []
  for (const [key, value] of Object.entries(decoded.value as WrittenObject)) {
    const text = decodeString(product, key, value)
    if ('mistakes' in text) return undefined
    pairs.push([key, text.value])
  }
  return Object.fromEntries(pairs)
}
