/**
 * What the decoder fills: Go's types, as far as policies have them. A value carries its type, because Go compares types,
 * and because a second value for the same key is decoded into the type of the first.
 */
export type Shape =
  | { readonly is: 'string' }
  | { readonly is: 'int' }
  | { readonly is: 'float' }
  | { readonly is: 'bool' }
  /** interface{}: whatever the text has. */
  | { readonly is: 'any' }
  | { readonly is: 'list'; readonly of: Shape }
  | { readonly is: 'map'; readonly of: Shape }
  | { readonly is: 'struct'; readonly fields: readonly Field[] }

export type Field = readonly [name: string, shape: Shape]

export type GoValue =
  | { readonly is: 'string'; readonly value: string }
  | { readonly is: 'int'; readonly value: bigint }
  | { readonly is: 'float'; readonly value: number }
  | { readonly is: 'bool'; readonly value: boolean }
  | { readonly is: 'list'; readonly of: Shape; readonly items: readonly GoValue[] }
  | { readonly is: 'map'; readonly of: Shape; readonly entries: ReadonlyMap<string, GoValue> }
  | { readonly is: 'struct'; readonly fields: readonly Field[]; readonly values: ReadonlyMap<string, GoValue> }

export const text: Shape = { is: 'string' }
export const integer: Shape = { is: 'int' }
export const any: Shape = { is: 'any' }
export const listOf = (of: Shape): Shape => ({ is: 'list', of })
export const mapOf = (of: Shape): Shape => ({ is: 'map', of })
export const structOf = (...fields: readonly Field[]): Shape => ({ is: 'struct', fields })
