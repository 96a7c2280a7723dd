/** What is measured: one mount, and as many roles as policies, each of the size that a GitLab project really has. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const policyTemplate = `# Read access of project \${project}.
path "ops/data/\${project}/*" {
  capabilities = ["read"]
}

path "ops/metadata/\${project}/*" {
  capabilities = ["read", "list"]
}
`

export function policyText(number) {
  return policyTemplate.replaceAll(`\${project}`, String(number))
}

/** A whole role as the server takes it, every field included, as vaultwright writes it. */
export function roleBody(number) {
  return {
    role_type: 'jwt',
    user_claim: 'project_id',
    bound_audiences: ['https://vault.example.com'],
    bound_claims_type: 'string',
    bound_claims: { project_id: String(number), ref_protected: 'true', environment: 'production' },
    token_policies: [`bench-${number}`],
    token_ttl: 300,
    bound_subject: '',
    user_claim_json_pointer: false,
    groups_claim: '',
    claim_mappings: {},
    token_max_ttl: 0,
    token_explicit_max_ttl: 0,
    token_period: 0,
    token_num_uses: 0,
    token_type: 'default',
    token_no_default_policy: false,
    token_bound_cidrs: [],
    expiration_leeway: 0,
    not_before_leeway: 0,
    clock_skew_leeway: 0,
    max_age: 0,
    allowed_redirect_uris: [],
    oidc_scopes: [],
    verbose_oidc_logging: false,
  }
}

const role = `name: bench-\${project}
mount: bench
environments: [bench]
for_each: { file: projects.yaml }
role_type: jwt
user_claim: project_id
bound_audiences: [https://vault.example.com]
bound_claims: { project_id: "\${project}", ref_protected: "true", environment: "\${deploys}" }
token_policies: [{ name: "bench-\${project}", template: project }]
token_ttl: "\${ttl}"
`

/** Writes the configuration. The first `changed` roles get another TTL than the rest, the first `moved` another environment. */
export function writeConfiguration(folder, { count, changed, moved = 0, publicKey }) {
  for (const name of ['environments', 'roles', 'policies']) mkdirSync(join(folder, name), { recursive: true })
  const key = publicKey
    .trim()
    .split('\n')
    .map((line) => `          ${line}`)
    .join('\n')
  const environment = `auth:
  bench:
    type: jwt
    config:
      jwt_validation_pubkeys:
        - |
${key}
`
  writeFileSync(join(folder, 'environments/bench.yaml'), environment)
  writeFileSync(join(folder, 'roles/project.yaml'), role)
  writeFileSync(join(folder, 'policies/project.hcl'), policyTemplate)
  const projects = Array.from({ length: count }, (_, number) => {
    const [ttl, deploys] = [number < changed ? '6m' : '5m', number < moved ? 'staging' : 'production']
    return `- { project: "${number}", ttl: ${ttl}, deploys: ${deploys} }`
  })
  writeFileSync(join(folder, 'projects.yaml'), `${projects.join('\n')}\n`)
}
