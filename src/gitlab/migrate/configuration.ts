import { groupBy } from '../../core/group-by.ts'
import type { JsonObject } from '../../core/json.ts'
import type { GitlabDocument, GitlabEntry } from '../document.ts'
import type { Proposal, ProposedRole } from './propose.ts'

export interface Surroundings {
  /** Of GitLab: the issuer of its ID tokens. */
  readonly gitlab: string
  /** The audience of ID tokens; the address of Vault by custom. */
  readonly audience: string
  /** Absent where VAULT_ADDR says it. */
  readonly address?: string | undefined
  readonly namespace?: string | undefined
  /** The path of the auth mount. */
  readonly authMount: string
  readonly edition?: 'free' | 'premium' | 'ultimate' | undefined
}

/** The first line of every file that is written here; one without it is somebody's own and left alone. */
export const proposalLine = 'Proposed by "vaultwright migrate plan". Read it, change it, keep it: it is yours.'

/** The files of a configuration, by path, as data. */
export function proposedFiles(proposal: Proposal, around: Surroundings): ReadonlyMap<string, GitlabDocument> {
  const roles = groupBy(proposal.roles, (role) => (role.scope === undefined ? role.name : roleFile(role)))
  return new Map([
    ['vaultwright.yaml', document(settings(around))],
    ...proposal.environments.map(
      (name) => [`environments/${name}.yaml`, document(environment(name, proposal, around))] as const,
    ),
    ...[...roles].map(([name, same]) => [`roles/${name}.yaml`, document(roleEntries(same, around))] as const),
  ])
}

function document(entries: readonly GitlabEntry[]): GitlabDocument {
  return { comment: proposalLine, entries }
}

/** One file for a project: its roles differ by environment. */
function roleFile({ name, environment }: ProposedRole): string {
  return name.slice(0, -environment.length - 1)
}

function settings({ edition }: Surroundings): readonly GitlabEntry[] {
  return [
    {
      key: 'gitlab',
      value: { ...(edition === undefined ? {} : { edition }), jobs: { file: 'gitlab/vault-jobs.yml' } },
    },
  ]
}

function environment(name: string, { roles }: Proposal, around: Surroundings): readonly GitlabEntry[] {
  const { gitlab, audience, address, namespace, authMount } = around
  const own = roles.filter((role) => role.environment === name).map((role) => role.name)
  const config = { oidc_discovery_url: '${gitlab}', bound_issuer: '${gitlab}' }
  const mount = {
    type: 'jwt',
    description: 'GitLab CI jobs',
    tune: { default_lease_ttl: '5m', max_lease_ttl: '1h' },
    config,
  }
  return [
    ...(address === undefined ? [] : [{ key: 'address', value: address }]),
    ...(namespace === undefined ? [] : [{ key: 'namespace', value: namespace }]),
    { key: 'variables', value: { gitlab, vault: audience } },
    { key: 'auth', value: { [authMount]: mount } },
    {
      key: 'owns',
      comment: 'These and nothing else, so that what others have on the server stays theirs.',
      value: { policies: own, roles: { [authMount]: own } },
    },
  ]
}

function roleEntries(roles: readonly ProposedRole[], around: Surroundings): readonly GitlabEntry[] {
  const [first] = roles
  if (first === undefined) return []
  const { project, scope } = first
  return [
    {
      key: 'name',
      comment: `For jobs of ${project.path}${scope === undefined ? ' without an environment' : ''}.`,
      value: scope === undefined ? first.name : `${roleFile(first)}-\${environment}`,
    },
    { key: 'mount', value: around.authMount },
    { key: 'environments', value: Object.fromEntries(roles.map((role) => [role.environment, own(role, around)])) },
    { key: 'role_type', value: 'jwt' },
    { key: 'user_claim', value: 'project_id' },
    { key: 'bound_audiences', value: ['${vault}'] },
    {
      key: 'bound_claims',
      comment:
        'The project that runs the job and the one whose code it runs, so that no fork logs in. Numbers outlive renames.',
      value: common(first),
    },
    { key: 'token_type', value: 'batch' },
    { key: 'token_ttl', value: '5m' },
  ]
}

function common({ project }: ProposedRole): JsonObject {
  return {
    project_id: String(project.id),
    job_project_id: String(project.id),
    ref_protected: 'true',
    ref_type: 'branch',
    pipeline_source: ['push', ...(project.schedules ? ['schedule'] : [])],
  }
}

function own({ scope, secrets }: ProposedRole, { edition }: Surroundings): JsonObject {
  const claims = scope === undefined ? {} : { bound_claims: environmentClaims(scope, edition) }
  const type = scope?.includes('*') ? { bound_claims_type: 'glob' } : {}
  return {
    ...type,
    ...claims,
    secrets: Object.fromEntries(Object.entries(secrets).map(([key, use]) => [key, { engine: 'kv-v2', ...use }])),
  }
}

/** In the free edition an environment is never protected, as far as ID tokens say. */
function environmentClaims(scope: string, edition: Surroundings['edition']): JsonObject {
  return {
    environment: scope,
    ...(edition === 'free' ? {} : { environment_protected: 'true' }),
    environment_action: 'start',
  }
}
