import type { Change } from '../../core/change.ts'
import { countChanges, type EnvironmentPlan, hasChanges, type Plan } from '../../core/plan.ts'
import type { Address } from '../../core/resource.ts'
import { productNames } from '../../core/version.ts'
import { accessLines, accessTitle, diffSigns, nothingGained } from '../access/effects.ts'
import { code, escaped, htmlPage } from '../html.ts'
import {
  besideCounts,
  driftLegend,
  formatAction,
  formatCounts,
  formatNothing,
  formatPlace,
  sameMeaning,
  sourceOf,
  unmanagedHelp,
  unmanagedTitle,
} from '../words.ts'
import { attributionLines } from './attribution.ts'
import type { Question, Renderer } from './renderer.ts'
import { type Row, rowsOf } from './rows.ts'
import { objectionLine, objectionsTitle, releasedTitle } from './verdict.ts'

/** A page of its own, with all of the plan: for what is too long for a comment, and for who has no GitLab. */
export const planHtml: Renderer = {
  plan(plan: Plan, { question }): string {
    const title = question === 'drift' ? 'Vault drift' : 'Vault access'
    return htmlPage(title, [
      `<p>${escaped(summary(plan, question))}</p>`,
      ...(question === 'drift' && hasChanges(plan) ? [`<p>${escaped(driftLegend.lines)}</p>`] : []),
      ...plan.environments.flatMap((environment) => environmentLines(environment, question)),
    ])
  },
}

function summary(plan: Plan, question: Question): string {
  if (!hasChanges(plan)) return formatNothing(plan.environments, question)
  return `${formatCounts(countChanges(plan.environments), question)}${besideCounts(plan.environments, question)}.`
}

function environmentLines(plan: EnvironmentPlan, question: Question): string[] {
  const { product, version, address, namespace } = plan.server
  const place = `${productNames[product]} ${version} at ${address}${namespace === '' ? '' : `, namespace ${namespace}`}`
  return [
    `<h2>${escaped(plan.environment)} <small>${escaped(place)}</small></h2>`,
    ...listPart(`${objectionsTitle(question)}:`, (plan.objections ?? []).map(objectionLine)),
    ...listPart(`${releasedTitle}:`, plan.allowed ?? []),
    ...accessPart(plan, question),
    ...plan.changes.map((change) => changePart(change, plan, question)),
    ...listPart(`${unmanagedTitle}:`, plan.unmanaged, unmanagedHelp, (address) => whoPart(plan, address)),
    ...listPart('Notes:', plan.notices),
  ]
}

function accessPart({ access }: EnvironmentPlan, question: Question): string[] {
  if (access === undefined) return []
  const lines = accessLines(access)
  const title = `<p><strong>${escaped(accessTitle(question))}:</strong>`
  if (lines.length === 0) return [`${title} ${escaped(nothingGained)}</p>`]
  return [`${title}</p>`, pre(lines.map(({ sign, text }) => `${diffSigns[sign]} ${text}`))]
}

function changePart(change: Change, plan: EnvironmentPlan, question: Question): string {
  const source = sourceOf(change)
  const place = source === undefined ? '' : ` <small>${escaped(formatPlace(source))}</small>`
  const meaning = change.action === 'update' && !change.meaning ? `: ${escaped(sameMeaning)}` : ''
  const rows = rowsOf(change)
  const lines = rows.length === 0 ? ['  nothing but defaults'] : rows.flatMap(rowLines)
  const what = `${escaped(formatAction(change.action, question))} ${code(change.address)}${place}${meaning}`
  return `<details open><summary>${what}</summary>\n${pre(lines)}\n${whoPart(plan, change.address)}</details>`
}

/** Names of fields stand in the third column and lines of a text further right, so that none passes for the other. */
function rowLines(row: Row): string[] {
  const side = row.sign === '~' ? ' ' : row.sign
  if (row.shape === 'value')
    return [
      ...(row.before === undefined ? [] : [`- ${row.field}: ${row.before}`]),
      ...(row.after === undefined ? [] : [`+ ${row.field}: ${row.after}`]),
    ]
  const lines = row.shape === 'list' ? row.elements : row.lines
  const unchanged = row.shape === 'list' && row.unchanged > 0 ? ` (${row.unchanged} unchanged)` : ''
  return [
    `${side} ${row.field}:${unchanged}`,
    ...lines.map(({ sign, text }) => (sign === '@' ? text : `${sign}   ${text}`)),
  ]
}

const colours: Readonly<Record<string, string>> = { '+': '#2a7f3f', '-': '#c22' }

function pre(lines: readonly string[]): string {
  const shown = lines.map((line) => {
    const colour = colours[line[0] ?? '']
    return colour === undefined ? escaped(line) : `<span style="color:${colour}">${escaped(line)}</span>`
  })
  return `<pre>${shown.join('\n')}</pre>`
}

/** Who did it, beneath the object. */
function whoPart(plan: EnvironmentPlan, address: Address): string {
  const lines = attributionLines(plan, address)
  return lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>\n`
}

function listPart<Item extends string>(
  title: string,
  items: readonly Item[],
  help = '',
  beneath: (item: Item) => string = () => '',
): string[] {
  if (items.length === 0) return []
  const rest = help === '' ? [] : [`<p>${escaped(help)}</p>`]
  return [
    `<p>${escaped(title)}</p>`,
    `<ul>${items.map((item) => `<li>${code(item)}${beneath(item)}</li>`).join('')}</ul>`,
    ...rest,
  ]
}
