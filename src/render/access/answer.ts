import type { AccessAnswer, AccessReport } from '../../access/why/answer.ts'
import { isAllowed } from '../../access/why/answer.ts'
import type { JudgedCheck, JudgedLogin } from '../../access/why/judge.ts'
import { formatDuration } from '../../core/duration.ts'
import { productNames } from '../../core/version.ts'
import { padEnd, visible } from '../visible.ts'
import { formatPlace } from '../words.ts'
import { aside, labelled, type Page, type PageOptions, pageOf, wrap } from './layout.ts'
import { beatenText, checkName, checkText, denialText, grantText, patternText, placesOf } from './words.ts'

/** The answers of `access can` for people: yes or no first, then what decided. */
export function canText(reports: readonly AccessReport[], notes: readonly string[], options: PageOptions): string {
  const page = pageOf(options)
  const blocks = reports.map((report) => reportLines(report, page).join('\n'))
  return `${[...blocks, ...noteBlock(notes, page)].join('\n\n')}\n`
}

export function noteBlock(notes: readonly string[], page: Page): string[] {
  return notes.length === 0
    ? []
    : [notes.flatMap((note) => wrap(visible(note), page.width).map(page.ink.dim)).join('\n')]
}

function reportLines(report: AccessReport, page: Page): string[] {
  const { environment, login, access } = report
  const yes = isAllowed(report)
  const where = environment === undefined ? '' : `${visible(environment)}: `
  const head = `${verdict(yes, page)}  ${page.ink.bold(where + headline(report))}`
  if (login?.decision.ok === false) return [head, ...refusedLines(login, page)]
  return [
    head,
    ...(login === undefined ? [] : tokenLines(login, page)),
    ...(access === undefined ? [] : accessLines(access, page)),
  ]
}

function verdict(yes: boolean, { ink }: Page): string {
  return yes ? ink.bold(ink.green('yes')) : ink.bold(ink.red('no '))
}

function headline({ login, access }: AccessReport): string {
  const role = login === undefined ? '' : `role ${visible(`${login.mount}/${login.role}`)}`
  if (login?.decision.ok === false) return `${role} does not admit this token`
  if (access === undefined) return `${role} admits this token`
  const { asked, policies, allowed } = access
  const who = role === '' ? `${policies.length === 1 ? 'policy' : 'policies'} ${visible(policies.join(', '))}` : role
  return `${who} ${allowed ? 'may' : 'may not'} ${asked.capability} ${visible(asked.path)}`
}

/** Why a login is refused: the server's words, then the checks that failed. */
function refusedLines({ decision, failed }: JudgedLogin, page: Page): string[] {
  if (decision.ok) return []
  return [
    ...labelled('server', `${decision.status} ${visible(decision.error)}`, page, { paint: page.ink.red }),
    ...failed.flatMap((check) => failedLines(check, page)),
  ]
}

export function failedLines(check: JudgedCheck, page: Page): string[] {
  const hints = check.hints.flatMap(({ text }) => hintLines(text, page))
  return [...checkRow(check, page), ...hints]
}

const nameColumn = 22
const hintColumn = 6

/** A check in one line, or more where its values are long, and where the files say what it expects. */
export function checkRow(check: JudgedCheck, page: Page): string[] {
  const { ink, width } = page
  const mark = check.ok ? ink.green('✓') : ink.red('✗')
  const name = padEnd(checkName(check), nameColumn)
  const at = nameColumn + 5
  const [first = '', ...more] = wrap(checkText(check), Math.max(20, width - at))
  const lines = [`  ${mark} ${check.ok ? name : ink.bold(name)} ${first}`, ...more.map((line) => ' '.repeat(at) + line)]
  const place = check.source === undefined ? '' : formatPlace(check.source)
  return [...lines.slice(0, -1), ...aside(lines.at(-1) as string, place, page, at)]
}

export function hintLines(text: string, { width, ink }: Page): string[] {
  return wrap(visible(text), Math.max(20, width - hintColumn - 2)).map(
    (line, index) => `${' '.repeat(hintColumn)}${index === 0 ? ink.cyan('→ ') : '  '}${line}`,
  )
}

/** A row for what is not a check of its own. */
export function plainRow(mark: string, name: string, text: string): string {
  return `  ${mark} ${padEnd(name, nameColumn)} ${text}`
}

/** The token that a login gives, in one line. */
export function tokenLines({ decision }: JudgedLogin, page: Page): string[] {
  if (!decision.ok) return []
  const { type, ttl, policies, beyond, numUses } = decision
  const uses = numUses === 0 ? '' : `, ${numUses} use${numUses === 1 ? '' : 's'}`
  return [
    ...labelled(
      'token',
      `${type}, ${formatDuration(ttl)}${uses}, policies ${visible(policies.join(', ')) || 'none'}`,
      page,
    ),
    ...(beyond === undefined ? [] : labelled('unsure', visible(beyond), page, { paint: page.ink.yellow })),
  ]
}

/** What decided about the path, and what would help where it is denied. */
export function accessLines(answer: AccessAnswer, page: Page): string[] {
  const { decision, help, asked, token } = answer
  return [
    ...(decision.root ? labelled('why', 'The policy root allows everything.', page) : []),
    ...(decision.denial === undefined
      ? []
      : labelled('why', denialText(decision, asked.capability), page, { paint: page.ink.red })),
    ...ruleLines(answer, page),
    ...token.refused.flatMap(({ name, refusal }) =>
      labelled('policy', visible(`${name} is none: the server refuses it: ${refusal.errors.join('; ')}`), page),
    ),
    ...help.flatMap(({ text }) => hintLines(text, page)),
    ...(answer.allowed && token.unknown.length > 0
      ? hintLines(
          `What the policies ${token.unknown.join(', ')} say is not known here; a deny in them would count.`,
          page,
        )
      : []),
  ]
}

function ruleLines({ decision: { rule, beaten }, token }: AccessAnswer, page: Page): string[] {
  if (rule === undefined) return []
  const [first = '', ...more] = placesOf(rule, token)
  return [
    ...aside(`  ${padEnd('rule', 12)}${patternText(rule)}: ${grantText(rule)}`, first, page, 14),
    ...more.map((place) => `  ${padEnd('and', 12)}${page.ink.dim(place)}`),
    ...beaten.flatMap(({ rule: other, because }) =>
      aside(
        `  ${padEnd('beats', 12)}${patternText(other)}: ${grantText(other)} (${beatenText(because)})`,
        placesOf(other, token)[0] ?? '',
        page,
        14,
      ),
    ),
  ]
}

/** "Vault 1.21.0", for the line that says whose rules were taken. */
export function serverText({ server }: Pick<AccessReport, 'server'>): string {
  return `${productNames[server.product]} ${visible(server.version)}`
}
