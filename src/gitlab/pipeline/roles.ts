import type { Environment } from '../../core/configuration.ts'
import { type Diagnostic, problem } from '../../core/diagnostic.ts'
import { nearest } from '../../core/nearest.ts'
import type { JobRole } from '../job-role.ts'
import type { Login } from './spread.ts'

export type Purpose = 'plan' | 'apply' | 'drift'
export const purposes: readonly Purpose[] = ['plan', 'apply', 'drift']

/** Names of the roles that the pipeline logs in to; `${environment}` is filled in. */
export type RoleNames = Readonly<Record<Purpose, string>>

export const usualRoles: RoleNames = {
  plan: 'vaultwright-plan',
  apply: 'vaultwright-apply',
  drift: 'vaultwright-drift',
}

/** An environment with the roles of its jobs. */
export type Place = { readonly environment: Environment } & Readonly<Record<Purpose, JobRole>>

/** Where the pipeline works, or what it misses there. */
export function pipelinePlaces(
  environments: readonly Environment[],
  roles: readonly JobRole[],
  names: RoleNames,
): { readonly places: readonly Place[]; readonly problems: readonly Diagnostic[] } {
  const problems: Diagnostic[] = []
  const places = environments.flatMap((environment): Place[] => {
    const here = roles.filter((role) => role.environment === environment)
    const found = purposes.map((purpose) => roleFor(purpose, here, names[purpose], environment))
    problems.push(...found.filter((one) => 'message' in one))
    const [plan, apply, drift] = found.filter((one) => 'role' in one)
    return plan && apply && drift ? [{ environment, plan, apply, drift }] : []
  })
  return { places, problems }
}

function roleFor(
  purpose: Purpose,
  roles: readonly JobRole[],
  pattern: string,
  environment: Environment,
): JobRole | Diagnostic {
  const name = pattern.replaceAll('${environment}', environment.name)
  const [found, ...more] = roles.filter((role) => role.name === name)
  const setting = `gitlab.pipeline.roles.${purpose}`
  if (found === undefined) return { ...missing(name, setting, roles, environment.name), source: environment.source }
  if (more.length > 0)
    return {
      ...problem(
        'ambiguous-role',
        `${environment.name} has the role ${name} at several mounts, and a job logs in at one`,
        `Name another role in ${setting} of vaultwright.yaml.`,
      ),
      source: found.source,
    }
  if (found.audiences.length > 0) return found
  return {
    ...problem(
      'no-audience',
      `${environment.name}: the role ${name} takes no audience, so there is none to ask an ID token for`,
      'Give it bound_audiences.',
    ),
    source: found.source,
  }
}

function missing(name: string, setting: string, roles: readonly JobRole[], environment: string): Diagnostic {
  const near = nearest(
    name,
    roles.map((role) => role.name),
  )
  const help = `Describe it in roles/, or name another one in ${setting} of vaultwright.yaml.`
  return problem(
    'no-pipeline-role',
    `${environment} has no role ${name}, by which the pipeline would log in`,
    near === undefined ? help : `Did you mean ${near}? ${help}`,
  )
}

export function loginOf({ mount, name, audiences }: JobRole): Login {
  return { audience: audiences[0] as string, mount, role: name }
}
