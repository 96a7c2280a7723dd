import {
  type Checklist,
  type ChecklistItem,
  isDone,
  type Progress,
  type Step,
  steps,
  stepWords,
} from '../../gitlab/migrate/checklist.ts'
import { code } from '../../render/markdown-escape.ts'
import { displayWidth, padEnd, visible } from '../../render/visible.ts'

const marks: Readonly<Record<Progress['state'], string>> = {
  open: '-',
  claimed: 'claimed',
  verified: 'yes',
  refuted: 'NO',
}

export function checklistText(list: Checklist): string {
  const rows = [['variable', ...steps], ...list.items.map((one) => [visible(one.id), ...statesOf(one)])]
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => displayWidth(row[at] ?? '')))) ?? []
  const table = rows.map((row) =>
    row
      .map((cell, at) => padEnd(cell, widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const notes = list.items.flatMap((one) =>
    notesOf(one).map(([step, note]) => `${visible(one.id)}, ${step}: ${visible(note)}`),
  )
  return `${[...table, ...(notes.length === 0 ? [] : ['', ...notes]), '', countLine(list)].join('\n')}\n`
}

export function checklistMarkdown(list: Checklist): string {
  const rows = list.items.map((one) => `| ${code(one.id)} | ${statesOf(one).join(' | ')} |`)
  const legend = steps.map((step) => `- ${step}: ${stepWords[step]}`)
  const notes = list.items.flatMap((one) =>
    notesOf(one).map(([step, note]) => `- ${code(one.id)}, ${step}: ${code(note)}`),
  )
  return [
    '# Cutover',
    '',
    countLine(list),
    '',
    `| variable | ${steps.join(' | ')} |`,
    `|---|${steps.map(() => '---').join('|')}|`,
    ...rows,
    '',
    ...legend,
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
  ].join('\n')
}

function statesOf({ steps: done }: ChecklistItem): string[] {
  return steps.map((step) => marks[done[step].state])
}

function notesOf({ steps: done }: ChecklistItem): (readonly [Step, string])[] {
  return steps.flatMap((step) => {
    const { note } = done[step]
    return note === undefined ? [] : [[step, note] as const]
  })
}

function countLine({ items }: Checklist): string {
  return `${items.filter(isDone).length} of ${items.length} moved.`
}
