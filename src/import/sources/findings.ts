import { type Diagnostic, problem } from '../../core/diagnostic.ts'

/**
 * What reading somebody else's description of a server brings to light besides its objects. Notes and problems hold
 * names from the file, never values.
 */
export interface Findings {
  /** Nothing wrong, but to be known. The subjects of one reason share a line. */
  note(subject: string, reason: string): void
  /** Why the file cannot be taken over. */
  problem(code: string, message: string, help: string): void
  /** One line a reason: `vault_mount.ops, vault_mount.kv: <reason>`. */
  notices(): readonly string[]
  problems(): readonly Diagnostic[]
}

/** Nobody reads more of them, and a file may have any number. */
const [mostSubjects, mostReasons, mostProblems, longestName, longestReason] = [5, 100, 100, 200, 600]

export function collectFindings(): Findings {
  const notes = new Map<string, Set<string>>()
  const problems = new Map<string, Diagnostic>()
  const omitted = { reasons: new Set<string>(), problems: 0 }
  return {
    note(subject, reason) {
      const short = shortened(reason, longestReason)
      const subjects = notes.get(short) ?? (notes.size < mostReasons ? new Set<string>() : undefined)
      if (subjects === undefined) omitted.reasons.add(short)
      else notes.set(short, subjects.add(shortened(subject)))
    },
    problem(code, message, help) {
      if (problems.has(message)) return
      if (problems.size < mostProblems) problems.set(message, problem(code, message, help))
      else omitted.problems++
    },
    notices: () => [
      ...[...notes].map(([reason, subjects]) => `${enumerate([...subjects])}: ${reason}`),
      ...(omitted.reasons.size === 0 ? [] : [`${omitted.reasons.size} more notes are not shown`]),
    ],
    problems: () => [...problems.values(), ...(omitted.problems === 0 ? [] : [countOf(omitted.problems)])],
  }
}

function enumerate(subjects: readonly string[]): string {
  const rest = subjects.length - mostSubjects
  return `${subjects.slice(0, mostSubjects).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

function countOf(omitted: number): Diagnostic {
  return problem('too-many-problems', `${omitted} more problems are not shown`, 'Correct the first ones.')
}

export function shortened(text: string, longest: number = longestName): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
