import type { JsonObject, JsonValue } from '../../core/json.ts'

/** bank-vaults runs its whole file through Go's templates, with `${` and `}` around what is filled in (vault-sdk templater). */
const opening = '${'

/** The first field that a template decides a part of. Without recursion. */
export function templatedField(body: JsonObject): string | undefined {
  return Object.keys(body).find((name) => name.includes(opening) || holdsTemplate(body[name]))
}

function holdsTemplate(value: JsonValue | undefined): boolean {
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'string' && next.includes(opening)) return true
    if (typeof next !== 'object' || next === null) continue
    for (const [key, inner] of Object.entries(next)) {
      if (key.includes(opening)) return true
      open.push(inner as JsonValue)
    }
  }
  return false
}

/** The name in `${ env "NAME" }` or `${ .Env.NAME }` where that is all; undefined for everything else. */
export function environmentVariable(value: JsonValue | undefined): string | undefined {
  if (typeof value !== 'string') return undefined
  const [, quoted, dotted] =
    /^\$\{-?\s*(?:env\s+["`]([A-Za-z_]\w*)["`]|\.Env\.([A-Za-z_]\w*))\s*-?\}$/.exec(value.trim()) ?? []
  return quoted ?? dotted
}
