import { modelOf } from '../access/model.ts'
import { parsePolicy } from '../access/policy/parse.ts'
import type { ParsedPolicy } from '../access/policy/policy.ts'
import type { Configuration, Environment } from '../core/configuration.ts'
import { compareDiagnostics, type Diagnostic } from '../core/diagnostic.ts'
import type { Kinds } from '../core/kind.ts'
import { type AllowedFinding, judge } from './allowances.ts'
import { type PlacedFinding, placedFindings } from './findings.ts'
import { rules as allRules } from './index.ts'
import { diagnosticsOf } from './report.ts'
import type { LintSubject, Rule } from './rule.ts'

export interface LintOptions {
  readonly kinds: Kinds
  /** The day of the run (UTC), such as `2026-11-21`: exceptions end. */
  readonly today: string
  /** All of them, unless a test says otherwise. */
  readonly rules?: readonly Rule[]
}

export interface LintReport {
  /** Sorted by file, line and column; those about exceptions included. */
  readonly diagnostics: readonly Diagnostic[]
  /** What the diagnostics were made of: each finding of each environment. */
  readonly findings: readonly PlacedFinding[]
  /** What somebody allows, in `vaultwright.yaml` or by a comment. */
  readonly allowed: readonly AllowedFinding[]
}

/** What is allowed and still a mistake in a configuration that has no errors. */
export function lint(configuration: Configuration, { kinds, today, rules = allRules }: LintOptions): LintReport {
  const subjects = lintSubjects(configuration, kinds)
  const findings = placedFindings(configuration, subjects, rules)
  const { kept, allowed, diagnostics } = judge(findings, configuration, { rules, today })
  return {
    diagnostics: [...diagnosticsOf(kept, configuration), ...diagnostics].sort(compareDiagnostics),
    findings: kept,
    allowed,
  }
}

/** The environments as rules see them. Texts that several of them share are read once. */
function lintSubjects(configuration: Configuration, kinds: Kinds): readonly LintSubject[] {
  const read = new Map<string, ParsedPolicy>()
  const all: LintSubject[] = []
  for (const environment of configuration.environments)
    all.push(subjectOf(environment, { configuration, kinds, read, all }))
  return all
}

interface Reading {
  readonly configuration: Configuration
  readonly kinds: Kinds
  readonly read: Map<string, ParsedPolicy>
  readonly all: readonly LintSubject[]
}

function subjectOf(environment: Environment, { configuration, kinds, read, all }: Reading): LintSubject {
  const { server, namespace, desired } = environment
  const model = modelOf(desired, { kinds, server, namespace })
  const policies = new Map<string, ParsedPolicy>()
  for (const { name, text, file } of model.policies.values()) {
    const key = `${server.product}\0${server.version}\0${name}\0${text}`
    const parsed = read.get(key) ?? parsePolicy(name, text, server, file === undefined ? {} : { file })
    read.set(key, parsed)
    policies.set(name, parsed)
  }
  return { environment, settings: configuration.settings, model, policies, all }
}
