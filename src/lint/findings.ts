import type { TextPosition } from '../access/policy/policy.ts'
import type { Configuration, Location } from '../core/configuration.ts'
import type { Severity } from '../core/diagnostic.ts'
import type { Finding, LintSubject, Rule } from './rule.ts'

/** A finding, who found it, and where. */
export interface PlacedFinding {
  readonly rule: Rule
  readonly level: Severity
  readonly environment: string
  readonly finding: Finding
  /** Absent where no file says it. */
  readonly location?: Location
}

/** What the rules find in the environments, at the levels that the settings give them. */
export function placedFindings(
  configuration: Configuration,
  subjects: readonly LintSubject[],
  rules: readonly Rule[],
): PlacedFinding[] {
  const { levels } = configuration.settings.lint
  return rules.flatMap((rule) => {
    const level = levels[rule.id] ?? rule.level
    if (level === 'off') return []
    return subjects.flatMap((subject) =>
      [...rule.check(subject)].map((finding) => {
        const location = locate(configuration, subject.environment.name, finding)
        return { rule, level, environment: subject.environment.name, finding, ...(location && { location }) }
      }),
    )
  })
}

/** A position counts in a policy that has a file of its own; a generated one is where the role asks for it. */
function locate(configuration: Configuration, environment: string, finding: Finding): Location | undefined {
  const { object, field, position } = finding
  const place = configuration.locate(object, environment, field)
  // Policies in JSON have no positions.
  if (position === undefined || position.line === 0 || place === undefined || !place.source.file.endsWith('.hcl'))
    return place
  const { file } = place.source
  return configuration.locateText({ file, ...position }, headLength(configuration.texts.get(file) ?? '', position))
}

/** How much of a line is a block's head: `path "ops/data/*"`. */
function headLength(text: string, { line, column }: TextPosition): number {
  const rest = (text.split('\n', line)[line - 1] ?? '').slice(column - 1)
  return /^(?:\w+[ \t]+)?"(?:[^"\\]|\\.)*"|^\S+/.exec(rest)?.[0].length ?? 1
}
