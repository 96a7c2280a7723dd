import type { JsonObject, JsonValue } from '../../core/json.ts'
import { show } from './go-text.ts'

/** The name of a policy as a template over the token's claims, filled in (OpenBao path_role.go maybeTemplatePolicies). */
export type Filled =
  | { readonly name: string }
  /** The server's words, with the policy's place in the list. */
  | { readonly error: string }
  /** More than claims and their members between braces: that is not decided here. */
  | { readonly beyond: string }

const action = /\{\{(- )?[ \t\r\n]*\.(\w+(?:\.\w+)*)[ \t\r\n]*( -)?\}\}/g

/** Takes `{{.claim}}` and `{{.claim.member}}`, with spaces and trim marks. Other actions of Go's language are beyond it. */
export function fillTemplate(template: string, claims: JsonObject, index: number): Filled {
  if (!template.includes('{{')) return { name: template }
  const plain = template.replace(action, '')
  if (plain.includes('{{') || /\{\{(- )?[ \t\r\n]*\.\d/.test(template))
    return { beyond: `the policy name "${template}" is a template that only the server can fill in` }
  let name = ''
  let end = 0
  let trims = false
  for (const found of template.matchAll(action)) {
    const [whole, before, path = '', after] = found
    const text = template.slice(end, found.index)
    const value = lookUp(claims, path)
    if (value === undefined) return missing(template, found.index, path, claims, index)
    name += trimmed(text, trims, before !== undefined) + value
    end = found.index + whole.length
    trims = after !== undefined
  }
  return { name: name + trimmed(template.slice(end), trims, false) }
}

function trimmed(text: string, start: boolean, end: boolean): string {
  const left = start ? text.replace(/^[ \t\r\n]+/, '') : text
  return end ? left.replace(/[ \t\r\n]+$/, '') : left
}

function lookUp(claims: JsonObject, path: string): string | undefined {
  let at: JsonValue | undefined = claims
  for (const part of path.split('.')) {
    const holder: JsonValue | undefined = at
    if (typeof holder !== 'object' || holder === null || Array.isArray(holder)) return undefined
    if (!Object.hasOwn(holder, part)) return undefined
    at = (holder as JsonObject)[part]
  }
  return at === null || at === undefined ? '<no value>' : show(at)
}

/** Says it of a key of the token itself; what is missing further down has words of its own, which are beyond this. */
function missing(template: string, start: number, path: string, claims: JsonObject, index: number): Filled {
  const [first = ''] = path.split('.')
  if (Object.hasOwn(claims, first))
    return { beyond: `the policy name "${template}" asks for a member that the claim "${first}" lacks` }
  const [line, column] = placeOf(template, template.indexOf('.', start))
  const context = path.length > 20 ? `.${path}`.slice(0, 20) : `.${path}`
  return {
    error: `failed to template policy [${index}]: unable to apply template: template: template:${line}:${column}: executing "template" at <${context}>: map has no entry for key "${first}"`,
  }
}

function placeOf(template: string, offset: number): readonly [number, number] {
  const before = template.slice(0, offset)
  const line = before.split('\n')
  return [line.length, new TextEncoder().encode(line.at(-1) ?? '').length]
}
