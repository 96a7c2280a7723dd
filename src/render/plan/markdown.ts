import type { Change } from '../../core/change.ts'
import { countChanges, type EnvironmentPlan, hasChanges, type Plan } from '../../core/plan.ts'
import type { Address } from '../../core/resource.ts'
import { productNames } from '../../core/version.ts'
import { accessTitle, nothingGained } from '../access/effects.ts'
import { accessMarkdown } from '../access/effects-markdown.ts'
import { code, diffFence } from '../markdown-escape.ts'
import {
  besideCounts,
  besideNothing,
  countOf,
  driftLegend,
  driftTitle,
  formatAction,
  formatCounts,
  formatPlace,
  matching,
  matchingFiles,
  sameMeaning,
  sourceOf,
  unmanagedHelp,
  unmanagedTitle,
} from '../words.ts'
import { attributionLines } from './attribution.ts'
import type { Question, Renderer, RenderOptions } from './renderer.ts'
import { type Row, type RowLine, rowsOf } from './rows.ts'
import { objectionLine, objectionsTitle, releasedTitle } from './verdict.ts'

/** GitLab takes notes of 1,000,000 characters; the rest is room for what a caller puts around this one. */
export const commentLimit = 1_000_000 - 100

/** Up to so many changes are shown in full; more than that nobody reads in a comment. */
const detailLimit = 60
/** Unmanaged objects and notices of one environment. */
const listLimit = 60

/** For a comment in a merge request: GitLab Flavored Markdown, safe whatever names and texts the plan holds. */
export const markdown: Renderer = {
  plan: (plan, options) => renderComment(plan, options, commentLimit),
}

/** At most `limit` characters; exported so that a test need not build a plan of a million. */
export function renderComment(plan: Plan, { question }: RenderOptions, limit: number): string {
  const count = plan.environments.reduce((sum, { changes }) => sum + changes.length, 0)
  if (count <= detailLimit) {
    const comment = join(pieces(plan, question, changeDetails))
    if (comment.length <= limit) return comment
  }
  return cut(pieces(plan, question, changeItem), count, limit)
}

/** A part of the comment that stands or falls as a whole. */
interface Piece {
  readonly text: string
  /** How many changes it shows. */
  readonly changes: number
}

/** Pieces bring the blank lines they need around them; one is as good as two. Inside a fence no line is empty. */
function join(all: readonly Piece[]): string {
  const comment = all.map(({ text }) => text).join('')
  return `${comment.replace(/\n{3,}/g, '\n\n').trimEnd()}\n`
}

function cut(all: readonly Piece[], count: number, limit: number): string {
  const note = (missing: number) =>
    `\n**The comment ends here because of its length: ${countOf(missing, 'change')} not shown.** The job's log and the JSON report have them all.\n`
  const room = limit - note(count).length
  const whole = join(all)
  if (whole.length <= limit) return whole
  let [length, shown, end] = [0, 0, 0]
  for (const { text, changes } of all) {
    if (length + text.length > room) break
    length += text.length
    shown += changes
    end++
  }
  return join(all.slice(0, end)) + note(count - shown)
}

type Draw = (change: Change, plan: EnvironmentPlan, question: Question) => string

function pieces(plan: Plan, question: Question, draw: Draw): Piece[] {
  return [
    { text: heading(plan, question, draw), changes: 0 },
    ...plan.environments.flatMap((environment) => environmentPieces(environment, question, draw)),
  ]
}

function heading(plan: Plan, question: Question, draw: Draw): string {
  const subject = question === 'drift' ? 'Vault drift' : 'Vault access'
  const { environments } = plan
  const counts = hasChanges(plan)
    ? `${formatCounts(countChanges(environments), question)}${besideCounts(environments, question)}`
    : `${nothing(question)}${besideNothing(environments, question)}`
  const short =
    draw === changeItem
      ? "\nOnly the addresses are shown here; the job's log and the JSON report have the details.\n"
      : ''
  const legend = question === 'drift' && hasChanges(plan) ? `\n${driftLegend.lines}\n` : ''
  return `## ${subject}: ${counts}\n${legend}${short}`
}

function nothing(question: Question): string {
  return question === 'drift' ? 'no drift' : 'no changes'
}

function environmentPieces(plan: EnvironmentPlan, question: Question, draw: Draw): Piece[] {
  return [
    { text: environmentHeading(plan, question), changes: 0 },
    ...verdictPieces(plan, question),
    ...accessPieces(plan, question),
    ...plan.changes.map((change) => ({ text: draw(change, plan, question), changes: 1 })),
    ...listPieces(`${unmanagedTitle} (${plan.unmanaged.length}):`, plan.unmanaged, unmanagedHelp, (address) =>
      whoItems(plan, address, '  '),
    ),
    ...listPieces('Notes:', plan.notices),
  ]
}

