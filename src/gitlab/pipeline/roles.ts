import type { Environment } from '../../core/configuration.ts'
import { type Diagnostic, problem } from '../../core/diagnostic.ts'
import { groupBy } from '../../core/group-by.ts'
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

/** Where the pipeline works, or what it misses there: one problem for a role, however many environments lack it. */
export function pipelinePlaces(
  environments: readonly Environment[],
  roles: readonly JobRole[],
  names: RoleNames,
): { readonly places: readonly Place[]; readonly problems: readonly Diagnostic[] } {
  const byEnvironment = groupBy(roles, ({ environment }) => environment)
  const found = environments.map((environment) => {
    const here = byEnvironment.get(environment) ?? []
    return { environment, jobs: purposes.map((purpose) => roleFor(purpose, here, names[purpose], environment)) }
  })
  const places = found.flatMap(({ environment, jobs }): Place[] => {
    const [plan, apply, drift] = jobs.filter((one) => one !== undefined && 'role' in one)
    return plan && apply && drift ? [{ environment, plan, apply, drift }] : []
  })
  const absent = purposes.flatMap((purpose, at) => {
    const lacking = found.filter(({ jobs }) => jobs[at] === undefined).map(({ environment }) => environment)
    return lacking.length === 0 ? [] : [missing(purpose, names[purpose], lacking, roles)]
  })
  const unfit = found.flatMap(({ jobs }) => jobs.filter((one) => one !== undefined && 'message' in one))
  return { places, problems: [...absent, ...unfit] }
}

/** Undefined where there is none of the name. */
function roleFor(
  purpose: Purpose,
  roles: readonly JobRole[],
  pattern: string,
  environment: Environment,
): JobRole | Diagnostic | undefined {
  const name = nameIn(pattern, environment)
  const [found, ...more] = roles.filter((role) => role.name === name)
  const setting = `gitlab.pipeline.roles.${purpose}`
  if (found === undefined) return undefined
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

/** @param pattern the role's name, in which `${environment}` may stand */
function missing(
  purpose: Purpose,
  pattern: string,
  environments: readonly Environment[],
  roles: readonly JobRole[],
): Diagnostic {
  const [first, ...more] = environments
  const here = roles.filter(({ environment }) => environments.includes(environment)).map(({ name }) => name)
  const near = nearest(more.length === 0 ? nameIn(pattern, first) : pattern, here)
  const names = environments.map(({ name }) => name)
  const who = more.length === 0 ? `${names[0]} has` : `${listed(names)} have`
  return {
    ...problem(
      'no-pipeline-role',
      `${who} no role ${more.length === 0 ? nameIn(pattern, first) : pattern}, by which the pipeline would log in`,
      `${near === undefined ? '' : `Did you mean ${near}? `}${describing(purpose, names)}`,
    ),
    ...(first === undefined ? {} : { source: first.source }),
  }
}

const mostListed = 5

function listed(names: readonly string[]): string {
  const rest = names.length - mostListed
  if (rest > 0) return `${names.slice(0, mostListed).join(', ')} and ${rest} more`
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** Whoever has only the program gets far with this; the page has the policies, too. */
function describing(purpose: Purpose, names: readonly string[]): string {
  const claims = ['project_id', 'job_project_id', ...(purpose === 'plan' ? [] : ['ref_path', 'ref_protected'])]
  const environments = names.length > mostListed ? 'environments (all of them)' : `environments: [${names.join(', ')}]`
  return [
    `Write roles/${usualRoles[purpose]}.yaml: docs/gitlab-pipeline.md has this role and its policy to copy, under "Roles and policies".`,
    `It takes ${environments}, role_type: jwt, user_claim: project_id, bound_audiences, bound_claims`,
    `(${claims.join(', ')}) and token_policies. Or name another role in gitlab.pipeline.roles.${purpose} of vaultwright.yaml.`,
  ].join(' ')
}

function nameIn(pattern: string, environment: Environment | undefined): string {
  return pattern.replaceAll('${environment}', environment?.name ?? '')
}

export function loginOf({ mount, name, audiences }: JobRole): Login {
  return { audience: audiences[0] as string, mount, role: name }
}
