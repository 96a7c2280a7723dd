import { ownerOf, type Scope } from './scope.ts'
import type { Reference } from './template.ts'
import type { Place } from './text.ts'

/**
 * A value is data, and a policy is a program: what a value may hold depends on where in the text it stands. Otherwise the
 * name of a project could hold a quote, a wildcard or one of Vault's templates, and open other paths.
 */
export interface Position {
  readonly words: string
  readonly safe: (value: string) => boolean
  readonly help: string
}

const quotedText: Position = {
  words: 'inside the quotes of a policy',
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  safe: (value) => /^[^"\\*+{}$\u0000-\u001f\u007f]+$/.test(value) && !/(^|\/)\.\.?(\/|$)/.test(value),
  help: 'There a value must not be empty, hold ", \\, *, +, {, }, $ or a line break, or have "." or ".." between slashes. Write such things into the policy itself.',
}

const comment: Position = {
  words: 'in a comment of a policy',
  safe: (value) => !/[\r\n*]/.test(value),
  help: 'There a value must not hold a line break or "*", which could end the comment.',
}

const bare: Position = {
  words: 'outside the quotes of a policy',
  safe: (value) => /^[\w.-]+$/.test(value),
  help: 'There a value must be of letters, digits, "_", "." and "-". Put quotes around it in the policy.',
}

/** Strings end with their line at the latest; comments as HCL writes them. */
const stretches = /"(?:[^"\\\n]|\\.)*"?|(?:#|\/\/)[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g

/** What may stand at which offset of a policy's text, as it is before anything is filled in. */
export function positionsIn(text: string): (at: number) => Position {
  const found = [...text.matchAll(stretches)].map(({ 0: stretch, index }) => ({
    start: index,
    end: index + stretch.length,
    position: stretch.startsWith('"') ? quotedText : comment,
  }))
  return (at) => found.find(({ start, end }) => start < at && at < end)?.position ?? bare
}

/** Whether the value may stand there; if not, the reason is reported. The value itself is never shown: it may be secret. */
export function acceptValue(value: string, part: Reference, position: Position, place: Place, scope: Scope): boolean {
  if (position.safe(value)) return true
  const [written, origin] =
    'env' in part ? [`env:${part.env}`, undefined] : [part.variable, originOf(part.variable, scope)]
  scope.surroundings.problems.error(
    'unsafe-value',
    `the value of "\${${written}}" cannot stand ${position.words}`,
    place,
    {
      help: position.help,
      related: origin === undefined ? [] : [{ message: 'the value comes from here', place: origin }],
    },
  )
  return false
}

function originOf(variable: string, scope: Scope): Place | undefined {
  return ownerOf(variable, scope)?.definitions.get(variable)?.place()
}