/** Before all else: whether there is anything to agree to, and what somebody has overruled already. */
function verdictPieces({ objections = [], allowed = [] }: EnvironmentPlan, question: Question): Piece[] {
  const pieces = [
    ...listPieces(`**${objectionsTitle(question)}:**`, objections.map(objectionLine)),
    ...listPieces(`**${releasedTitle}:**`, allowed),
  ]
  // What follows would go on with the last item of the list.
  return pieces.length === 0 ? [] : [...pieces, { text: '\n', changes: 0 }]
}

/** Before the changes: it is what a reviewer is asked to agree to. */
function accessPieces({ access }: EnvironmentPlan, question: Question): Piece[] {
  if (access === undefined) return []
  const title = `**${accessTitle(question)}:**`
  const said = accessMarkdown(access)
  return [{ text: said === undefined ? `${title} ${nothingGained}\n\n` : `${title}\n\n${said}\n\n`, changes: 0 }]
}

function environmentHeading(plan: EnvironmentPlan, question: Question): string {
  const { product, version, address, namespace } = plan.server
  const title = environmentTitle(plan, question)
  const inNamespace = namespace === '' ? '' : `, namespace ${code(namespace)}`
  return `\n### ${code(plan.environment)}: ${title}\n\n${productNames[product]} ${code(version)} at ${code(address)}${inNamespace}\n\n`
}

function environmentTitle(plan: EnvironmentPlan, question: Question): string {
  if (plan.changes.length === 0)
    return matchingFiles([plan], question).length > 0
      ? matching(question, 1)
      : `${nothing(question)}${besideNothing([plan], question)}`
  const counts = `${formatCounts(countChanges([plan]), question)}${besideCounts([plan], question)}`
  return question === 'drift' ? `${driftTitle}, ${counts}` : counts
}

function changeItem(change: Change, plan: EnvironmentPlan, question: Question): string {
  return `- ${describe(change, question)}\n${whoItems(plan, change.address, '  ')}`
}

/** The blank line after the summary is what makes GitLab read Markdown inside. */
function changeDetails(change: Change, plan: EnvironmentPlan, question: Question): string {
  const rows = rowsOf(change)
  const lines = rows.length === 0 ? ['  nothing but defaults'] : rows.flatMap(rowLines)
  return `<details><summary>${describe(change, question)}</summary>\n\n${diffFence(lines)}\n\n${whoItems(plan, change.address, '')}\n</details>\n\n`
}

function describe(change: Change, question: Question): string {
  const source = sourceOf(change)
  const place = source === undefined ? '' : ` (${code(formatPlace(source))})`
  const meaning = change.action === 'update' && !change.meaning ? `: ${sameMeaning}` : ''
  return `${formatAction(change.action, question)} ${code(change.address)}${place}${meaning}`
}

/** A field's name always stands in the third column and lines of a text further right, so that none passes for the other. */
function rowLines(row: Row): string[] {
  switch (row.shape) {
    case 'value':
      return [
        ...(row.before === undefined ? [] : [`- ${row.field}: ${row.before}`]),
        ...(row.after === undefined ? [] : [`+ ${row.field}: ${row.after}`]),
      ]
    case 'list':
      return [
        `${sideOf(row)} ${row.field}:${row.unchanged > 0 ? ` (${row.unchanged} unchanged)` : ''}`,
        ...row.elements.map(patchLine),
      ]
    case 'text':
      return [`${sideOf(row)} ${row.field}:`, ...row.lines.map(patchLine)]
  }
}

function sideOf({ sign }: Row): string {
  return sign === '~' ? ' ' : sign
}

function patchLine({ sign, text }: RowLine): string {
  if (sign === '@') return text
  return sign === '\\' ? `\\${text}` : `${sign}${text === '' ? '' : '   '}${text}`
}

/** Who did it, beneath the object. */
function whoItems(plan: EnvironmentPlan, address: Address, indent: string): string {
  return attributionLines(plan, address)
    .map((line) => `${indent}- ${code(line)}\n`)
    .join('')
}

function listPieces<Item extends string>(
  title: string,
  items: readonly Item[],
  help = '',
  beneath: (item: Item) => string = () => '',
): Piece[] {
  if (items.length === 0) return []
  const more = items.length > listLimit ? `- and ${items.length - listLimit} more\n` : ''
  const listed = items.slice(0, listLimit).map((item) => `- ${code(item)}\n${beneath(item)}`)
  const texts = [`\n${title}\n\n`, ...listed, more, help === '' ? '' : `\n${help}\n`]
  return texts.filter((text) => text !== '').map((text) => ({ text, changes: 0 }))
}
