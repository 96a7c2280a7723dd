import type { ObjectItem, ObjectList, ObjectType, Value } from './ast.ts'

/**
 * JSON's nested objects as HCL's labels: `{"path": {"a": {…}}}` becomes `path "a" {…}`, and a list of objects becomes
 * repeated blocks (hashicorp/hcl json/parser/flatten.go).
 */
export function flatten(list: ObjectList): void {
  list.items = list.items.flatMap(flattened)
  for (const item of list.items) flattenValue(item.value)
}

function flattenValue(value: Value): void {
  if (value.kind === 'ObjectType') flatten(value.list)
  else if (value.kind === 'ListType') for (const element of value.items) flattenValue(element)
}

function flattened(item: ObjectItem): ObjectItem[] {
  const inner = innerItems(item)
  return inner === undefined ? [item] : inner.flatMap(flattened)
}

/** Undefined for what stays as it is: anything that holds something else than objects, or nothing. */
function innerItems(item: ObjectItem): ObjectItem[] | undefined {
  const { value } = item
  if (value.kind === 'ListType')
    return onlyObjects(value.items) ? value.items.map((element) => ({ ...item, value: element })) : undefined
  if (value.kind !== 'ObjectType') return undefined
  const { items } = value.list
  if (!onlyObjects(items.map((inner) => inner.value))) return undefined
  return items.map((inner) => ({ ...item, keys: [...item.keys, ...inner.keys], value: inner.value }))
}

function onlyObjects(values: readonly Value[]): values is readonly ObjectType[] {
  return values.length > 0 && values.every(({ kind }) => kind === 'ObjectType')
}
