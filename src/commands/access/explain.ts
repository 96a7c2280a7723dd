import { type AccessReport, isAllowed } from '../../access/why/answer.ts'
import { type Explanation, explainText, failureOf } from '../../access/why/failures.ts'
import { type Bearer, judgeAll, judgeLogin } from '../../access/why/judge.ts'
import type { SurveyReport, WhyAnswer, WhyReport } from '../../access/why/report.ts'
import { whyJson, whyText } from '../../render/access/why.ts'
import type { Context, Options } from '../session/command.ts'
import { text, usage } from '../session/options.ts'
import { answerIn, askedAccess } from './ask.ts'
import { isGiven, readBearer } from './bearer.ts'
import { type AccessConfiguration, openAccess, withRole } from './environments.ts'
import { readAll } from './input.ts'
import { pageOptions } from './page.ts'

/** `access why`. Gives the exit code. */
export async function explain(context: Context, options: Options): Promise<number> {
  const answer = await answerOf(context, options)
  context.stdout.write(
    text(options, 'format') === 'json' ? whyJson(answer) : whyText(answer, pageOptions(context, options)),
  )
  return isGood(answer) ? 0 : 1
}

function isGood({ explained, reports, surveys }: WhyAnswer): boolean {
  if (reports !== undefined) return reports.every(isAllowed)
  if (surveys !== undefined) return surveys.some(({ admitting }) => admitting.some(isAllowed))
  return explained !== undefined && explained.length > 0
}

async function answerOf(context: Context, options: Options): Promise<WhyAnswer> {
  const explained = await explainedError(context, options)
  if (!isGiven(options)) {
    if (explained !== undefined) return { explained, notes: [] }
    throw usage(
      'what is to be explained?',
      'Give a token (--token), its claims (--claims), or a line of a log (--error).',
    )
  }
  const told = explained === undefined ? {} : { explained }
  const configuration = await openAccess(context, options)
  const { bearer, notes, kid } = await readBearer(context, options, configuration.gitlab)
  const header = kid === undefined ? [] : [`The token is signed with ${bearer.alg} and the key ${kid}.`]
  const shown = { ...told, notes: [...header, ...notes] }
  const role = text(options, 'role')
  if (role !== undefined) return { ...shown, reports: reportsOf(configuration, options, bearer, role) }
  if (bearer.claims === undefined) return { explained: [...(explained ?? []), missingToken], surveys: [], notes: [] }
  return { ...shown, surveys: surveysOf(configuration, options, bearer) }
}

const missingToken: Explanation = { failure: failureOf('missing-token'), found: 'the token is empty' }

async function explainedError(context: Context, options: Options): Promise<readonly Explanation[] | undefined> {
  const error = text(options, 'error')
  if (error === undefined) return undefined
  if (error === '-' && [text(options, 'token'), text(options, 'claims')].includes('-'))
    throw usage('stdin can be one of them only: the log, or the token')
  return explainText(error === '-' ? await readAll(context, '-') : error)
}

function askedPath(options: Options) {
  const path = text(options, 'path')
  return path === undefined ? undefined : askedAccess(options, [text(options, 'capability'), path])
}

function reportsOf(
  configuration: AccessConfiguration,
  options: Options,
  bearer: Bearer,
  role: string,
): readonly WhyReport[] {
  const asked = askedPath(options)
  return withRole(configuration.environments, role, text(options, 'mount')).map((environment) => {
    const { name, model, mount, locate } = environment
    const login = judgeLogin({ model, mount, name: role }, bearer, locate)
    const { decision } = login
    return {
      environment: name,
      server: model.server,
      login,
      others: decision.ok || bearer.claims === undefined ? [] : othersAdmitting(configuration, bearer),
      ...(decision.ok && asked !== undefined
        ? { access: answerIn(configuration, environment, decision.policies, asked) }
        : {}),
    }
  })
}

function othersAdmitting({ environments }: AccessConfiguration, bearer: Bearer): WhyReport['others'] {
  return environments.flatMap(({ name, model }) =>
    judgeAll(model, bearer)
      .filter(({ decision }) => decision.ok)
      .map(({ mount, role }) => ({ environment: name, role: `${mount}/${role}` })),
  )
}

function surveysOf(configuration: AccessConfiguration, options: Options, bearer: Bearer): readonly SurveyReport[] {
  const asked = askedPath(options)
  return configuration.environments.map((environment) => {
    const { name, model, locate } = environment
    const judged = judgeAll(model, bearer, { mount: text(options, 'mount'), locate })
    const admitting = judged.flatMap((login): AccessReport[] => {
      const { decision } = login
      if (!decision.ok) return []
      const access = asked && answerIn(configuration, environment, decision.policies, asked)
      return [{ environment: name, server: model.server, login, ...(access === undefined ? {} : { access }) }]
    })
    return {
      environment: name,
      server: model.server,
      admitting,
      refusing: judged.filter(({ decision }) => !decision.ok),
    }
  })
}
