import { realpathSync } from 'node:fs'
import { modelOf } from '../../../src/access/model.ts'
import { ciDiagnostics } from '../../../src/config/gitlab-ci/diagnostics.ts'
import { ciReader } from '../../../src/config/gitlab-ci/read.ts'
import type { GitlabSettings } from '../../../src/core/configuration.ts'
import type { Diagnostic } from '../../../src/core/diagnostic.ts'
import { expandPipeline } from '../../../src/gitlab/check/jobs.ts'
import { readability } from '../../../src/gitlab/check/readable.ts'
import { checkPipeline } from '../../../src/gitlab/check/run.ts'
import { jobRoles } from '../../../src/gitlab/job-role.ts'
import { kinds } from '../../../src/kinds/index.ts'
import { type Files, loadFiles, told, withFiles } from '../../support/files.ts'

const auth =
  'auth: { jwt: { type: jwt, config: { bound_issuer: "https://gitlab.example.com", jwks_url: "https://x" } } }\n'

/** Two environments of one application, one of a tenant's namespace, and a role at a mount of its own. */
const configured: Files = {
  'environments/production.yaml': `address: https://vault.example.com\n${auth.replace('auth: {', 'auth: { jwt_other: { type: jwt, config: { jwks_url: "https://y" } },')}`,
  'environments/staging.yaml': `address: https://vault-staging.example.com\n${auth}`,
  'environments/tenant.yaml': `address: https://vault.example.com\nnamespace: team\n${auth}`,
  'roles/app.yaml': [
    'name: app-${environment}',
    'environments:',
    '  staging: { bound_claims: { environment: staging } }',
    '  production:',
    '    bound_claims: { environment: production, pipeline_source: [push], ref_path: refs/heads/main, ref_protected: "true" }',
    'role_type: jwt',
    'user_claim: project_id',
    'bound_audiences: [https://vault.example.com]',
    'bound_claims: { project_id: "42", environment_action: start }',
    'token_policies: [{ name: "app-${environment}", template: app }]',
    'secrets:',
    '  DB_PASSWORD: { engine: kv-v2, mount: ops, path: "${environment}/db", field: password }',
    '  TLS_KEY: { engine: kv-v2, mount: ops, path: "${environment}/tls", field: server/key }',
    '',
  ].join('\n'),
  'policies/app.hcl': 'path "ops/data/${environment}/*" { capabilities = ["read"] }\n',
  'roles/old.yaml': [
    'environments: [production]',
    'role_type: jwt',
    'user_claim: project_id',
    'bound_audiences: [https://old.example.com]',
    'bound_claims: { project_id: "43" }',
    'secrets:',
    '  TOKEN: { engine: kv-v1, mount: legacy, path: app, field: token }',
    '  LEASED: { engine: generic, mount: database, path: creds/app, field: password }',
    '',
  ].join('\n'),
  'roles/other.yaml': [
    'mount: jwt_other',
    'environments: [production]',
    'role_type: jwt',
    'user_claim: project_id',
    'bound_audiences: [https://vault.example.com]',
    'bound_claims: { project_id: "44" }',
    'secrets: { KEY: { mount: ops, path: other, field: key } }',
    '',
  ].join('\n'),
  'roles/tenant.yaml': [
    'environments: [tenant]',
    'role_type: jwt',
    'user_claim: project_id',
    'bound_audiences: [https://vault.example.com]',
    'bound_claims: { project_id: "45" }',
    'secrets: { KEY: { mount: ops, path: tenant, field: key } }',
    '',
  ].join('\n'),
}

export interface Given {
  readonly gitlab?: GitlabSettings
  /** Beside `.gitlab-ci.yml`. */
  readonly files?: Files
  readonly configuration?: Files
}

/** What a check of the file says, of the configuration above. */
export async function diagnosticsFor(yaml: string, given: Given = {}): Promise<readonly Diagnostic[]> {
  const configuration = await loadFiles(given.configuration ?? configured)
  const broken = configuration.diagnostics.filter(({ severity }) => severity === 'error')
  if (broken.length > 0) throw new Error(told(configuration).join('\n'))
  const reader = ciReader(realpathSync(withFiles({ '.gitlab-ci.yml': yaml, ...given.files })))
  const { content, partial, problems } = await reader.read('.gitlab-ci.yml')
  const pipeline = expandPipeline(content, partial)
  const roles = jobRoles(configuration.environments)
  const found = checkPipeline(pipeline, {
    roles,
    gitlab: given.gitlab ?? {},
    readable: readability(roles, ({ desired, server, namespace }) => modelOf(desired, { kinds, server, namespace })),
  })
  return ciDiagnostics([...problems, ...pipeline.problems, ...found], reader.files)
}

/** `CODE severity line: message`, sorted by place. */
export async function found(yaml: string, given: Given = {}): Promise<string[]> {
  const diagnostics = await diagnosticsFor(yaml, given)
  return diagnostics.map(
    ({ code, severity, source, message }) => `${code} ${severity} ${source?.line ?? '-'}: ${message}`,
  )
}

/** Only the codes. */
export async function codes(yaml: string, given: Given = {}): Promise<string[]> {
  return (await diagnosticsFor(yaml, given)).map(({ code }) => code)
}

/** A job that is right in everything, with other keys in their place; null takes one away. */
export function job(changes: Readonly<Record<string, string | null>> = {}): string {
  const keys: Record<string, string | null> = {
    environment: 'production',
    variables:
      '{ VAULT_SERVER_URL: "https://vault.example.com", VAULT_AUTH_ROLE: app-production, VAULT_AUTH_PATH: jwt }',
    id_tokens: '{ VAULT_ID_TOKEN: { aud: https://vault.example.com } }',
    secrets: '{ DB_PASSWORD: { vault: production/db/password@ops, token: $VAULT_ID_TOKEN, file: false } }',
    script: '[./deploy]',
    ...changes,
  }
  return `deploy:\n${Object.entries(keys)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `  ${key}: ${value}\n`)
    .join('')}`
}
