import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AccessModel } from '../../access/model.ts'
import { parsePolicy } from '../../access/policy/parse.ts'
import { type AccessReport, type AskedAccess, answerAccess, isAllowed } from '../../access/why/answer.ts'
import { judgeLogin } from '../../access/why/judge.ts'
import { type TokenPolicies, tokenPolicies } from '../../access/why/token-policies.ts'
import { capabilities } from '../../core/capability.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { parseJsonText } from '../../core/json-text.ts'
import { nearest } from '../../core/nearest.ts'
import { assumedServer, type ServerVersion } from '../../core/version.ts'
import { canText } from '../../render/access/answer.ts'
import { canJson } from '../../render/access/answer-json.ts'
import type { Context, Options } from '../session/command.ts'
import { list, text, usage } from '../session/options.ts'
import { readBearer } from './bearer.ts'
import { type AccessConfiguration, type AccessEnvironment, openAccess, withRole } from './environments.ts'
import { serverOf } from './options.ts'
import { pageOptions } from './page.ts'

/** Events are not requests. */
const requested = capabilities.filter((capability) => capability !== 'subscribe')

/** `access can` with its question on the command line. Gives the exit code. */
export async function ask(context: Context, options: Options, args: readonly string[]): Promise<number> {
  const asked = askedAccess(options, args)
  const { reports, notes } = await answers(context, options, asked)
  context.stdout.write(
    text(options, 'format') === 'json'
      ? canJson(reports, notes)
      : canText(reports, notes, pageOptions(context, options)),
  )
  return reports.every(isAllowed) ? 0 : 1
}

interface Answers {
  readonly reports: readonly AccessReport[]
  readonly notes: readonly string[]
}

async function answers(context: Context, options: Options, asked: AskedAccess): Promise<Answers> {
  const [role, policies] = [text(options, 'role'), list(options, 'policy')]
  if ((role === undefined) === (policies.length === 0))
    throw usage(
      'name either a role (--role, with --claims or --token) or policies (--policy)',
      'For example: vaultwright access can --policy nexus-read read secret/data/nexus',
    )
  if (role !== undefined) return askRole(context, options, asked, role)
  const files = policies.filter(isFile)
  if (files.length < policies.length) return askPolicies(context, options, asked, policies)
  const server = serverOf(options) ?? assumedServer
  return { reports: [reportOf(context, { server, policies, asked })], notes: [] }
}

/** A capability and a path from the command line. Throws UserError. */
export function askedAccess(options: Options, [capability, path]: readonly (string | undefined)[]): AskedAccess {
  if (capability === undefined || path === undefined)
    throw usage('what is asked takes a capability and a path, such as: read ops/data/production/db')
  const asked = requested.find((one) => one === capability)
  if (asked === undefined) {
    const near = nearest(capability, requested)
    const help = near === undefined ? `There are: ${requested.join(', ')}.` : `Did you mean ${near}?`
    throw usage(`${JSON.stringify(capability)} is no capability`, help)
  }
  const parameters = parametersOf(list(options, 'parameter'))
  const wrapTtl = durationOf(text(options, 'wrapTtl'))
  return {
    capability: asked,
    path: apiPath(path),
    ...(parameters === undefined ? {} : { parameters }),
    ...(wrapTtl === undefined ? {} : { wrapTtl }),
  }
}

