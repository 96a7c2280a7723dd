import { isObject } from '../core/json.ts'

/** Which of a merge request's notes this is: one for each environment, and for each name where several plan into it. */
export interface NoteTarget {
  readonly environment: string
  readonly name?: string | undefined
}

/**
 * The first line of a note, which GitLab does not show. Signs that could end the comment are written as escapes, so that
 * no name breaks out of it.
 */
export function noteMarker({ environment, name }: NoteTarget): string {
  const target = JSON.stringify({ environment, ...(name === undefined ? {} : { name }) })
  return `<!-- vaultwright:${target.replace(/[<>&-]|[^\x20-\x7e]/g, escaped)} -->`
}

/** Undefined for a note of somebody else. Only the first line counts: further down stands what others wrote. */
export function noteTarget(body: string): NoteTarget | undefined {
  const [, text] = /^<!-- vaultwright:(\{.*\}) -->$/.exec(body.split(/\r?\n/, 1)[0] ?? '') ?? []
  if (text === undefined) return undefined
  try {
    const target: unknown = JSON.parse(text)
    if (!isObject(target)) return undefined
    const { environment, name } = target as Readonly<Record<string, unknown>>
    if (typeof environment !== 'string') return undefined
    return { environment, ...(typeof name === 'string' ? { name } : {}) }
  } catch {
    return undefined
  }
}

export function sameTarget(a: NoteTarget, b: NoteTarget): boolean {
  return a.environment === b.environment && a.name === b.name
}

function escaped(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
}
