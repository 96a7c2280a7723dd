import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { Chance } from './chance.ts'
import { everyName, garbled, hostileTexts, hostileValue, mutated, spoiled } from './values.ts'

/** A repository with a file of every kind, as values and as texts. */
const structured: Readonly<Record<string, JsonValue>> = {
  'vaultwright.yaml': {
    env: everyName,
    external_policies: ['shared-*'],
    gitlab: { edition: 'premium', version: '18.4', jobs: { file: 'gitlab/jobs.yml' } },
    lint: { levels: { GLV21: 'info' } },
  },
  'environments/production.yaml': {
    variables: { gitlab: 'https://gitlab.example.com', team: 'blue', tag: '${team}-${environment}' },
    auth: {
      jwt: {
        type: 'jwt',
        description: 'jobs of ${team}',
        tune: { default_lease_ttl: '5m' },
        config: { oidc_discovery_url: '${gitlab}', bound_issuer: '${gitlab}', default_role: 'app' },
      },
    },
    policies: ['reader'],
    owns: { policies: ['*'], roles: { jwt: ['*'] } },
    unmanaged: 'delete',
  },
  'roles/app.yaml': {
    name: 'app-${environment}',
    environments: { production: { token_ttl: '2m' } },
    role_type: 'jwt',
    user_claim: 'project_id',
    bound_audiences: ['https://vault.example.com'],
    bound_claims: { project_id: '42', ref: ['main', 'release/*'] },
    bound_claims_type: 'glob',
    claim_mappings: { project_path: 'project' },
    token_policies: ['reader', { name: 'app-${environment}', template: 'app' }],
    secrets: { PASSWORD: { engine: 'kv-v2', mount: 'ops', path: '${environment}/db', field: 'password' } },
  },
  'roles/many.yaml': {
    name: 'many-${project}',
    environments: ['production'],
    for_each: { file: 'projects.yaml' },
    role_type: 'jwt',
    user_claim: 'project_id',
    bound_audiences: ['https://vault.example.com'],
    bound_claims: { project_id: '${id}' },
    token_policies: ['reader'],
  },
  'projects.yaml': [
    { project: 'one', id: '1' },
    { project: 'two', id: '2' },
  ],
  'test/access/promises.yaml': {
    claims: { job: { project_id: '42', ref: 'main', project_path: 'a/b' } },
    promises: [
      {
        name: 'jobs of main read the secrets',
        role: 'app-production',
        claims: 'job',
        can: { read: 'ops/data/production/db' },
        cannot: { update: 'ops/metadata/*' },
      },
      { name: 'no other branch', role: 'app-production', claims: { extends: 'job', ref: 'x' }, login: 'refused' },
    ],
  },
  '.gitlab-ci.yml': {
    include: [{ local: '/gitlab/more.yml' }, 'https://gitlab.example.com/x.yml'],
    variables: { VAULT_AUTH_ROLE: 'app-production' },
    build: {
      id_tokens: { VAULT_ID_TOKEN: { aud: 'https://vault.example.com' } },
      secrets: { PASSWORD: { vault: 'production/db/password@ops', file: false } },
      rules: [{ if: '$CI_COMMIT_BRANCH == "main"' }],
      environment: { name: 'production' },
      script: ['echo "$PASSWORD"'],
    },
  },
  'gitlab/more.yml': { '.base': { script: ['true'] }, test: { extends: '.base', needs: ['build'] } },
  'variables.json': [
    {
      key: 'DATABASE_PASSWORD',
      value: 'x',
      environment_scope: '*',
      masked: true,
      protected: false,
      variable_type: 'env_var',
    },
    {
      key: 'REGION',
      value: 'eu',
      environment_scope: 'production',
      masked: false,
      protected: true,
      variable_type: 'file',
    },
  ],
}

const texts: Readonly<Record<string, string>> = {
  'policies/reader.hcl': 'path "ops/data/${team}/*" {\n  capabilities = ["read", "list"]\n}\n',
  'policies/app.hcl':
    '# for ${environment}\npath "ops/data/${environment}/*" {\n  capabilities = ["read"]\n  allowed_parameters = { "a" = ["b*"] }\n}\npath "+/x/*" { policy = "write" }\n',
  'variables.env': 'DATABASE_PASSWORD=one\nexport REGION="eu"\nKEY=\'a\nb\'\n',
}