/** People paste what they see in logs: whole URLs, and paths with the API's version before them. */
function apiPath(path: string): string {
  return path
    .replace(/^https?:\/\/[^/]*\/v1\//, '')
    .replace(/^\/v1\//, '')
    .replace(/^\/+/, '')
}

function parametersOf(given: readonly string[]): JsonObject | undefined {
  return given.length === 0 ? undefined : Object.fromEntries(given.map(parameterOf))
}

function parameterOf(given: string): [string, JsonValue] {
  const [, name, json, value = ''] = /^([^=]+?)(:)?=(.*)$/s.exec(given) ?? []
  if (name === undefined) throw usage(`--parameter takes key=value or key:=json, not ${JSON.stringify(given)}`)
  if (json === undefined) return [name, value]
  try {
    return [name, parseJsonText(value)]
  } catch {
    throw usage(`the value of --parameter ${name}:= is no JSON`, `For a text write ${name}=value.`)
  }
}

function durationOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const seconds = parseDuration(value)
  if (seconds === undefined) throw usage(`--wrap-ttl takes a duration such as 5m, not ${JSON.stringify(value)}`)
  return seconds
}

async function askRole(context: Context, options: Options, asked: AskedAccess, role: string): Promise<Answers> {
  const configuration = await openAccess(context, options)
  const environments = withRole(configuration.environments, role, text(options, 'mount'))
  const { bearer, notes } = await readBearer(context, options, configuration.gitlab)
  const reports = environments.map((environment): AccessReport => {
    const { model, mount, locate, name } = environment
    const login = judgeLogin({ model, mount, name: role }, bearer, locate)
    return {
      environment: name,
      server: model.server,
      login,
      ...(login.decision.ok ? { access: answerIn(configuration, environment, login.decision.policies, asked) } : {}),
    }
  })
  return { reports, notes }
}

/** What a token with these policies may do in an environment. */
export function answerIn(
  { models }: AccessConfiguration,
  { name, model }: AccessEnvironment,
  policies: readonly string[],
  asked: AskedAccess,
) {
  const elsewhere = new Map([...models].filter(([other]) => other !== name))
  return answerAccess({
    asked,
    policies,
    token: tokenPolicies(model, policies),
    server: model.server,
    model,
    elsewhere,
  })
}

async function askPolicies(
  context: Context,
  options: Options,
  asked: AskedAccess,
  policies: readonly string[],
): Promise<Answers> {
  const { environments, models } = await openAccess(context, options)
  const names = policies.filter((policy) => !isFile(policy)).map((name) => name.toLowerCase())
  const having = environments.filter(({ model }) => names.every((name) => isKnown(model, name)))
  if (having.length === 0) throw unknownPolicies(environments, names)
  const reports = having.map(({ name, model }) => ({
    environment: name,
    ...reportOf(context, {
      server: model.server,
      policies,
      asked,
      model,
      elsewhere: new Map([...models].filter(([other]) => other !== name)),
    }),
  }))
  return { reports, notes: [] }
}

function isKnown({ policies }: AccessModel, name: string): boolean {
  return policies.has(name) || name === 'default' || name === 'root'
}

function unknownPolicies(environments: readonly AccessEnvironment[], names: readonly string[]): UserError {
  const known = [...new Set(environments.flatMap(({ model }) => [...model.policies.keys()]))].sort()
  const missing = names.filter((name) => environments.every(({ model }) => !isKnown(model, name)))
  if (missing.length === 0)
    return usage('no environment has all of these policies', 'Ask about those of one environment.')
  return new UserError(
    missing.map((name) => {
      const near = nearest(name, known)
      const help =
        near === undefined ? 'Name a policy of policies/, or a file that ends in .hcl.' : `Did you mean ${near}?`
      return problem('unknown-policy', `no file describes the policy ${JSON.stringify(name)}`, help)
    }),
  )
}

interface PolicyQuestion {
  readonly server: ServerVersion
  /** Names, and files that end in .hcl. */
  readonly policies: readonly string[]
  readonly asked: AskedAccess
  readonly model?: AccessModel
  readonly elsewhere?: ReadonlyMap<string, AccessModel>
}

function reportOf(context: Context, { policies, ...question }: PolicyQuestion): AccessReport {
  const { server, model } = question
  const names = policies.filter((policy) => !isFile(policy)).map((name) => name.toLowerCase())
  const known = model === undefined ? noPolicies : tokenPolicies(model, names)
  const token = policies.filter(isFile).reduce((all, file) => withFile(all, context, file, server), known)
  const access = answerAccess({ ...question, policies: policies.map(policyName), token })
  return { server, access }
}

const noPolicies: TokenPolicies = { policies: [], unknown: [], refused: [], origins: new Map() }

function isFile(policy: string): boolean {
  return policy.endsWith('.hcl')
}

function policyName(policy: string): string {
  return isFile(policy) ? (/([^/]*)\.hcl$/.exec(policy)?.[1] ?? policy).toLowerCase() : policy.toLowerCase()
}

function withFile(token: TokenPolicies, { cwd }: Context, file: string, server: ServerVersion): TokenPolicies {
  const name = policyName(file)
  const parsed = parsePolicy(name, readText(resolve(cwd, file), file), server, { file })
  if ('refused' in parsed) {
    const { line, column } = parsed.refused.position
    throw new UserError([
      {
        code: 'invalid-policy',
        severity: 'error',
        message: `the server would refuse this policy: ${parsed.refused.errors.join('; ')}`,
        source: { file, line, column },
      },
    ])
  }
  const origins = new Map([...token.origins, [name, { from: 'file', file }] as const])
  return { ...token, policies: [...token.policies, parsed.policy], origins }
}

function readText(path: string, file: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UserError([problem('unreadable', `${file} cannot be read (${code})`, 'Name a file, or a policy.')])
  }
}
