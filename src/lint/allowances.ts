import type { Configuration, LintException, Location } from '../core/configuration.ts'
import type { Diagnostic } from '../core/diagnostic.ts'
import { matchesGlob } from '../core/glob.ts'
import { groupBy } from '../core/group-by.ts'
import { readAllowComments } from './allow-comments.ts'
import type { PlacedFinding } from './findings.ts'
import type { Rule } from './rule.ts'

/** Somebody's word that a finding is all right, for a reason and until the end of a day. */
export interface Allowance {
  readonly rule: string
  readonly reason: string
  /** The last day on which it counts, such as `2027-03-01`. */
  readonly until: string
  readonly location: Location
  covers(finding: PlacedFinding): boolean
}

export interface AllowedFinding {
  readonly placed: PlacedFinding
  readonly allowance: Allowance
}

export interface Judged {
  readonly kept: readonly PlacedFinding[]
  readonly allowed: readonly AllowedFinding[]
  /** About the allowances themselves. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Parts findings into those that stand and those that somebody allows, in `vaultwright.yaml` or by a comment at the line.
 * @param today the day of the run (UTC), such as `2026-11-21`
 */
export function judge(
  findings: readonly PlacedFinding[],
  configuration: Configuration,
  { rules, today }: { readonly rules: readonly Rule[]; readonly today: string },
): Judged {
  const comments = readAllowComments(configuration, rules)
  const allowances = [...configuration.settings.lint.exceptions.map(fromSettings), ...comments.allowances]
  const byRule = groupBy(allowances, ({ rule }) => rule)
  const matching = new Set<Allowance>()
  const kept: PlacedFinding[] = []
  const allowed: AllowedFinding[] = []
  for (const placed of findings) {
    const covering = (byRule.get(placed.rule.id) ?? []).filter((allowance) => allowance.covers(placed))
    for (const allowance of covering) matching.add(allowance)
    const allowance = covering.find(({ until }) => until >= today)
    if (allowance === undefined) kept.push(placed)
    else allowed.push({ placed, allowance })
  }
  const stale = allowances.flatMap((allowance) => staleness(allowance, matching.has(allowance), today))
  return { kept, allowed, diagnostics: [...comments.diagnostics, ...stale] }
}

function fromSettings({ rule, object, environment, reason, until, location }: LintException): Allowance {
  return {
    rule,
    reason,
    until,
    location,
    covers: ({ finding, environment: where }) =>
      (environment === undefined || environment === where) && matchesGlob(object, finding.object.address),
  }
}

/** An exception that does nothing is one that nobody looks at any more. */
function staleness({ rule, until, location }: Allowance, matches: boolean, today: string): Diagnostic[] {
  if (!matches)
    return [
      {
        code: 'unused-exception',
        severity: 'warning',
        message: `this exception from ${rule} matches no finding`,
        help: 'Remove it, or check the object that it names.',
        ...location,
      },
    ]
  if (until >= today) return []
  return [
    {
      code: 'expired-exception',
      severity: 'warning',
      message: `this exception from ${rule} expired on ${until}; the finding is back`,
      help: 'Mend what the rule found, or decide anew: a later date, and why.',
      ...location,
    },
  ]
}
