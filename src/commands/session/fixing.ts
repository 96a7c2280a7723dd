import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Fixed, type FixedFinding, fixFindings } from '../../config/fix.ts'
import type { LoadOptions } from '../../config/load.ts'
import type { Configuration } from '../../core/configuration.ts'
import { formatSource, problem, UserError } from '../../core/diagnostic.ts'
import { byText } from '../../core/json.ts'
import type { PlacedFinding } from '../../lint/findings.ts'
import { visibleLine } from '../../render/visible.ts'
import { countOf } from '../../render/words.ts'

/** Carries out what can be mended safely, in the files themselves. Throws UserError when one of them cannot be written. */
export async function fixFiles(
  configuration: Configuration,
  findings: readonly PlacedFinding[],
  options: LoadOptions,
): Promise<Fixed> {
  const fixed = await fixFindings(configuration, findings, options)
  for (const [path, text] of fixed.texts) await replace(configuration, path, text)
  return fixed
}

/** Somebody who has saved the file in the meantime keeps what they wrote. */
async function replace({ directory, texts }: Configuration, path: string, text: string): Promise<void> {
  const file = join(directory, path)
  try {
    if ((await readFile(file, 'utf8')) !== texts.get(path)) throw changedMeanwhile(path)
    await writeFile(file, text)
  } catch (error) {
    if (error instanceof UserError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new UserError([problem('unwritable', `${path} could not be written (${code})`)])
  }
}

function changedMeanwhile(path: string): UserError {
  return new UserError([
    problem('changed-meanwhile', `${path} was changed while it was being checked`, 'Run it again.'),
  ])
}

/** What was changed, line by line, and what could not be. Empty, or ends with a line break. */
export function describeFixes(done: readonly FixedFinding[], left: Fixed['left']): string {
  if (done.length === 0 && left.length === 0) return ''
  const blocks = [...done]
    .sort(byPlace)
    .map(({ placed, before, after }) =>
      [`fixed ${placeOf(placed)}`, ...marked('-', before), ...(after === '' ? [] : marked('+', after))].join('\n'),
    )
  const notes = left.map(({ placed, reason }) => `not fixed ${placeOf(placed)}: ${reason}`)
  return `${[...blocks, ...notes, `${countOf(done.length, 'place')} fixed`].join('\n')}\n\n`
}

function byPlace({ placed: a }: FixedFinding, { placed: b }: FixedFinding): number {
  const [left, right] = [a.location?.source, b.location?.source]
  return (
    byText(left?.file ?? '', right?.file ?? '') ||
    (left?.line ?? 0) - (right?.line ?? 0) ||
    (left?.column ?? 0) - (right?.column ?? 0)
  )
}

function placeOf({ rule, location }: PlacedFinding): string {
  return `${location === undefined ? '' : `${visibleLine(formatSource(location.source))} `}${rule.id}`
}

function marked(sign: string, lines: string): string[] {
  return lines.split('\n').map((line) => `  ${sign} ${visibleLine(line)}`)
}
