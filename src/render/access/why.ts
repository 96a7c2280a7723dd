import { isAllowed } from '../../access/why/answer.ts'
import type { Explanation } from '../../access/why/failures.ts'
import type { JudgedCheck, JudgedLogin } from '../../access/why/judge.ts'
import type { SurveyReport, WhyAnswer, WhyReport } from '../../access/why/report.ts'
import { document } from '../plan/json.ts'
import { displayWidth, padEnd, visible } from '../visible.ts'
import { countOf } from '../words.ts'
import { accessLines, checkRow, failedLines, hintLines, noteBlock, plainRow, serverText, tokenLines } from './answer.ts'
import { accessReport, explanationReport, loginReport } from './answer-json.ts'
import { aside, labelled, type Page, type PageOptions, pageOf } from './layout.ts'
import { checkName, checkText } from './words.ts'

/** The answers of `access why` for people. */
export function whyText({ explained, reports = [], surveys = [], notes }: WhyAnswer, options: PageOptions): string {
  const page = pageOf(options)
  const blocks = [
    ...(explained === undefined ? [] : explanationBlocks(explained, page)),
    ...reports.map((report) => reportLines(report, page).join('\n')),
    ...surveys.map((survey) => surveyLines(survey, page).join('\n')),
    ...noteBlock(notes, page),
  ]
  return `${blocks.join('\n\n')}\n`
}

function explanationBlocks(explained: readonly Explanation[], page: Page): string[] {
  if (explained.length === 0)
    return ['None of the known failures is in this text. Give the token or its claims, and every check is shown.']
  return explained.map(({ failure, found, name }) =>
    [
      page.ink.bold(`${failure.symptom}${name === undefined ? '' : ` (${visible(name)})`}`),
      ...labelled('found', visible(found), page),
      ...labelled('cause', failure.cause, page),
      ...labelled('fix', failure.fix, page, { paint: page.ink.cyan }),
    ].join('\n'),
  )
}

function reportLines(report: WhyReport, page: Page): string[] {
  const { environment, login, access, others } = report
  const { ink } = page
  const ok = login.decision.ok
  const word = ok ? ink.bold(ink.green('admitted')) : ink.bold(ink.red('refused'))
  const role = visible(`${login.mount}/${login.role}`)
  const head = `${word}  ${ink.bold(`${visible(environment)}: role ${role} ${ok ? 'admits' : 'does not admit'} this token`)}`
  return [
    ...aside(head, serverText(report), page, 10),
    ...serverLines(login, page),
    '',
    ...checkLines(login.checks, page),
    ...(ok ? ['', ...tokenLines(login, page)] : []),
    ...(access === undefined ? [] : ['', pathHead(report, page), ...accessLines(access, page)]),
    ...otherLines(others, page),
  ]
}

function serverLines({ decision, failed }: JudgedLogin, page: Page): string[] {
  if (decision.ok) return []
  const said = `${decision.status === 0 ? 'no answer' : decision.status} ${visible(decision.error)}`
  const random =
    decision.errors.length > 1
      ? `The server names one of ${decision.errors.length} failures at random; all of them are below.`
      : failed.length > 1
        ? 'The server stops at the first failure; those after it are below as well.'
        : ''
  return [
    ...labelled('server', said, page, { paint: page.ink.red }),
    ...(random === '' ? [] : labelled('', random, page, { paint: page.ink.dim })),
  ]
}

function pathHead({ access, login }: WhyReport, { ink }: Page): string {
  if (access === undefined) return ''
  const { asked, allowed } = access
  const what = `${asked.capability} ${visible(asked.path)}`
  return allowed
    ? `  ${ink.green('✓')} its tokens may ${what}`
    : `  ${ink.red('✗')} ${login.decision.ok ? 'logged in, but ' : ''}its tokens may not ${what}`
}

/** Every check with something to look at; the times, when they are right, in one line. */
function checkLines(checks: readonly JudgedCheck[], page: Page): string[] {
  const timely = checks.filter(({ check }) => times.includes(check)).every(({ ok }) => ok)
  const first = checks.find(({ check }) => check === 'times')
  return checks.flatMap((check) => {
    if (timely && times.includes(check.check)) return check === first ? [timesLine(checks, page)] : []
    if (check.ok) return isBare(check) ? [] : checkRow(check, page)
    return check.skipped === true ? [skippedLine(check, page)] : failedLines(check, page)
  })
}

const times: readonly string[] = ['times', 'nbf', 'exp', 'iat']

/** Nothing was demanded, or it is what every login has. */
function isBare({ check, expected, actual }: JudgedCheck): boolean {
  return (
    ['configuration', 'role', 'role_type', 'token', 'policies'].includes(check) ||
    (expected === undefined && (actual === undefined || check === 'aud' || check === 'sub'))
  )
}

