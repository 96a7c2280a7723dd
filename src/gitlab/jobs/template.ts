import type { Via } from '../../core/configuration.ts'
import { byText, type JsonObject } from '../../core/json.ts'
import type { GitlabEntry } from '../document.ts'
import type { JobRole } from '../job-role.ts'
import { conditionsOf } from './conditions.ts'
import { jobEnvironment } from './environment.ts'
import { execCommand, manifestLine } from './exec-command.ts'
import type { Named } from './names.ts'
import { idToken, leased, secretsKey } from './secrets.ts'
import { leavesSomething, secretCalls } from './shell/calls.ts'

/** The hidden job that holds the shell functions: in `script`, which other templates take over by reference. */
export const shellJob = '.vault'

const functions = { '!reference': [shellJob, 'script'] }

/** All that a template holds, by keyword of GitLab. */
export function templateValue(role: JobRole, via: Via): JsonObject {
  return {
    id_tokens: { [idToken]: { aud: role.audiences[0] ?? '' } },
    variables: variables(role),
    ...(via === 'secrets' ? { secrets: secretsKey(role.secrets) } : {}),
    ...(via === 'script' ? scripts(role) : {}),
    ...(via === 'exec' ? { before_script: [manifestLine(role)] } : {}),
    ...whereAndWhen(role),
  }
}

/** Of a template that adapts: what every project gets. No rules, as its jobs run in every project. */
export function everywhere(role: JobRole, via: Via): JsonObject {
  const { id_tokens, variables } = templateValue(role, via) as { id_tokens: JsonObject; variables: JsonObject }
  return { id_tokens, variables }
}

/** Of a template that adapts: what only the projects get that the role binds. */
export function whereBound(role: JobRole, via: Via): JsonObject {
  const { id_tokens: _tokens, variables: _variables, rules: _rules, ...rest } = templateValue(role, via)
  return rest
}

function variables({ environment: { address, namespace }, mount, name }: JobRole): JsonObject {
  return {
    ...(address === undefined ? {} : { VAULT_SERVER_URL: address }),
    ...(namespace === undefined ? {} : { VAULT_NAMESPACE: namespace }),
    VAULT_AUTH_PATH: mount,
    VAULT_AUTH_ROLE: name,
  }
}

function scripts({ secrets }: JobRole): JsonObject {
  return {
    before_script: [functions, ...secretCalls(secrets)],
    ...(leavesSomething(secrets) ? { after_script: [functions, 'vault_end'] } : {}),
  }
}

function whereAndWhen({ role }: JobRole): JsonObject {
  const { value: environment } = jobEnvironment(role)
  const { rules } = conditionsOf(role)
  return {
    ...(environment === undefined ? {} : { environment }),
    ...(rules.length === 0 ? {} : { rules: [{ if: rules.join(' && ') }] }),
  }
}

export function templateEntry(template: Named, via: Via): GitlabEntry {
  const [role] = template.roles as readonly [JobRole]
  const value = templateValue(role, via)
  return { key: template.name, comment: templateComment(template, via), value, comments: inside(role, value) }
}

/** Who it is for; and what has no key to stand at. */
export function templateComment({ roles }: Named, via: Via): string {
  const [role] = roles as readonly [JobRole]
  const names = roles.map(({ environment: { name } }) => name).sort(byText)
  const { value, note } = jobEnvironment(role.role)
  const { rules, unseen } = conditionsOf(role.role)
  const lines = [
    `Role ${role.name} at auth/${role.mount}, of ${names.join(' and ')} (${role.source.file}).`,
    ...(via === 'exec' ? ['Secrets are there for one command at a time:', `  ${execCommand}`] : []),
    ...(via === 'secrets' && leased(role.secrets) ? ['Engine "generic" needs GitLab Runner 16.11.'] : []),
    ...(note !== undefined && value === undefined ? [note] : []),
    ...(rules.length === 0 && unseen.length > 0 ? [unseenNote(unseen)] : []),
  ]
  return lines.join('\n')
}

function inside({ role }: JobRole, value: JsonObject): Readonly<Record<string, string>> {
  const { note } = jobEnvironment(role)
  const { unseen } = conditionsOf(role)
  return {
    ...(note !== undefined && 'environment' in value ? { environment: note } : {}),
    ...(unseen.length > 0 && 'rules' in value ? { rules: unseenNote(unseen) } : {}),
  }
}

function unseenNote(unseen: readonly string[]): string {
  return `Vault also asks for what no rule can see: ${unseen.join(', ')}.`
}
