import { type Change, type FieldChange, formatField } from '../../core/change.ts'
import { byText, isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { diffList, diffText, type PatchLine } from '../difference.ts'
import { formatValue, isReference } from '../value.ts'
import { visible, visibleLine } from '../visible.ts'

/**
 * A change as rows that every format can draw in its own way. All texts are visible already: a format only places,
 * colours and, where its language asks for it, escapes them.
 */
export type Row = { readonly sign: '+' | '-' | '~'; readonly field: string } & (
  | { readonly shape: 'value'; readonly before?: string; readonly after?: string }
  | { readonly shape: 'list'; readonly elements: readonly RowLine[]; readonly unchanged: number }
  | { readonly shape: 'text'; readonly lines: readonly RowLine[] }
)

export type RowLine = PatchLine

/** A list up to this length stays on one line when all of it came or went. */
const shortList = 80

export function rowsOf(change: Change): Row[] {
  return fieldsOf(change).map(rowOf)
}

/** A change's fields down to the leaves; for an object that comes or goes, all it has. Lists and references are leaves. */
export function fieldsOf(change: Change): readonly FieldChange[] {
  switch (change.action) {
    case 'create':
      return leaves([], change.after.spec).map(({ field, value }) => ({ field, after: value }))
    case 'update':
      return change.fields
    case 'delete':
      return leaves([], change.before.spec).map(({ field, value }) => ({ field, before: value }))
  }
}

interface Leaf {
  readonly field: readonly string[]
  readonly value: JsonValue
}

function leaves(field: readonly string[], value: JsonValue): Leaf[] {
  if (!hasMembers(value) || isReference(value, field)) return field.length === 0 ? [] : [{ field, value }]
  return Object.keys(value)
    .sort(byText)
    .flatMap((key) => leaves([...field, key], value[key] as JsonValue))
}

function hasMembers(value: JsonValue | undefined): value is JsonObject {
  return isObject(value) && Object.keys(value).length > 0
}

function rowOf({ field, before, after }: FieldChange): Row {
  const head = {
    sign: before === undefined ? ('+' as const) : after === undefined ? ('-' as const) : ('~' as const),
    field: visible(formatField(field)),
  }
  const [old, now] = [textOf(before), textOf(after)]
  if (old !== undefined && now !== undefined && `${old}${now}`.includes('\n'))
    return { ...head, shape: 'text', lines: diffText(old, now).map(shown) }
  const values = {
    ...(before === undefined ? {} : { before: formatValue(before, field) }),
    ...(after === undefined ? {} : { after: formatValue(after, field) }),
  }
  const short = head.sign !== '~' && (values.before ?? values.after ?? '').length <= shortList
  if (short || !isList(before) || !isList(after)) return { ...head, shape: 'value', ...values }
  const { elements, unchanged } = diffList(before ?? [], after ?? [])
  const lines = elements.map(({ sign, value }) => ({ sign, text: formatValue(value, field) }))
  return { ...head, shape: 'list', elements: lines, unchanged }
}

/** Texts of several lines, such as policies and certificates, are compared line by line; what is not there is empty. */
function textOf(value: JsonValue | undefined): string | undefined {
  return value === undefined ? '' : typeof value === 'string' ? value : undefined
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] | undefined {
  return value === undefined || Array.isArray(value)
}

function shown({ sign, text }: PatchLine): RowLine {
  return { sign, text: visibleLine(text) }
}
