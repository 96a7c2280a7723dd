import picocolors from 'picocolors'
import type { Action, Change } from '../../core/change.ts'
import { countChanges, type EnvironmentPlan, hasChanges, type Plan } from '../../core/plan.ts'
import type { Address } from '../../core/resource.ts'
import type { ServerInfo } from '../../core/server.ts'
import { productNames } from '../../core/version.ts'
import { type AccessLine, accessLines, accessTitle, excerpt, moreEffects, nothingGained } from '../access/effects.ts'
import { displayWidth, padEnd, visible } from '../visible.ts'
import {
  besideCounts,
  countOf,
  driftLegend,
  driftTitle,
  formatAction,
  formatCounts,
  formatCountsShort,
  formatMatching,
  formatNothing,
  formatPlace,
  glyphs,
  kindOfChange,
  matchingFiles,
  sameMeaning,
  sourceOf,
  unmanagedHelp,
  unmanagedTitle,
} from '../words.ts'
import { attributionLines } from './attribution.ts'
import type { Renderer, RenderOptions } from './renderer.ts'
import { type Row, type RowLine, rowsOf } from './rows.ts'
import { objectionsTitle, releasedTitle } from './verdict.ts'

/** For people at a terminal or reading a job's log. */
export const text: Renderer = {
  plan(plan: Plan, options: RenderOptions): string {
    const pen: Pen = { ...options, ink: picocolors.createColors(options.color) }
    const parts = [
      ...plan.environments.filter(hasSomethingToSay).map((environment) => environmentLines(environment, pen)),
      summaryLines(plan, pen),
    ]
    return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`
  },
}

interface Pen extends RenderOptions {
  readonly ink: ReturnType<typeof picocolors.createColors>
}

function hasSomethingToSay({ changes, unmanaged, notices, objections = [] }: EnvironmentPlan): boolean {
  return changes.length + unmanaged.length + notices.length + objections.length > 0
}

const indent = '      '

function environmentLines(plan: EnvironmentPlan, pen: Pen): string[] {
  const { ink, question } = pen
  const title = question === 'drift' && plan.changes.length > 0 ? `, ${driftTitle}` : ''
  return [
    `${ink.bold(visible(plan.environment))}${title}  ${ink.dim(formatServer(plan.server, pen))}`,
    ...(title === '' ? [] : [ink.dim(`  ${driftLegend.text}`)]),
    ...groupByKind(plan.changes).flatMap(([kind, changes]) => groupLines(kind, changes, plan, pen)),
    ...accessBlock(plan, pen),
    ...unmanagedLines(plan, pen),
    ...verdictLines(plan, pen),
    ...plan.notices.flatMap((notice) => ['', `  ${ink.yellow('Note:')} ${visible(notice)}`]),
  ]
}

function formatServer(server: ServerInfo, { verbose = false }: Pen): string {
  const namespace = server.namespace === '' ? '' : `, namespace ${server.namespace}`
  const cluster = verbose && server.clusterId !== '' ? `, cluster ${server.clusterId}` : ''
  return visible(`${productNames[server.product]} ${server.version} at ${server.address}${namespace}${cluster}`)
}

/** Kinds in the order in which the plan first names them; within one, the plan's own order. */
function groupByKind(changes: readonly Change[]): [string, Change[]][] {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const kind = kindOfChange(change)
    const group = groups.get(kind)
    if (group === undefined) groups.set(kind, [change])
    else group.push(change)
  }
  return [...groups]
}

function groupLines(kind: string, changes: readonly Change[], plan: EnvironmentPlan, pen: Pen): string[] {
  const heading = `  ${pen.ink.bold(visible(kind))}: ${formatCountsShort(changes, pen.question)}`
  return [
    '',
    heading,
    ...changes.flatMap((change) => [...changeLines(change, pen), ...whoLines(plan, change.address, pen)]),
  ]
}

function whoLines(plan: EnvironmentPlan, address: Address, { ink }: Pen): string[] {
  return attributionLines(plan, address).map((line) => ink.cyan(`${indent}${line}`))
}

function changeLines(change: Change, pen: Pen): string[] {
  const { ink } = pen
  const source = sourceOf(change)
  const head = [
    `  ${headSign(change.action, pen)} ${visible(change.address)}`,
    ...(source === undefined ? [] : [ink.dim(`(${formatPlace(source)})`)]),
    ...(change.action === 'update' && !change.meaning ? [ink.dim(`[${sameMeaning}]`)] : []),
  ].join(' ')
  const rows = rowsOf(change)
  if (change.action === 'delete' && !pen.verbose) return [head, ...hasLine(rows, pen)]
  return [head, ...rowBlock(rows, change.action, pen)]
}

/** In drift a glyph would say the opposite of what happened to the object. */
function headSign(action: Action, pen: Pen): string {
  if (pen.question === 'drift') return pen.ink.yellow(formatAction(action, 'drift'))
  return paint(glyphs[action], pen)
}

/** What is there and would be deleted, in one line. */
function hasLine(rows: readonly Row[], { ink }: Pen): string[] {
  const has = rows.map((row) => `${row.field} ${summaryOf(row)}`)
  return has.length === 0 ? [] : [ink.dim(`${indent}has ${has.join(', ')}`)]
}

function summaryOf(row: Row): string {
  switch (row.shape) {
    case 'value':
      return row.before ?? row.after ?? ''
    case 'list':
      return `(${countOf(row.elements.length, 'element')})`
    case 'text':
      return `(${countOf(row.lines.length, 'line')})`
  }
}

/** Names padded so that the values of one change stand in a column. */
function rowBlock(rows: readonly Row[], action: Action, pen: Pen): string[] {
  const names = rows.filter(({ shape }) => shape === 'value').map(({ field }) => displayWidth(field) + 1)
  const width = names.reduce((widest, name) => Math.max(widest, name), 0)
  // On an object that comes or goes, every row would have the same sign.
  return rows.flatMap((row) => rowLines(row, action === 'update' ? `${paint(row.sign, pen)} ` : '', width, pen))
}

function rowLines(row: Row, sign: string, width: number, pen: Pen): string[] {
  switch (row.shape) {
    case 'value':
      return [`${indent}${sign}${padEnd(`${row.field}:`, width)} ${formatSides(row, pen)}`]
    case 'list':
      return [
        `${indent}${sign}${row.field}:${row.unchanged > 0 ? pen.ink.dim(` (${row.unchanged} unchanged)`) : ''}`,
        ...row.elements.map((element) => patchLine(element, pen)),
      ]
    case 'text':
      return [`${indent}${sign}${row.field}:`, ...row.lines.map((line) => patchLine(line, pen))]
  }
}

function formatSides(row: Row & { shape: 'value' }, { ink }: Pen): string {
  const { before, after } = row
  if (before === undefined) return ink.green(after ?? '')
  return after === undefined ? ink.red(before) : `${ink.red(before)} → ${ink.green(after)}`
}

function patchLine({ sign, text: line }: RowLine, { ink }: Pen): string {
  const at = `${indent}    `
  switch (sign) {
    case '+':
      return at + ink.green(signed('+', line))
    case '-':
      return at + ink.red(signed('-', line))
    case '@':
      return at + ink.cyan(line)
    case '\\':
      return at + ink.dim(`\\${line}`)
    case ' ':
      return line === '' ? '' : `${at}  ${line}`
  }
}

function signed(sign: '+' | '-', line: string): string {
  return line === '' ? sign : `${sign} ${line}`
}

function paint(sign: '+' | '-' | '~', { ink }: Pen): string {
  return { '+': ink.green, '-': ink.red, '~': ink.yellow }[sign](sign)
}

/** More lines than this about one environment are read by programs, or by people who ask for them. */
const accessLimit = 60

/** What reviewers look for first in a merge request: who can do what they could not, and the other way round. */
function accessBlock({ access }: EnvironmentPlan, { ink, question, verbose = false }: Pen): string[] {
  if (access === undefined) return []
  const lines = accessLines(access)
  const title = ink.bold(accessTitle(question))
  if (lines.length === 0) return ['', `  ${title}: ${nothingGained}`]
  const sign: Readonly<Record<AccessLine['sign'], (text: string) => string>> = {
    '+': ink.green,
    '-': ink.red,
    '~': ink.yellow,
    '?': ink.magenta,
  }
  const { shown, left } = excerpt(lines, verbose ? lines.length : accessLimit)
  const more = left.length === 0 ? [] : [ink.dim(`  and ${moreEffects(left)}: -v shows them, --format json has all`)]
  return ['', `  ${title}:`, ...shown.map((line) => `  ${sign[line.sign](line.sign)} ${line.text}`), ...more]
}

function unmanagedLines(plan: EnvironmentPlan, pen: Pen): string[] {
  const { unmanaged } = plan
  const { ink } = pen
  if (unmanaged.length === 0) return []
  return [
    '',
    `  ${ink.yellow(unmanagedTitle)} (${unmanaged.length}):`,
    ...unmanaged.flatMap((address) => [`  ${ink.yellow('?')} ${visible(address)}`, ...whoLines(plan, address, pen)]),
    ink.dim(`  ${unmanagedHelp}`),
  ]
}

/** Last, next to the count: what to do about it is said on stderr, with the place in the files. */
function verdictLines({ objections = [], allowed = [] }: EnvironmentPlan, { ink, question }: Pen): string[] {
  const refused = objections.map(({ message }) => `  ${ink.red('!')} ${visible(message)}`)
  return [
    ...(refused.length === 0 ? [] : ['', `  ${ink.red(`${objectionsTitle(question)}:`)}`, ...refused]),
    ...(allowed.length === 0 ? [] : ['', `  ${ink.yellow(`${releasedTitle}:`)} ${allowed.map(visible).join(', ')}`]),
  ]
}

function summaryLines(plan: Plan, { ink, question }: Pen): string[] {
  if (!hasChanges(plan)) return [ink.bold(formatNothing(plan.environments, question))]
  const counts = formatCounts(countChanges(plan.environments), question)
  const same = plan.environments.filter(({ changes }) => changes.length === 0)
  const matching = matchingFiles(same, question)
  const changed = plan.environments.length - same.length
  const where =
    plan.environments.length > 1 ? ` (in ${changed} of ${countOf(plan.environments.length, 'environment')})` : ''
  const title = question === 'drift' ? 'Drift' : 'Plan'
  return [
    ...(matching.length === 0 ? [] : [ink.dim(formatMatching(matching, question))]),
    ink.bold(`${title}: ${counts}${where}${besideCounts(plan.environments, question)}.`),
  ]
}
