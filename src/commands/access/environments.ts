import { type AccessModel, modelOf } from '../../access/model.ts'
import type { Locate } from '../../access/why/judge.ts'
import { nearestRole } from '../../access/why/token-hints.ts'
import type { Configuration, Environment } from '../../core/configuration.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import { kindOf } from '../../core/kind.ts'
import type { Desired } from '../../core/resource.ts'
import type { ServerVersion } from '../../core/version.ts'
import { kinds } from '../../kinds/index.ts'
import type { Context, Options } from '../session/command.ts'
import { usage } from '../session/options.ts'
import { openWorkspace } from '../session/workspace.ts'
import { serverOf } from './options.ts'

/** An environment as the rules of its server see it. */
export interface AccessEnvironment {
  readonly name: string
  readonly model: AccessModel
  readonly locate: Locate
}

export interface AccessConfiguration {
  /** Those that were chosen. */
  readonly environments: readonly AccessEnvironment[]
  /** Of all environments, to say where something else holds. */
  readonly models: ReadonlyMap<string, AccessModel>
  /** Version of the GitLab, where the settings say it. */
  readonly gitlab?: string
}

/** The files, as an answer needs them. Throws UserError for mistakes in them. */
export async function openAccess(context: Context, options: Options): Promise<AccessConfiguration> {
  const { configuration, environments: chosen } = await openWorkspace(context, options)
  const server = serverOf(options)
  const models = new Map(
    configuration.environments.map((environment) => [environment.name, modelFor(environment, server)]),
  )
  const gitlab = configuration.settings.gitlab.version
  return {
    environments: chosen.map((environment) => ({
      name: environment.name,
      model: models.get(environment.name) as AccessModel,
      locate: locator(configuration, environment),
    })),
    models,
    ...(gitlab === undefined ? {} : { gitlab }),
  }
}

function modelFor({ desired, namespace, server }: Environment, override: ServerVersion | undefined): AccessModel {
  return modelOf(desired, { kinds, server: override ?? server, namespace })
}

/** Where the files say what a check expects; undefined where they leave it to the server's default. */
function locator(configuration: Configuration, environment: Environment): Locate {
  const objects = new Map(environment.desired.map((desired) => [keyOf(desired), desired]))
  return ({ object, field }, mount, role) => {
    const desired = objects.get(object === 'role' ? `role ${mount}/${role}` : `auth-config ${mount}`)
    const [name] = field
    if (desired === undefined || (name !== undefined && desired.spec[name] === undefined)) return undefined
    return configuration.locate(desired, environment.name, field)?.source
  }
}

function keyOf(desired: Desired): string {
  const fact = kindOf(kinds, desired.kind).access?.(desired)
  if (fact?.as === 'role') return `role ${fact.mount}/${fact.name}`
  return fact?.as === 'auth-config' ? `auth-config ${fact.mount}` : desired.address
}

/** A role by its name, and by its mount where several have one of that name; environments without it are left out. */
export function withRole(
  environments: readonly AccessEnvironment[],
  role: string,
  mount: string | undefined,
): readonly (AccessEnvironment & { readonly mount: string })[] {
  const found = environments.flatMap((environment) => {
    const mounts = [...environment.model.mounts.values()]
      .filter(({ path, roles }) => roles.has(role.toLowerCase()) && (mount === undefined || path === mount))
      .map(({ path }) => path)
    if (mounts.length > 1)
      throw usage(
        `${environment.name} has the role ${JSON.stringify(role)} at ${mounts.length} mounts: ${mounts.join(', ')}`,
        'Choose one with --mount.',
      )
    return mounts.map((path) => ({ ...environment, mount: path }))
  })
  if (found.length === 0) throw unknownRole(environments, role, mount)
  return found
}

function unknownRole(environments: readonly AccessEnvironment[], role: string, mount: string | undefined): UserError {
  const mounts = environments.flatMap(({ model }) => [...model.mounts.values()])
  const elsewhere = mounts.find(({ path, roles }) => path !== mount && roles.has(role.toLowerCase()))
  const names = [...new Set(mounts.flatMap(({ roles }) => [...roles.keys()]))].sort()
  const near = nearestRole(role, names)
  const help =
    elsewhere !== undefined
      ? `It is at the mount ${JSON.stringify(elsewhere.path)}: VAULT_AUTH_PATH has to name that one.`
      : near !== undefined
        ? `Did you mean ${JSON.stringify(near)}?`
        : names.length === 0
          ? 'These environments have no roles.'
          : `There are: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`
  const where = `${mount === undefined ? '' : ` at the mount ${JSON.stringify(mount)}`} in ${environments.map(({ name }) => name).join(', ')}`
  const said = `role ${JSON.stringify(role.toLowerCase())} could not be found`
  return new UserError([
    problem('unknown-role', `no file describes the role ${JSON.stringify(role)}${where}; a server says: ${said}`, help),
  ])
}
