import type { AccessReport } from '../../core/access-effect.ts'
import { diffFence } from '../markdown-escape.ts'
import { type AccessLine, accessLines, diffSigns, excerpt, moreEffects } from './effects.ts'

/** Lines that a reader of a comment sees at once. */
const openLimit = 30
/** Characters of what unfolds: a comment has room for more, but not for every environment of a plan. */
const foldedLimit = 60_000

/** What a plan means, for a comment in a merge request: gains are green and losses red. Undefined where nothing is said. */
export function accessMarkdown(report: AccessReport): string | undefined {
  const lines = accessLines(report)
  if (lines.length === 0) return undefined
  const { shown, left } = excerpt(lines, openLimit)
  return [fence(shown), ...(left.length === 0 ? [] : [folded(left)])].join('\n\n')
}

function fence(lines: readonly AccessLine[]): string {
  return diffFence(lines.map(diffLine))
}

function diffLine({ sign, text }: AccessLine): string {
  return `${diffSigns[sign]} ${text}`
}

/** The blank line after the summary is what makes GitLab read Markdown inside. */
function folded(lines: readonly AccessLine[]): string {
  let room = foldedLimit
  const end = lines.findIndex((line) => {
    room -= diffLine(line).length + 1
    return room < 0
  })
  const [inside, outside] = end < 0 ? [lines, []] : [lines.slice(0, end), lines.slice(end)]
  const rest = outside.length === 0 ? '' : `\n\n${moreEffects(outside)} in the JSON report.`
  return `<details><summary>${moreEffects(lines)}</summary>\n\n${fence(inside)}${rest}\n\n</details>`
}
