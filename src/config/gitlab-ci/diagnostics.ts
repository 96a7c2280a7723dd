import { compareDiagnostics, type Diagnostic } from '../../core/diagnostic.ts'
import type { FoundProblem } from '../../gitlab/check/run.ts'
import type { CiPlace } from '../../gitlab/check/value.ts'
import { locationOf, type Place, sourceOf, type TextFile, withoutUserInfo } from '../text.ts'

/** Nobody reads more of them. */
const mostProblems = 1_000

/** Problems with the lines they are about, sorted; each place that holds a secret is hidden in all of them. */
export function ciDiagnostics(
  problems: readonly FoundProblem[],
  files: ReadonlyMap<string, TextFile>,
): readonly Diagnostic[] {
  for (const { secret, place } of problems)
    if (secret) files.get(place.file.path)?.hidden.push([place.start, Math.max(place.start, place.end - 1)])
  const shown = problems.slice(0, mostProblems).map((problem) => diagnosticOf(problem, files))
  const sorted = distinct(shown).sort(compareDiagnostics)
  const rest = problems.length - shown.length
  if (rest <= 0) return sorted
  const severity = problems.slice(mostProblems).some((problem) => problem.severity === 'error') ? 'error' : 'warning'
  return [...sorted, { code: 'too-many-problems', severity, message: `${rest} more problems are not shown` }]
}

/** Files that include the same one find the same in it. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const byKey = new Map(diagnostics.map((one) => [JSON.stringify([one.code, one.source, one.message]), one]))
  return [...byKey.values()]
}

function diagnosticOf(
  { secret: _, place, message, help, related, ...problem }: FoundProblem,
  files: ReadonlyMap<string, TextFile>,
): Diagnostic {
  const at = placeIn(place, files)
  return {
    ...problem,
    message: withoutUserInfo(message),
    ...(help === undefined ? {} : { help: withoutUserInfo(help) }),
    ...(at === undefined ? {} : locationOf(at)),
    ...(related === undefined
      ? {}
      : {
          related: related.flatMap((one) => {
            const other = placeIn(one.place, files)
            return other === undefined ? [] : [{ message: one.message, source: sourceOf(other) }]
          }),
        }),
  }
}

function placeIn({ file, start, end }: CiPlace, files: ReadonlyMap<string, TextFile>): Place | undefined {
  const found = files.get(file.path)
  return found && { file: found, start, end }
}
