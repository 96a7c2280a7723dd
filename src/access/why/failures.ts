import type { Failure } from './failure.ts'
import { failures } from './failure-table.ts'

/** A failure that a text tells of. */
export interface Explanation {
  readonly failure: Failure
  /** The part of the text that tells it. */
  readonly found: string
  /** The claim, role or secret that it names. */
  readonly name?: string
}

/** The failures that a text tells of, in the order of their first words in it. Vague ones only where there is no other. */
export function explainText(text: string): readonly Explanation[] {
  const plain = text.replace(ansi, '')
  const found = failures.flatMap((failure) => {
    const match = failure.pattern.exec(plain)
    return match === null ? [] : [{ at: match.index, explanation: explanationOf(failure, match) }]
  })
  const telling = found.filter(({ explanation }) => explanation.failure.vague !== true)
  return (telling.length > 0 ? telling : found).sort((a, b) => a.at - b.at).map(({ explanation }) => explanation)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: job logs are coloured with escape sequences.
const ansi = /\x1b\[[0-9;]*[A-Za-z]/g

function explanationOf(failure: Failure, match: RegExpExecArray): Explanation {
  const name = match.groups?.['name'] ?? match.groups?.['other']
  return { failure, found: match[0], ...(name === undefined ? {} : { name }) }
}

/** A failure by its id, for those who know already which one it is. */
export function failureOf(id: string): Failure {
  const failure = failures.find((candidate) => candidate.id === id)
  if (failure === undefined) throw new Error(`no failure is called ${id}`)
  return failure
}
