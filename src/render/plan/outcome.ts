import picocolors from 'picocolors'
import type { Action } from '../../core/change.ts'
import type { Outcome, Status } from '../../core/outcome.ts'
import { visible } from '../visible.ts'
import { actions, glyphs } from '../words.ts'
import { document } from './json.ts'

export interface OutcomeOptions {
  readonly color: boolean
  /** Names the environment in every line: for runs over more than one. */
  readonly environments?: boolean
}

type Ink = ReturnType<typeof picocolors.createColors>

const done: Readonly<Record<Action, string>> = { create: 'created', update: 'updated', delete: 'deleted' }

/** One outcome as it comes in, without a line break at its end; the server's warnings follow on lines of their own. */
export function outcomeLine(outcome: Outcome, { color, environments = false }: OutcomeOptions): string {
  const ink = picocolors.createColors(color)
  const where = environments ? ` ${ink.dim(`in ${visible(outcome.environment)}`)}` : ''
  const name = `${visible(outcome.address)}${where}`
  switch (outcome.status) {
    case 'done':
      return [
        `  ${doneGlyph(outcome.action, ink)} ${name} ${done[outcome.action]}`,
        ...warningLines(outcome.warnings, ink),
      ].join('\n')
    case 'already':
      return ink.dim(`  = ${name} was already ${outcome.action === 'delete' ? 'gone' : 'so'}`)
    case 'failed':
      return `  ${ink.red('✗')} ${name} ${ink.red('failed')}: ${visible(outcome.reason)}`
    case 'skipped':
      return `  ${ink.yellow('…')} ${name} ${ink.yellow('skipped')}: ${visible(outcome.reason)}`
  }
}

function doneGlyph(action: Action, ink: Ink): string {
  return { create: ink.green, update: ink.yellow, delete: ink.red }[action](glyphs[action])
}

function warningLines(warnings: readonly string[], ink: Ink): string[] {
  return warnings.map((warning) => `      ${ink.yellow('warning')}: ${visible(warning)}`)
}

/** "Applied: 3 created, 1 updated, 0 deleted; 1 failed, 2 skipped.", then what failed and why. Ends with a line break. */
export function outcomeSummary(outcomes: readonly Outcome[]): string {
  const names = new Set(outcomes.map(({ environment }) => environment)).size > 1
  const failed = outcomes.flatMap((outcome) => (outcome.status === 'failed' ? [failedLine(outcome, names)] : []))
  const headline = `Applied: ${formatDone(outcomes)}${formatRest(outcomes)}.`
  return `${[headline, ...(failed.length === 0 ? [] : ['', 'Failed:', ...failed])].join('\n')}\n`
}

function failedLine(outcome: Outcome & { status: 'failed' }, withEnvironment: boolean): string {
  const where = withEnvironment ? ` in ${visible(outcome.environment)}` : ''
  return `  ${visible(outcome.address)}${where}: ${visible(outcome.reason)}`
}

function formatDone(outcomes: readonly Outcome[]): string {
  const succeeded = outcomes.filter(({ status }) => status === 'done')
  return actions
    .map((action) => `${succeeded.filter((outcome) => outcome.action === action).length} ${done[action]}`)
    .join(', ')
}

function formatRest(outcomes: readonly Outcome[]): string {
  const counts = countByStatus(outcomes)
  const parts = [
    counts.failed > 0 ? `${counts.failed} failed` : '',
    counts.skipped > 0 ? `${counts.skipped} skipped` : '',
    counts.already > 0 ? `${counts.already} already so` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : `; ${parts.join(', ')}`
}

export function countByStatus(outcomes: readonly Outcome[]): Record<Status, number> {
  const counts = { done: 0, already: 0, failed: 0, skipped: 0 }
  for (const { status } of outcomes) counts[status]++
  return counts
}

/** For programs: docs/report.md says what stands in it. Ends with a line break. */
export function outcomesJson(outcomes: readonly Outcome[], journal?: string): string {
  return document({
    format: 'vaultwright-outcome/1',
    summary: countByStatus(outcomes),
    ...(journal === undefined ? {} : { journal }),
    outcomes: outcomes.map(outcomeReport),
  })
}

function outcomeReport(outcome: Outcome): object {
  const { environment, address, action, status } = outcome
  return {
    environment,
    address,
    action,
    status,
    ...(outcome.status === 'done' ? { warnings: outcome.warnings } : {}),
    ...(outcome.status === 'failed' || outcome.status === 'skipped' ? { reason: outcome.reason } : {}),
  }
}