/** Without anything hostile in it. */
export function soundFiles(): Record<string, string> {
  const written = Object.entries(structured).map(([path, value]) => [path, JSON.stringify(value, undefined, 2)])
  return { ...texts, ...Object.fromEntries(written) }
}

/** As a merge request of a fork may bring them, by path. */
export function hostileFiles(random: Chance): Record<string, string> {
  const files: Record<string, string> = { ...texts }
  const change = random.pick([mutated, spoiled, spoiled])
  const touched = random.pick(Object.keys(structured))
  for (const [path, value] of Object.entries(structured)) {
    const changed = path === touched ? change(value, random, random.pick([3, 10, 20])) : value
    files[path] = JSON.stringify(changed, undefined, random.once(2) ? 2 : 0)
  }
  for (let count = random.below(2) * random.below(3); count > 0; count--) {
    const path = random.pick(Object.keys(files))
    files[path] = garbled(files[path] as string, random)
  }
  if (random.once(4)) files[`roles/${fileName(random)}.yaml`] = files['roles/app.yaml'] as string
  if (random.once(6)) files[`environments/${fileName(random)}.yaml`] = files['environments/production.yaml'] as string
  if (random.once(6)) files[`policies/${fileName(random)}.hcl`] = files['policies/app.hcl'] as string
  if (random.once(8)) files['policies/reader.hcl'] = `path "${random.pick(hostileTexts)}" { capabilities = ["read"] }`
  return files
}

/** What a file system takes: no separator, no NUL, and not too long. */
function fileName(random: Chance): string {
  const name = random.pick(hostileTexts).replace(/[/\0]/g, '_').slice(0, 50)
  return Buffer.from(name).toString() || 'empty'
}

/** Where a link of a fork may lead. */
export const linkTargets = [
  'OUTSIDE',
  '/proc/self/environ',
  '/dev/zero',
  '/',
  '..',
  '.',
  '../OUTSIDE',
  '.git/config',
  'nowhere',
] as const

const server = { product: 'vault', version: '1.21.0', address: 'http://127.0.0.1:1', namespace: '', clusterId: 'c' }

/** Of a server that has nothing yet but what it makes itself. */
export const soundSnapshot = JSON.stringify({
  format: 'vaultwright-snapshot/1',
  server,
  read: {
    'sys/auth': { 'token/': { type: 'token', config: {}, options: {} } },
    'sys/policies/acl/default': {
      name: 'default',
      policy: 'path "auth/token/lookup-self" { capabilities = ["read"] }',
    },
  },
  list: { 'sys/policies/acl': { keys: ['default', 'root'] } },
})

/** A snapshot of a server, with what its names and texts may hold. */
export function hostileSnapshot(random: Chance): string {
  const role = {
    role_type: 'jwt',
    user_claim: 'project_id',
    bound_claims: { project_id: '42' },
    token_policies: ['reader'],
  }
  const names = () => ['default', 'app', random.pick(hostileTexts), 'x'].filter((name) => name !== '')
  const [roles, policies] = [names(), names()]
  const read: Record<string, JsonValue> = {
    'sys/auth': {
      'jwt/': { type: 'jwt', description: random.pick(hostileTexts), config: {}, options: {} },
      'token/': { type: 'token' },
    },
    'auth/jwt/config': { oidc_discovery_url: 'https://gitlab.example.com', bound_issuer: random.pick(hostileTexts) },
    ...Object.fromEntries(
      roles.map((name) => [`auth/jwt/role/${name}`, { ...role, bound_claims: hostileValue(random) }]),
    ),
    ...Object.fromEntries(
      policies.map((name) => [`sys/policies/acl/${name}`, { name, policy: random.pick(hostileTexts) }]),
    ),
  }
  const list = {
    'auth/jwt/role': { keys: roles },
    'sys/policies/acl': { keys: policies },
    'sys/policies/detailed/acl': { keys: policies },
  }
  const snapshot: JsonObject = {
    format: 'vaultwright-snapshot/1',
    server: { ...server, clusterId: random.pick(hostileTexts) },
    read,
    list,
  }
  const text = JSON.stringify(random.once(5) ? mutated(snapshot, random, 30) : snapshot)
  return random.once(10) ? garbled(text, random) : text
}
