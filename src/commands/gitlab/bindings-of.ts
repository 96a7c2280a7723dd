import { modelOf } from '../../access/model.ts'
import { bindingsOf, type EnvironmentBindings } from '../../access/why/bindings.ts'
import type { Via } from '../../core/configuration.ts'
import { stableStringify } from '../../core/json.ts'
import { type JobRole, jobRoles } from '../../gitlab/job-role.ts'
import { nameTemplates } from '../../gitlab/jobs/names.ts'
import { templateValue } from '../../gitlab/jobs/template.ts'
import type { Workspace } from '../session/workspace.ts'

/** Of the chosen environments; names of templates are those of all, as `gitlab jobs` gives them. */
export function bindingsIn(workspace: Workspace, via: Via): readonly EnvironmentBindings[] {
  const { configuration, environments, kinds } = workspace
  const templates = templateNames(configuration.environments, via)
  return environments.map((environment) => {
    const { desired, namespace, server, name } = environment
    return bindingsOf(environment, modelOf(desired, { kinds, server, namespace }), templates.get(name) ?? new Map())
  })
}

/** By environment and address of the role. */
function templateNames(environments: Workspace['environments'], via: Via) {
  const roles = jobRoles(environments).filter(({ secrets }) => Object.keys(secrets).length > 0)
  const named = nameTemplates(roles, (role) => stableStringify(templateValue(role, via)))
  const names = new Map<JobRole, string>(named.flatMap(({ name, roles: same }) => same.map((role) => [role, name])))
  return new Map(
    environments.map((environment) => [
      environment.name,
      new Map(
        roles.filter((role) => role.environment === environment).map((role) => [role.address, names.get(role) ?? '']),
      ),
    ]),
  )
}
