import { parse } from 'lossless-json'
import type { JsonValue } from '../../core/json.ts'

/**
 * A number as somebody wrote it. The servers keep the text of the numbers in a role (Go's json.Number): 1.0 in
 * bound_claims is not 1, and neither matches the other. JavaScript's numbers cannot tell them apart.
 */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A JSON value whose numbers may have kept their text. Every JsonValue is one. */
export type Written =
  | string
  | number
  | boolean
  | null
  | JsonNumber
  | readonly Written[]
  | { readonly [key: string]: Written }

export interface WrittenObject {
  readonly [key: string]: Written
}

/** A plain number has the text that JSON.stringify gives it. */
export function numberText(value: number | JsonNumber): string {
  return value instanceof JsonNumber ? value.text : JSON.stringify(value)
}

export function isNumber(value: Written): value is number | JsonNumber {
  return typeof value === 'number' || value instanceof JsonNumber
}

export function isWrittenObject(value: Written | undefined): value is WrittenObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
}

/** Texts are passed over whole, because "2.6.1" holds no number. One that is not closed goes on to the end. */
const textOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"?|(-?\d[\d.eE+-]*)/gs

/**
 * Parses JSON and keeps the text of those numbers that JavaScript would spell differently; the rest are plain numbers.
 * Throws SyntaxError. Texts without such numbers, which is nearly all, cost what JSON.parse costs.
 */
export function parseWritten(json: string): Written {
  for (const [, number] of json.matchAll(textOrNumber)) {
    if (number !== undefined && JSON.stringify(Number(number)) !== number)
      return parse(json, undefined, { parseNumber: exactNumber, onDuplicateKey: ({ newValue }) => newValue }) as Written
  }
  return JSON.parse(json)
}

function exactNumber(text: string): number | JsonNumber {
  const value = Number(text)
  return JSON.stringify(value) === text ? value : new JsonNumber(text)
}

/** The value with every number as its text, as the server keeps a role. */
export function withNumberTexts(value: Written): Written {
  if (typeof value === 'number') return new JsonNumber(numberText(value))
  if (Array.isArray(value)) return value.map(withNumberTexts)
  if (!isWrittenObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withNumberTexts(member)]))
}

/** The value with every number as a float, as the server sees the claims of a token. */
export function withFloats(value: Written): JsonValue {
  if (value instanceof JsonNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(withFloats)
  if (!isWrittenObject(value)) return value as JsonValue
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withFloats(member)]))
}
