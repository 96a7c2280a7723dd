import { basename } from 'node:path'
import { joined } from '../../access/promises/words.ts'
import type { Configuration, Environment } from '../../core/configuration.ts'
import { type Diagnostic, hasErrors, problem, UserError } from '../../core/diagnostic.ts'
import { stableStringify } from '../../core/json.ts'
import { nearest } from '../../core/nearest.ts'
import { type JobRole, jobRoles } from '../../gitlab/job-role.ts'
import type { Context, Options } from '../session/command.ts'
import { text, usage } from '../session/options.ts'
import { readConfiguration } from '../session/workspace.ts'
import { asWanted, type Wanted } from './wanted.ts'

/**
 * The role that the configuration's files declare, by its full name, or by the name of its file in one environment.
 * Warnings about the files are for `check`: a job that reads a secret is not their reader. Throws UserError.
 */
export async function declaredRole(context: Context, options: Options): Promise<Wanted> {
  const configuration = await readConfiguration(context, options)
  if (configuration.environments.length === 0 && configuration.diagnostics.some(isMissing)) throw noFiles(configuration)
  if (hasErrors(configuration.diagnostics)) throw new UserError(configuration.diagnostics)
  const asked = text(options, 'role') ?? (context.env['BAO_AUTH_ROLE'] || context.env['VAULT_AUTH_ROLE'])
  if (asked === undefined || asked === '')
    throw usage('nobody says which role to log in with', 'Name it with --role, or set VAULT_AUTH_ROLE.')
  const environments = chosen(configuration.environments, text(options, 'environment'))
  return wantedOf(findRole(asked, jobRoles(environments), text(options, 'mount')))
}

function isMissing({ code }: Diagnostic): boolean {
  return code === 'no-environments' || code === 'no-directory'
}

function noFiles({ directory }: Configuration): UserError {
  return new UserError([
    problem(
      'no-secrets',
      `${directory} holds no configuration that could say which secrets to read`,
      'Name its folder with --directory, or say it here: --secret NAME=mount/path#field, or --secrets FILE.',
    ),
  ])
}

function chosen(environments: readonly Environment[], name: string | undefined): readonly Environment[] {
  if (name === undefined) return environments
  const found = environments.filter((environment) => environment.name === name)
  if (found.length > 0) return found
  const known = environments.map((environment) => environment.name)
  const near = nearest(name, known)
  const help = near === undefined ? `There are: ${known.join(', ')}.` : `Did you mean ${near}?`
  throw new UserError([
    problem('unknown-environment', `no file describes the environment ${JSON.stringify(name)}`, help),
  ])
}

function findRole(asked: string, roles: readonly JobRole[], mount: string | undefined): JobRole {
  const there = roles.filter((role) => mount === undefined || role.mount === mount.replace(/^auth\/|\/+$/g, ''))
  const named = there.filter(({ name }) => name.toLowerCase() === asked.toLowerCase())
  const found = named.length > 0 ? named : there.filter(({ source }) => fileName(source.file) === asked)
  const [first] = found
  if (first === undefined) throw unknownRole(asked, there)
  if (new Set(found.map(meaning)).size > 1) throw severalRoles(asked, found)
  return first
}

function fileName(path: string): string {
  return basename(path).replace(/\.ya?ml$/, '')
}

/** Two environments on one server may describe the same role; it is then one role. */
function meaning({ environment, mount, name, secrets }: JobRole): string {
  const { address = '', namespace = '' } = environment
  return stableStringify({ address, namespace, mount, name, secrets: secrets as never })
}

function unknownRole(asked: string, roles: readonly JobRole[]): UserError {
  const names = [...new Set(roles.flatMap(({ name, source }) => [name, fileName(source.file)]))]
  const longer = names.filter((name) => begins(name, asked))
  const meant = longer.length > 0 ? longer : [nearest(asked, names)].filter((name) => name !== undefined)
  const help =
    meant.length === 0 ? 'See roles/, --environment and --mount.' : `Did you mean ${joined(meant.slice(0, 5), 'or')}?`
  return new UserError([
    problem('unknown-role', `no file describes a JWT role called ${JSON.stringify(asked)} here`, help),
  ])
}

/** `shop` of `shop-production`: most names end in their environment. */
function begins(name: string, asked: string): boolean {
  return /^[-_.]/.test(name.slice(asked.length)) && name.toLowerCase().startsWith(asked.toLowerCase())
}

function severalRoles(asked: string, roles: readonly JobRole[]): UserError {
  const places = roles.map(({ environment, mount, name }) => `${name} at ${mount} in ${environment.name}`)
  return new UserError([
    problem('several-roles', `${JSON.stringify(asked)} can be any of: ${places.join(', ')}`, wayToChoose(roles)),
  ])
}

/** Only what tells them apart. */
function wayToChoose(roles: readonly JobRole[]): string {
  const several = (values: readonly string[]) => new Set(values).size > 1
  const options = [
    ...(several(roles.map(({ environment }) => environment.name)) ? ['--environment'] : []),
    ...(several(roles.map(({ mount }) => mount)) ? ['--mount'] : []),
  ]
  const name = roles[0]?.name ?? ''
  const full = several(roles.map((role) => role.name)) ? `give the full name, such as --role ${name}` : ''
  const choose = options.length > 0 ? `choose with ${options.join(' or ')}` : ''
  const words = [choose, full].filter((part) => part !== '').join(', or ')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

function wantedOf({ environment, mount, name, secrets, audiences }: JobRole): Wanted {
  const { address, namespace } = environment
  return {
    role: name,
    mount,
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    source: `environment ${environment.name}`,
    audiences,
    secrets: asWanted(secrets),
  }
}
