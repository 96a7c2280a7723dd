import type { Configuration } from '../core/configuration.ts'
import { compareDiagnostics, type Diagnostic } from '../core/diagnostic.ts'
import { groupBy } from '../core/group-by.ts'
import { byText } from '../core/json.ts'
import type { Allowance, AllowedFinding } from './allowances.ts'
import type { PlacedFinding } from './findings.ts'

/** So many other objects of the same lines are named; of the rest, there is the number. */
const mostNamed = 3

/** One diagnostic for each place and mistake, however many environments and entries of for_each repeat it. */
export function diagnosticsOf(findings: readonly PlacedFinding[], configuration: Configuration): Diagnostic[] {
  const groups = groupBy(findings, groupKeys())
  const uses = usesOf(configuration)
  return [...groups.values()].map((group) => diagnosticOf(group, uses)).sort(compareDiagnostics)
}

/** The n-th finding of an object at a place belongs to the n-th of another object at the same place. */
function groupKeys(): (finding: PlacedFinding) => string {
  const seen = new Map<string, number>()
  return ({ rule, environment, finding, location }) => {
    const { file, line, column } = location?.source ?? { file: finding.object.address, line: 0, column: 0 }
    const place = `${rule.id}\0${file}\0${line}\0${column}`
    const own = `${place}\0${environment}\0${finding.object.address}`
    const ordinal = seen.get(own) ?? 0
    seen.set(own, ordinal + 1)
    return `${place}\0${ordinal}`
  }
}

/** In how many environments each object is. */
function usesOf({ environments }: Configuration): ReadonlyMap<string, number> {
  const uses = new Map<string, number>()
  for (const { desired } of environments)
    for (const { address } of desired) uses.set(address, (uses.get(address) ?? 0) + 1)
  return uses
}

function diagnosticOf(group: readonly PlacedFinding[], uses: ReadonlyMap<string, number>): Diagnostic {
  const { rule, level, finding, location } = group[0] as PlacedFinding
  return {
    code: rule.id,
    severity: level,
    message: `${finding.message}${where(group, uses)}`,
    help: finding.help,
    why: rule.why,
    ...location,
  }
}

/** Environments are named where it makes a difference, other objects always. */
function where(group: readonly PlacedFinding[], uses: ReadonlyMap<string, number>): string {
  const { finding } = group[0] as PlacedFinding
  const same = group.filter(({ finding: other }) => other.object.address === finding.object.address)
  const environments = [...new Set(same.map(({ environment }) => environment))].sort(byText)
  const all = uses.get(finding.object.address) ?? 0
  const places = environments.length > 1 || all > 1 ? `in ${environments.join(', ')}` : ''
  const others = [...new Set(group.map(({ finding: other }) => other.object.address))].slice(1)
  const rest = others.length > mostNamed ? ` and ${others.length - mostNamed} more` : ''
  const also = others.length > 0 ? `also ${others.slice(0, mostNamed).join(', ')}${rest}` : ''
  const words = [places, also].filter((part) => part !== '')
  return words.length > 0 ? ` (${words.join('; ')})` : ''
}

/** The same for findings that somebody allows, each with the reason and the last day of it. */
export function allowedDiagnostics(
  allowed: readonly AllowedFinding[],
  configuration: Configuration,
): (Diagnostic & Pick<Allowance, 'reason' | 'until'>)[] {
  const byAllowance = groupBy(allowed, ({ allowance }) => allowance)
  const all = [...byAllowance].flatMap(([{ reason, until }, group]) =>
    diagnosticsOf(
      group.map(({ placed }) => placed),
      configuration,
    ).map((diagnostic) => ({ ...diagnostic, reason, until })),
  )
  return all.sort(compareDiagnostics)
}
