import { filter, type ObjectItem, placeOf } from '../hcl/ast.ts'
import { decodeFields } from '../hcl/decoder.ts'
import { HclError, placed } from '../hcl/errors.ts'
import type { GoValue } from '../hcl/go-value.ts'
import type { Position } from '../hcl/token.ts'
import { textOf } from '../hcl/unquote.ts'
import type { Grammar } from './grammar.ts'
import { prefixed } from './several-errors.ts'

/** What one `path` block says, decoded. */
export interface Block {
  /** `path "secret/a":`, as messages begin. */
  readonly quoted: string
  readonly items: readonly ObjectItem[]
  /** By the names that the server's decoder gives the fields. */
  readonly values: ReadonlyMap<string, GoValue>
}

export function decodeBlock(items: readonly ObjectItem[], { fields }: Grammar, quoted: string): Block {
  try {
    return { quoted, items, values: decodeFields(items, fields) }
  } catch (error) {
    throw error instanceof HclError ? new HclError(prefixed(quoted, error.message), error.position) : error
  }
}

/** Mistakes in a field's value are found where the field is assigned. */
export function atField<T>({ items }: Block, field: string, parse: () => T): T {
  return placed(placeOfField(items, field), parse)
}

function placeOfField(items: readonly ObjectItem[], field: string): Position | undefined {
  const [assigned] = filter(items, field)
  return assigned && placeOf(assigned.value)
}

/** Where a list has this text. */
export function placeOfElement({ items }: Block, field: string, text: string): Position | undefined {
  for (const { value } of filter(items, field))
    for (const element of value.kind === 'ListType' ? value.items : [])
      if (element.kind === 'LiteralType' && element.token.type === 'STRING' && textOf(element.token) === text)
        return element.token.place
  return undefined
}

/** The empty text where there is none. */
export function textIn({ values }: Block, field: string): string {
  return textValue(values.get(field))
}

export function textsIn({ values }: Block, field: string): readonly string[] {
  return textValues(values.get(field))
}

export function textValues(value: GoValue | undefined): readonly string[] {
  return value?.is === 'list' ? value.items.map(textValue) : []
}

function textValue(value: GoValue | undefined): string {
  return value?.is === 'string' ? value.value : ''
}
