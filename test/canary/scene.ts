import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { ownName } from '../commands/fixture.ts'
import { withFiles } from '../support/files.ts'
import { gitlabApi } from '../support/gitlab-api.ts'
import { gitlab, sign } from '../support/issuer.ts'
import { liveVault, request } from '../support/live-vault.ts'
import { type Canaries, canaries } from './canaries.ts'
import { odd, repository } from './repository.ts'
import type { Places } from './watched-run.ts'
import { type Way, way } from './way.ts'

/** A real server, a GitLab and a repository, with a canary wherever a secret may be. */
export interface Scene {
  readonly id: string
  readonly planted: Canaries
  readonly places: Places
  readonly vault: Way
  readonly gitlab: Way
  /** Of a person or job with every credential there is. */
  readonly env: Readonly<Record<string, string>>
  /** Instead of a token: a job's ID token. */
  readonly byIdToken: Readonly<Record<string, string>>
  /** Of a person who writes it into addresses. */
  readonly password: string
  root(method: string, path: string, body?: unknown): Promise<void>
  stop(): Promise<void>
}

export async function scene(): Promise<Scene> {
  const [server, planted, id] = [await liveVault(), canaries(), ownName()]
  const root = (method: string, path: string, body?: unknown) =>
    // A new kv-v2 mount needs a moment to get ready.
    vi.waitFor(async () => expect((await request(server, method, path, body)).status).toBeLessThan(300), 10_000)
  const token = planted.plant('VAULT_TOKEN')
  await root('POST', 'auth/token/create', { id: token, policies: ['root'], ttl: '6h' })
  await plantOnServer(id, planted, root)
  const world = gitlabWorld(id, planted)
  const api = await gitlabApi(world)
  const [vaultWay, gitlabWay] = [await way(server.address, planted), await way(api.url, planted)]
  const places = folders(id, planted, token)
  const idToken = planted.adopt('VAULT_ID_TOKEN', await sign())
  const secrets = {
    OIDC_CLIENT_SECRET: planted.plant('a write-only value of ${env:}', odd),
    GSUITE_ACCOUNT: planted.plant('a write-only value of provider_config'),
    OTHER_ID_TOKEN: planted.adopt('another ID token', await sign({ aud: 'https://other.example.com' })),
    DEPLOY_PASSWORD: planted.plant('a variable of the job that nobody uses'),
    CI_JOB_TOKEN: planted.plant('CI_JOB_TOKEN', (core) => `glcbt-${core}`),
  }
  const gitlabEnv = {
    CI_API_V4_URL: `${gitlabWay.address}/api/v4`,
    VAULTWRIGHT_GITLAB_TOKEN: Object.keys(world.tokens)[0] as string,
    ...{ CI_PROJECT_ID: '22', CI_MERGE_REQUEST_PROJECT_ID: '22', CI_MERGE_REQUEST_IID: '7' },
  }
  const connection = { VAULT_ADDR: vaultWay.address, VAULT_MAX_RETRIES: '0', VAULT_CLIENT_TIMEOUT: '60' }
  const login = { VAULT_ID_TOKEN: idToken, VAULT_AUTH_PATH: `${id}-login`, VAULT_AUTH_ROLE: 'everything' }
  const base = { ...connection, ...gitlabEnv, ...secrets }
  return {
    ...{ id, planted, places, root, vault: vaultWay, gitlab: gitlabWay },
    env: { ...base, VAULT_TOKEN: token },
    byIdToken: { ...base, ...login },
    password: planted.plant('the password of an address'),
    stop: async () => {
      await Promise.all([vaultWay.stop(), gitlabWay.stop()])
    },
  }
}

async function plantOnServer(id: string, planted: Canaries, root: Scene['root']): Promise<void> {
  await root('POST', `sys/mounts/${id}-kv`, { type: 'kv', options: { version: '2' } })
  const data = {
    password: planted.plant('the content of a secret'),
    odd: planted.plant('the content of a secret in odd letters', odd),
    lines: planted.plant('the content of a secret of two lines', (core) => `first line\n${core}\n`),
  }
  await root('POST', `${id}-kv/data/app`, { data })
  await root('POST', `sys/auth/${id}-login`, { type: 'jwt' })
  await root('POST', `auth/${id}-login/config`, { oidc_discovery_url: gitlab, bound_issuer: gitlab })
  const all = '["create", "read", "update", "delete", "list", "sudo"]'
  await root('POST', `sys/policies/acl/${id}-everything`, { policy: `path "*" { capabilities = ${all} }` })
  await root('POST', `auth/${id}-login/role/everything`, {
    ...{ role_type: 'jwt', user_claim: 'project_id', bound_audiences: ['https://vault.example.com'] },
    ...{ bound_claims: { project_id: '22' }, token_policies: [`${id}-everything`] },
  })
}

function gitlabWorld(id: string, planted: Canaries) {
  const token = planted.plant('a token of GitLab', (core) => `glpat-${core}`)
  const value = (key: string, more = {}) => ({ key, value: planted.plant(`the CI variable ${key}`), ...more })
  return {
    users: [{ id: 101, username: 'project_22_bot' }],
    tokens: { [token]: { user: 101 } },
    groups: [{ id: 7, path: 'company', members: { 101: 50 }, variables: [value('GROUP_TOKEN', { masked: true })] }],
    projects: [
      {
        ...{ id: 22, path: id, group: 7, members: { 101: 40 }, pipelines: [], mergeRequests: [{ iid: 7, notes: [] }] },
        variables: [
          value('DB_PASSWORD', { environment_scope: 'production', protected: true, masked: true }),
          value('DEPLOY_TOKEN', { protected: true, masked: true }),
          value('SERVICE_KEY', { variable_type: 'file' }),
        ],
        schedules: [{ id: 13, description: 'nightly', ref: 'main', owner: 101, variables: [value('NIGHTLY_SECRET')] }],
      },
    ],
  }
}

function folders(id: string, planted: Canaries, token: string): Places {
  const work = withFiles(repository(id, planted))
  const [home, temporary] = [withFiles({ '.vault-token': token }), withFiles({})]
  mkdirSync(join(work, 'import'))
  return { work, home, temporary }
}
