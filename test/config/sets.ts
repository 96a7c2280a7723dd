import type { Files } from '../support/files.ts'

/** A smallest complete configuration, for tests to change one thing in. */

export const environment = `auth:
  jwt:
    type: jwt
    config: { oidc_discovery_url: https://gitlab.example.com }
`

/** Eight lines; what a test appends begins on line 9. */
export const role = `environments: [production]
role_type: jwt
user_claim: project_id
bound_audiences: [https://vault.example.com]
bound_claims: { project_id: "42" }
token_policies: [reader]
token_ttl: 5m
token_max_ttl: 1h
`

export const policy = 'path "secret/data/app" { capabilities = ["read"] }\n'

export const complete: Files = {
  'environments/production.yaml': environment,
  'roles/app.yaml': role,
  'policies/reader.hcl': policy,
}
