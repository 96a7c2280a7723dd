import { goType, type ObjectItem, placeOf, type Value } from '../hcl/ast.ts'
import { HclError } from '../hcl/errors.ts'
import { goQuote } from '../hcl/go-text.ts'
import type { Token } from '../hcl/token.ts'
import { textOf } from '../hcl/unquote.ts'
import { prefixed, severalErrors } from './several-errors.ts'

/** Throws for keys that are none, all of them at once (vault sdk/helper/hclutil/hcl.go, CheckHCLKeys). */
export function checkKeys(items: readonly ObjectItem[], valid: ReadonlySet<string>, prefix?: string): void {
  const strange = items.filter(({ keys }) => !valid.has(textOf(keys[0] as Token)))
  const [first] = strange
  if (first === undefined) return
  const messages = strange.map(({ keys, assign }) => {
    const message = `invalid key ${goQuote(textOf(keys[0] as Token))} on line ${assign.line}`
    return prefix === undefined ? message : prefixed(prefix, message)
  })
  throw severalErrors(messages, placeOf(first))
}

/** What a block holds; only an object will do. */
export function blockItems(value: Value, prefix: string): readonly ObjectItem[] {
  if (value.kind === 'ObjectType') return value.list.items
  throw new HclError(prefixed(prefix, `cannot check HCL keys of type ${goType(value)}`), placeOf(value))
}
