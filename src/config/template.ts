import { isObject, type JsonValue } from '../core/json.ts'

/** Texts with `${name}` in them; `$${` stands for a `${` of the text's own. */

export type Part = { readonly text: string } | Reference

/** `${name}` or `${env:NAME}`, at an offset in the text. */
export type Reference =
  | { readonly variable: string; readonly at: number; readonly length: number }
  | { readonly env: string; readonly at: number; readonly length: number }

interface TemplateError {
  readonly message: string
  /** Offset of the `${` in the text. */
  readonly at: number
  readonly length: number
}

export interface ParsedTemplate {
  readonly parts: readonly Part[]
  readonly errors: readonly TemplateError[]
}

export const variableName = /^[A-Za-z_][A-Za-z0-9_-]*$/
const environmentName = /^env:([A-Za-z_][A-Za-z0-9_]*)$/

/** The same text gives the same parts, and the text of every other part in between, in order. */
export function parseTemplate(text: string): ParsedTemplate {
  const parts: Part[] = []
  const errors: TemplateError[] = []
  let done = 0
  const literal = (until: number) => {
    if (until > done) parts.push({ text: text.slice(done, until) })
  }
  for (let at = text.indexOf('${'); at !== -1; at = text.indexOf('${', done)) {
    if (text[at - 1] === '$' && at > done) {
      literal(at - 1)
      parts.push({ text: '${' })
      done = at + 2
      continue
    }
    literal(at)
    const [part, length] = parseReference(text, at)
    if ('message' in part) errors.push(part)
    else parts.push(part)
    done = at + length
  }
  literal(text.length)
  return { parts, errors }
}

function parseReference(text: string, at: number): readonly [Part | TemplateError, length: number] {
  // Not beyond the next "${": a text of nothing but these would be looked through once for each of them.
  const end = /[}\n]|\$\{/g
  end.lastIndex = at + 2
  const stop = end.exec(text)
  if (stop?.[0] !== '}')
    return [
      { message: '"${" is not closed by "}" on its line; write "$${" for a "${" of the text\'s own', at, length: 2 },
      2,
    ]
  const length = stop.index + 1 - at
  const name = text.slice(at + 2, stop.index)
  if (variableName.test(name)) return [{ variable: name, at, length }, length]
  const env = environmentName.exec(name)?.[1]
  if (env !== undefined) return [{ env, at, length }, length]
  const message = `"${text.slice(at, at + Math.min(length, 80))}" names no variable; write "$\${" for a "\${" of the text's own`
  return [{ message, at, length }, length]
}

/** Names of all variables that texts in the value refer to. */
export function variablesIn(value: JsonValue | undefined): string[] {
  if (typeof value === 'string')
    return value.includes('${')
      ? parseTemplate(value).parts.flatMap((part) => ('variable' in part ? [part.variable] : []))
      : []
  if (Array.isArray(value)) return value.flatMap(variablesIn)
  return isObject(value) ? Object.values(value).flatMap(variablesIn) : []
}
