import type { Configuration, Location } from '../core/configuration.ts'
import type { Diagnostic } from '../core/diagnostic.ts'
import { nearest } from '../core/nearest.ts'
import type { Allowance } from './allowances.ts'
import type { Rule } from './rule.ts'

/**
 * `# vaultwright:allow GLV11 until 2027-03-01: reason` in a YAML file or a policy: at the end of the line that it is about,
 * or on a line above it with nothing but comments between them.
 */

const marker = /(?:^|\s)(?:#|\/\/)\s*vaultwright:\s*allow\b(.*)$/
const parts = /^\s+(\S+)\s+until\s+(\d{4}-\d{2}-\d{2})\s*:\s*(\S.*)$/
const onlyComment = /^\s*(?:#|\/\/|$)/

interface Read {
  readonly allowances: readonly Allowance[]
  readonly diagnostics: readonly Diagnostic[]
}

export function readAllowComments(configuration: Configuration, rules: readonly Rule[]): Read {
  const allowances: Allowance[] = []
  const diagnostics: Diagnostic[] = []
  const ids = rules.map(({ id }) => id)
  for (const [file, text] of configuration.texts) {
    if (!text.includes('vaultwright:') || !/\.(ya?ml|hcl)$/.test(file)) continue
    for (const comment of commentsIn(file, text, configuration)) {
      const read = readComment(comment, ids)
      if ('covers' in read) allowances.push(read)
      else diagnostics.push(read)
    }
  }
  return { allowances, diagnostics }
}

interface Comment {
  /** What follows `vaultwright:allow`. */
  readonly text: string
  /** The first and the last line that it is about. */
  readonly lines: readonly [number, number]
  readonly location: Location
}

function commentsIn(file: string, text: string, configuration: Configuration): Comment[] {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    const found = marker.exec(line)
    if (found === null) return []
    const start = line.indexOf('vaultwright:', found.index)
    const length = line.trimEnd().length - start
    const location = configuration.locateText({ file, line: index + 1, column: start + 1 }, length)
    if (location === undefined) return []
    return [{ text: (found[1] as string).trimEnd(), lines: [index + 1, lastLine(lines, index)], location }]
  })
}

function lastLine(lines: readonly string[], index: number): number {
  if (!onlyComment.test(lines[index] as string)) return index + 1
  const next = lines.findIndex((line, at) => at > index && !onlyComment.test(line))
  return next === -1 ? lines.length : next + 1
}

function readComment(
  { text, lines: [first, last], location }: Comment,
  ids: readonly string[],
): Allowance | Diagnostic {
  const [, rule, until, reason] = parts.exec(text) ?? []
  const wrong = (message: string, help: string): Diagnostic => ({
    code: 'invalid-exception',
    severity: 'error',
    message,
    help,
    ...location,
  })
  if (rule === undefined || until === undefined || reason === undefined)
    return wrong(
      'an exception needs the ID of a rule, a date and a reason',
      `Write "vaultwright:allow ${exampleOf(text, ids)} until 2027-03-01: why this is right here".`,
    )
  if (!ids.includes(rule)) {
    const meant = nearest(rule, ids)
    return wrong(
      `there is no rule ${JSON.stringify(rule)}`,
      meant === undefined ? 'docs/lint.md lists all rules.' : `Did you mean ${meant}?`,
    )
  }
  if (!isDate(until)) return wrong(`there is no day ${until}`, 'Write a date such as 2027-03-01.')
  const covers: Allowance['covers'] = ({ location: place }) =>
    place !== undefined &&
    place.source.file === location.source.file &&
    place.source.line >= first &&
    place.source.line <= last
  return { rule, until, reason, location, covers }
}

function exampleOf(text: string, ids: readonly string[]): string {
  const [word = ''] = text.trim().split(/[\s:]/)
  return ids.includes(word) ? word : (ids[0] ?? 'GLV11')
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}