function timesLine(checks: readonly JudgedCheck[], { ink }: Page): string {
  const at = (name: string) => checks.find(({ check }) => check === name)
  const [issued, expires] = [at('iat'), at('exp')].map((check) => (check === undefined ? 'absent' : checkText(check)))
  return plainRow(ink.green('✓'), 'iat, exp', `${issued} to ${expires}`)
}

function skippedLine(check: JudgedCheck, { ink }: Page): string {
  return ink.dim(plainRow('-', checkName(check), checkText(check)))
}

/** So many roles are named. */
const enough = 10

function otherLines(others: WhyReport['others'], page: Page): string[] {
  if (others.length === 0) return []
  const shown = others.slice(0, enough).map(({ environment, role }) => `${role} (${environment})`)
  const more = others.length > enough ? ` and ${others.length - enough} more` : ''
  return ['', ...labelled('admitted by', visible(`${shown.join(', ')}${more}`), page, { column: 13 })]
}

function surveyLines({ environment, server, admitting, refusing }: SurveyReport, page: Page): string[] {
  const { ink } = page
  const width = [...admitting.map(({ login }) => login), ...refusing.slice(0, enough)]
    .map((login) => (login === undefined ? 0 : displayWidth(roleName(login))))
    .reduce((widest, name) => Math.max(widest, name), 0)
  const [nearest] = refusing
  return [
    `${ink.bold(visible(environment))}  ${ink.dim(serverText({ server }))}`,
    ...admitting.flatMap((report) => admittingLines(report, width, page)),
    ...(admitting.length === 0 ? [`  ${ink.red('No role admits this token.')}`] : []),
    ...(admitting.length === 0 && nearest !== undefined ? nearestLines(nearest, page) : []),
    ...refusing.slice(0, enough).flatMap((login) => refusingLines(login, width, page)),
    ...(refusing.length > enough
      ? [ink.dim(`  and ${countOf(refusing.length - enough, 'more role')} that do not`)]
      : []),
  ]
}

function admittingLines(report: SurveyReport['admitting'][number], width: number, page: Page): string[] {
  const { login, access } = report
  if (login === undefined) return []
  const [token = ''] = tokenLines(login, { ...page, width: Number.POSITIVE_INFINITY })
  const line = `  ${page.ink.green('✓')} ${padEnd(roleName(login), width)}  ${token.trim().replace(/^token\s+/, '')}`
  if (access === undefined) return [line]
  const sign = isAllowed(report) ? page.ink.green('✓') : page.ink.red('✗')
  const verdict = `      ${sign} ${isAllowed(report) ? 'may' : 'may not'} ${access.asked.capability} ${visible(access.asked.path)}`
  return [line, verdict, ...accessLines(access, page).map((text) => `    ${text}`)]
}

/** What is in the way of the role that all but admits the token. */
function nearestLines(login: JudgedLogin, page: Page): string[] {
  const names = [...new Set(login.failed.map(checkName))]
  const only = `${names.slice(0, -1).join(', ')}${names.length > 1 ? ' and ' : ''}${names.at(-1) ?? ''}`
  const hints = [...new Set(login.failed.flatMap(({ hints }) => hints.map(({ text }) => text)))]
  return [
    ...labelled('nearest', `${roleName(login)} fails only on ${only}`, page, { paint: page.ink.yellow }),
    ...hints.slice(0, 3).flatMap((text) => hintLines(text, page)),
  ]
}

function refusingLines(login: JudgedLogin, width: number, page: Page): string[] {
  const { failed } = login
  const shown = failed.slice(0, 2).map((check) => `${checkName(check)} ${checkText(check)}`)
  const more = failed.length > 2 ? `; ${failed.length - 2} more` : ''
  return labelled(`✗ ${roleName(login)}`, `${shown.join('; ')}${more}`, page, {
    column: width + 4,
    paint: page.ink.dim,
  })
}

function roleName({ mount, role }: JudgedLogin): string {
  return visible(`${mount}/${role}`)
}

/** The answers of `access why` for programs. */
export function whyJson({ explained, reports, surveys, notes }: WhyAnswer): string {
  return document({
    format: 'vaultwright-access-why/1',
    ...(explained === undefined ? {} : { explained: explained.map(explanationReport) }),
    ...(reports === undefined
      ? {}
      : { answers: reports.map((report) => ({ ...accessReport(report), others: report.others })) }),
    ...(surveys === undefined ? {} : { environments: surveys.map(surveyReport) }),
    notes,
  })
}

function surveyReport({ environment, server, admitting, refusing }: SurveyReport): object {
  return {
    environment,
    server: `${server.product}@${server.version}`,
    admitting: admitting.map(accessReport),
    refusing: refusing.map((login) => loginReport({ ...login, checks: login.failed })),
  }
}
