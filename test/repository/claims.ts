import { isObject, type JsonObject } from '../../src/core/json.ts'
import { type Claims, gitlab, otherGitlab, sign } from '../support/issuer.ts'
import { request, type Server } from '../support/live-vault.ts'

/** A job that this repository's roles are made for: where it logs in, and what its ID token says of it. */
interface Job {
  readonly mount: string
  readonly role: string
  readonly claims: Claims
}

const mainBranch: Claims = { ref: 'main', ref_type: 'branch', ref_path: 'refs/heads/main', ref_protected: 'true' }

/** Of the project that keeps this configuration. */
const configuration: Claims = {
  iss: gitlab,
  ...mainBranch,
  ...project('7', 'platform/vault-configuration', '3', 'platform'),
}

const jobs = {
  'vaultwright-plan': {
    mount: 'jwt',
    role: 'vaultwright-plan',
    claims: {
      ...configuration,
      pipeline_source: 'merge_request_event',
      ...{ ref: 'a-change', ref_path: 'refs/heads/a-change', ref_protected: 'false' },
    },
  },
  'vaultwright-apply': {
    mount: 'jwt',
    role: 'vaultwright-apply',
    claims: { ...configuration, pipeline_source: 'push' },
  },
  'vaultwright-drift': {
    mount: 'jwt',
    role: 'vaultwright-drift',
    claims: { ...configuration, pipeline_source: 'schedule' },
  },
  'myproject-staging': {
    mount: 'jwt',
    role: 'myproject-staging',
    claims: {
      iss: gitlab,
      ...project('42', 'shop/myproject', '12', 'shop'),
      ...{ ref: 'a-change', ref_type: 'branch', ref_path: 'refs/heads/a-change', ref_protected: 'false' },
      ...environment('staging', 'false'),
    },
  },
  'myproject-production': {
    mount: 'jwt',
    role: 'myproject-production',
    claims: {
      iss: gitlab,
      ...project('42', 'shop/myproject', '12', 'shop'),
      ...mainBranch,
      ...environment('production', 'true'),
      pipeline_source: 'push',
    },
  },
  'build-token': {
    mount: 'jwt',
    role: 'build-token',
    claims: {
      iss: gitlab,
      ...project('501', 'gitlab-org/security/omnibus-gitlab', '5', 'gitlab-org/security'),
      ref_protected: 'false',
    },
  },
  'nexus-ci': {
    mount: 'jwt_cwiq',
    role: 'nexus-ci',
    claims: { iss: otherGitlab, aud: otherGitlab, ...project('90', 'orchestrator/executor', '9', 'orchestrator') },
  },
} as const satisfies Record<string, Job>

export type JobName = keyof typeof jobs

/** What the ID token of such a job says, as far as a role may look at it. */
export function claimsFor(job: JobName): Claims {
  return jobs[job].claims
}

/** A job whose code and whose pipeline are of the same project. */
function project(id: string, path: string, namespaceId: string, namespacePath: string): Claims {
  return {
    ...{ project_id: id, project_path: path, namespace_id: namespaceId, namespace_path: namespacePath },
    ...{ job_project_id: id, job_project_path: path, job_namespace_id: namespaceId, job_namespace_path: namespacePath },
  }
}

/** A merge request's pipeline that runs a fork's code in the parent project, as GitLab tells it since 18.2.2. */
export const fork: Claims = {
  ...{ project_id: '666', project_path: 'mallory/fork', namespace_id: '660', namespace_path: 'mallory' },
}

function environment(name: string, isProtected: 'true' | 'false'): Claims {
  return {
    environment: name,
    environment_protected: isProtected,
    environment_action: 'start',
    deployment_tier: name,
  }
}

export type Login = { readonly token: string } | { readonly status: number; readonly errors: readonly string[] }

/** The ID token that GitLab would give the job, with some of its claims changed. */
export function idTokenOf(name: JobName, changes: Claims = {}): Promise<string> {
  return sign({ ...jobs[name].claims, ...changes })
}

/** Logs in as the job would, with some of its claims changed. */
export async function logIn(server: Server, name: JobName, changes: Claims = {}): Promise<Login> {
  const { mount, role } = jobs[name]
  const jwt = await idTokenOf(name, changes)
  const answer = await request({ address: server.address }, 'POST', `auth/${mount}/login`, { role, jwt })
  if (answer.status !== 200) return { status: answer.status, errors: (answer.body?.['errors'] ?? []) as string[] }
  return { token: tokenIn(answer.body) }
}

/** The token that a login or a creation answers with. */
export function tokenIn(body: JsonObject | undefined): string {
  const auth = body?.['auth']
  if (!isObject(auth)) throw new Error('the answer holds no token')
  return String(auth['client_token'])
}

/** The server as such a job sees it after its login. Throws with the server's words when it does not get in. */
export async function serverAs(server: Server, name: JobName): Promise<Server & { readonly token: string }> {
  const login = await logIn(server, name)
  if ('errors' in login) throw new Error(`${name} could not log in: ${login.errors.join('; ')}`)
  return { address: server.address, token: login.token }
}
