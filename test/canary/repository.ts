import { generateKeyPairSync } from 'node:crypto'
import { entry, log } from '../audit/entries.ts'
import { resource, stateOf } from '../import/terraform-states.ts'
import type { Files } from '../support/files.ts'
import { gitlab } from '../support/issuer.ts'
import type { Canaries } from './canaries.ts'

/** With what JSON, URLs, shells and YAML write differently. */
export const odd = (core: string) => `p"w'é/+%$ ${core}\\`

/** Files of a configuration, with a canary in every place where one may keep a secret, and in some where one may not. */
export function repository(id: string, planted: Canaries): Files {
  return {
    ...environments(id),
    ...configuration(id, planted),
    ...pipeline(planted),
    ...otherTools(planted),
    ...keys(planted),
    ...mistaken(id, planted),
    'audit.log': auditLog(id, planted),
  }
}

function environments(id: string): Files {
  const jwt = (more: string) =>
    `    type: jwt\n    config:\n      oidc_discovery_url: ${gitlab}\n      bound_issuer: ${gitlab}\n${more}`
  return {
    'environments/production.yaml': [
      'auth:',
      `  ${id}:`,
      jwt('      oidc_client_id: vaultwright\n      oidc_client_secret: "${env:OIDC_CLIENT_SECRET}"'),
      `  ${id}-file:`,
      jwt('      oidc_client_id: vaultwright\n      oidc_client_secret: { file: secrets/client }'),
      // A server that has a client ID refuses the ID tokens of jobs.
      `  ${id}-jobs:`,
      jwt(''),
      '',
    ].join('\n'),
    'environments/staging.yaml': [
      'auth:',
      `  ${id}-provider:`,
      jwt('      oidc_client_id: vaultwright\n      oidc_client_secret: { file: secrets/client }'),
      '      provider_config: { provider: gsuite, gsuite_service_account: "${env:GSUITE_ACCOUNT}" }',
      '',
    ].join('\n'),
  }
}

function configuration(id: string, planted: Canaries): Files {
  return {
    'secrets/client': planted.plant('a write-only value of { file: }'),
    'roles/ci.yaml': [
      `mount: ${id}-jobs`,
      'environments: [production]',
      'role_type: jwt',
      'user_claim: project_id',
      'bound_audiences: [https://vault.example.com]',
      'bound_claims: { project_id: "22", ref_protected: "true" }',
      `token_policies: [${id}-read]`,
      'token_ttl: 5m',
      'token_explicit_max_ttl: 1h',
      'secrets:',
      `  PASSWORD: { engine: kv-v2, mount: ${id}-kv, path: app, field: password, file: false }`,
      `  LINES: { engine: kv-v2, mount: ${id}-kv, path: app, field: lines }`,
      `  ODD: { engine: kv-v2, mount: ${id}-kv, path: app, field: odd, file: false }`,
      '',
    ].join('\n'),
    [`policies/${id}-read.hcl`]: `path "${id}-kv/data/app" {\n  capabilities = ["read"]\n}\n`,
    'test/access/ci.yaml': [
      'promises:',
      `  - { name: jobs read, role: ci, mount: ${id}-jobs, claims: { project_id: "22", ref_protected: "true", aud: https://vault.example.com, iss: "${gitlab}" }, can: { read: ${id}-kv/data/app } }`,
      '',
    ].join('\n'),
    'claims.json': JSON.stringify({
      project_id: '22',
      ref_protected: 'true',
      aud: 'https://vault.example.com',
      iss: gitlab,
    }),
  }
}

function pipeline(planted: Canaries): Files {
  return {
    '.gitlab-ci.yml': [
      'variables:',
      `  API_TOKEN: ${planted.plant('a variable of a pipeline file')}`,
      'deploy:',
      `  variables: { VAULT_AUTH_ROLE: ci, SECRET_KEY: ${planted.plant('a variable of a job')} }`,
      '  id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }',
      `  script: ["curl -H 'x-token: ${planted.plant('a text of a script')}' https://example.com"]`,
      '',
    ].join('\n'),
    'variables.env': `ENV_PASSWORD=${planted.plant('a variable of a .env file')}\nBROKEN ${planted.plant('a broken line of a .env file')}\n`,
    'export.json': JSON.stringify([
      {
        key: 'EXPORTED_TOKEN',
        value: planted.plant('a variable of an export'),
        masked: true,
        variable_type: 'env_var',
      },
    ]),
  }
}

function otherTools(planted: Canaries): Files {
  return {
    'state.json': JSON.stringify(
      stateOf(
        resource('vault_jwt_auth_backend', 'main', {
          ...{ path: 'tf', type: 'jwt', oidc_discovery_url: gitlab, oidc_client_id: 'x', bound_issuer: gitlab },
          oidc_client_secret: planted.plant('a client secret in a state of Terraform'),
        }),
        resource('random_password', 'other', { result: planted.plant('another resource of a state of Terraform') }),
      ),
    ),
    'bank-vaults.yml': [
      'auth:',
      '  - type: jwt',
      '    path: bv',
      '    config:',
      `      oidc_discovery_url: ${gitlab}`,
      '      oidc_client_id: x',
      `      oidc_client_secret: ${planted.plant('a client secret in a file of bank-vaults')}`,
      'startupSecrets:',
      `  - { type: kv, path: kv/data/x, data: { data: { a: ${planted.plant('a startup secret of bank-vaults')} } } }`,
      '',
    ].join('\n'),
  }
}

function keys(planted: Canaries): Files {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  return {
    'signing-key.pem': planted.adopt('a signing key', String(key)),
    'client-key.pem': planted.plant('a broken TLS key', (core) => `-----BEGIN PRIVATE KEY-----\n${core}\n`),
  }
}

/** Secrets where no file may hold one. */
function mistaken(id: string, planted: Canaries): Files {
  return {
    'broken/environments/production.yaml': [
      'auth:',
      `  ${id}:`,
      '    type: jwt',
      `    config: { oidc_client_secret: ${planted.plant('a write-only value in clear')}, oidc_client_secrt: ${planted.plant('a misspelt one')} }`,
      `token: ${planted.plant('a token in a file')}`,
      '',
    ].join('\n'),
  }
}

/** Of a device with `log_raw`, and with a line that is none. */
function auditLog(id: string, planted: Canaries): string {
  const written = entry(undefined, {
    path: `auth/${id}/config`,
    data: { oidc_client_secret: planted.plant('a value in an audit log in clear') },
    auth: { display_name: 'root', client_token: planted.plant('a token in an audit log in clear') },
  })
  return `${log(written)}{"broken: "${planted.plant('a broken line of an audit log')}\n`
}
