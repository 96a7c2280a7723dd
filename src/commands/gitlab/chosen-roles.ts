import type { Via } from '../../core/configuration.ts'
import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import { matchesGlob } from '../../core/glob.ts'
import { nearest } from '../../core/nearest.ts'
import type { JobRole } from '../../gitlab/job-role.ts'
import { conditionsOf } from '../../gitlab/jobs/conditions.ts'
import { problemsOf } from '../../gitlab/jobs/refused.ts'
import type { Options } from '../session/command.ts'
import { list } from '../session/options.ts'
import type { Workspace } from '../session/workspace.ts'

/** The roles that `--environment` and `--role` ask for. Throws UserError where a name is none of them. */
export function chosenRoles(
  options: Options,
  { environments }: Workspace,
  roles: readonly JobRole[],
): (role: JobRole) => boolean {
  const globs = list(options, 'role')
  const names = new Set(environments.map(({ name }) => name))
  const unknown = unknownRoles(globs, '--role', roles)
  if (unknown.length > 0) throw new UserError(unknown)
  return ({ name, environment }) => names.has(environment.name) && (globs.length === 0 || fits(globs, name))
}

function fits(globs: readonly string[], name: string): boolean {
  return globs.some((glob) => matchesGlob(glob, name))
}

function unknownRoles(globs: readonly string[], where: string, roles: readonly JobRole[]): readonly Diagnostic[] {
  const names = [...new Set(roles.map(({ name }) => name))]
  return globs
    .filter((glob) => !names.some((name) => matchesGlob(glob, name)))
    .map((glob) => {
      const near = nearest(glob, names)
      const help = near === undefined ? `There are: ${names.join(', ')}.` : `Did you mean ${near}?`
      return problem('unknown-role', `${where}: no role with secrets is named ${JSON.stringify(glob)}`, help)
    })
}

/** Throws UserError with everything that stands against writing the chosen ones of all roles. */
export function refuseRoles(
  all: readonly JobRole[],
  chosen: readonly JobRole[],
  via: Via,
  adapt: readonly string[],
): void {
  const unbound = chosen.filter(({ name, role }) => fits(adapt, name) && conditionsOf(role).project.length === 0)
  const problems = [
    ...unknownRoles(adapt, 'gitlab.jobs.adapt', all),
    ...chosen.flatMap((role) => problemsOf(role, via)),
    ...unbound.map(nothingToAdaptTo),
  ]
  if (problems.length > 0) throw new UserError(problems)
}

function nothingToAdaptTo({ address, source }: JobRole): Diagnostic {
  const message = `gitlab.jobs.adapt names ${address}, which binds neither a project nor a group`
  const help = 'Bind project_id or namespace_id, or take the role out of gitlab.jobs.adapt.'
  return { ...problem('adapts-to-nothing', message, help), source }
}
