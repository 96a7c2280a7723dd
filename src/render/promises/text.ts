import picocolors from 'picocolors'
import { groupBy } from '../../core/group-by.ts'
import type { Asked, PromiseResult } from '../../core/promise.ts'
import { renderDiagnostics } from '../diagnostics.ts'
import { visible } from '../visible.ts'
import { countOf } from '../words.ts'
import { promiseDiagnostics } from './diagnostics.ts'

export interface PromiseTextOptions {
  readonly color: boolean
  /** False where the reader's terminal may have no ✓. */
  readonly unicode: boolean
}

type Ink = ReturnType<typeof picocolors.createColors>
type Outcome = PromiseResult['outcome']

/**
 * Every promise by environment and file, then all that speaks against them with its place in the files, then the count.
 * Ends with a line break.
 */
export function promisesText(results: readonly PromiseResult[], { color, unicode }: PromiseTextOptions): string {
  const ink = picocolors.createColors(color)
  const blocks = [...groupBy(results, ({ promise }) => promise.environment)].map(([environment, ofOne]) =>
    environmentLines(environment, ofOne, unicode, ink).join('\n'),
  )
  const problems = renderDiagnostics(promiseDiagnostics(results), { color })
  const found = problems === '' ? [] : [problems.trimEnd().split('\n\n').slice(0, -1).join('\n\n')]
  return `${[...blocks, ...found, ink.bold(promisesSummary(results))].join('\n\n')}\n`
}

function environmentLines(
  environment: string,
  results: readonly PromiseResult[],
  unicode: boolean,
  ink: Ink,
): string[] {
  const files = groupBy(results, ({ promise }) => promise.location.source.file)
  return [
    ink.bold(visible(environment)),
    ...[...files].flatMap(([file, ofOne]) => [
      `  ${ink.dim(visible(file))}`,
      ...ofOne.flatMap((result) => resultLines(result, unicode, ink)),
    ]),
  ]
}

const marks: Readonly<Record<Outcome, readonly [unicode: string, plain: string]>> = {
  kept: ['✓', 'ok  '],
  broken: ['✗', 'FAIL'],
  undecided: ['?', '?   '],
}

function resultLines({ promise, outcome, asked, note }: PromiseResult, unicode: boolean, ink: Ink): string[] {
  const paint = { kept: ink.green, broken: ink.red, undecided: ink.yellow }[outcome]
  const how = askedWords[asked]
  const rest = [outcome === 'undecided' && promise.allowUndecided ? 'not decided, which is allowed' : '', how]
  const beside = rest.filter((part) => part !== '').join('; ')
  return [
    `    ${paint(marks[outcome][unicode ? 0 : 1])} ${visible(promise.name)}${beside === '' ? '' : ink.dim(` (${beside})`)}`,
    ...(note === undefined ? [] : [ink.dim(`      ${visible(note)}`)]),
  ]
}

/** Without a server there is only one way. */
const askedWords: Readonly<Record<Asked, string>> = {
  files: '',
  'server objects': 'decided from what the server has',
  login: 'asked the server',
}

/** "12 promises kept, 1 broken, 1 not decided." */
function promisesSummary(results: readonly PromiseResult[]): string {
  if (results.length === 0) return 'No promises.'
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length
  const others = [
    count('broken') > 0 ? `${count('broken')} broken` : '',
    count('undecided') > 0 ? `${count('undecided')} not decided` : '',
  ].filter((part) => part !== '')
  return `${[`${countOf(count('kept'), 'promise')} kept`, ...others].join(', ')}.`
}
