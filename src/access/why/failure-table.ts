import type { Failure } from './failure.ts'
import { loginFailures } from './login-failures.ts'

const beforeLogin: readonly Failure[] = [
  {
    id: 'secrets-provider-not-found',
    stage: 'before the job',
    symptom: 'the job never starts',
    pattern: /the secrets provider can not be found|secrets_provider_not_found/i,
    cause: 'VAULT_SERVER_URL is not set for this job, or it is protected or scoped away from this ref and environment.',
    fix: 'Set VAULT_SERVER_URL for the job, project or group, with an environment scope and protection that fit.',
  },
  {
    id: 'reclaimed-path',
    stage: 'before the job',
    symptom: 'the job never starts',
    pattern: /id token issuance is disabled in ci because this project's path|id_token_burned_project_path/i,
    cause: "The project's path was another project's before, so GitLab refuses ID tokens whose sub holds the path.",
    fix: 'Let ci_id_token_sub_claim_components of the project begin with project_id, and bind IDs instead of sub.',
  },
  {
    id: 'runner-outdated',
    stage: 'before the job',
    symptom: 'the job fails at once',
    pattern: /your runner is outdated, please upgrade|runner_unsupported/i,
    cause: 'The runner cannot resolve secrets: it is older than 13.4.',
    fix: 'Upgrade the runner; the engine "generic" needs 16.11 or later.',
  },
  {
    id: 'provider-not-resolved',
    stage: 'before the job',
    symptom: 'a warning, then an absent variable',
    pattern: /not resolved: no resolver that can handle the secret/i,
    cause: 'The runner does not know the provider of this secret, and the job runs without the variable.',
    fix: 'Upgrade the runner, or use a provider that it knows.',
  },
  {
    id: 'unknown-engine',
    stage: 'before the job',
    symptom: 'the job fails before its script',
    pattern: /factory for secret engine "(?<name>[^"]*)" is not registered/i,
    cause: 'engine.name of the secret is none that the runner knows.',
    fix: 'Write kv-v2, kv-v1 or generic.',
  },
  {
    id: 'discovery',
    stage: 'configuration',
    symptom: 'HTTP 400 on a write of config',
    pattern: /error checking oidc discovery url|issuer did not match the returned issuer/i,
    cause:
      'The server could not fetch the discovery document, or its issuer is not oidc_discovery_url letter by letter.',
    fix: 'Write the exact issuer, without a slash too many; give a private CA as oidc_discovery_ca_pem.',
  },
]

const inScript: readonly Failure[] = [
  {
    id: 'vault-address-empty',
    stage: 'script',
    symptom: 'curl (3), or nothing at all with -sf and exit code 3',
    pattern:
      /curl: \(3\)|url using bad\/illegal format or missing url|(?:exit(?:ed with)?|rc|status)(?: code| status)?:? 3\b/i,
    cause:
      'VAULT_ADDR is not set or empty, so that the URL is only "/v1/…". With -s and -f curl says nothing and ends with exit code 3.',
    fix: 'Set VAULT_ADDR for this job (a protected variable is absent on unprotected refs, a scoped one in other environments), and call curl with --fail-with-body -S so that it speaks.',
  },
  {
    id: 'host-not-resolved',
    stage: 'script',
    symptom: 'curl (6)',
    pattern: /curl: \(6\)|could not resolve host(?::\s*(?<name>[\w.-]+))?/i,
    cause:
      'The host name in the URL is wrong or unknown here. "v1" as the host comes from https:///v1/…: a URL put together with an empty VAULT_ADDR (VAULT_ADDR alone being empty gives curl (3), or silence).',
    fix: 'Check that VAULT_ADDR is set for this job and holds the whole URL, https:// included, and that the runner can resolve the name.',
  },
  {
    id: 'connection-failed',
    stage: 'script',
    symptom: 'curl (7) or connection refused',
    pattern: /curl: \((?:7|28)\)|connection refused|i\/o timeout|context deadline exceeded/i,
    cause: 'Nothing answers at the address: a wrong port, a firewall, or the server is down.',
    fix: "Check VAULT_ADDR or VAULT_SERVER_URL, and the way from the runner's network to the server.",
  },
  {
    id: 'secret-not-found',
    stage: 'read',
    symptom: 'secret not found',
    pattern: /secret not found: ?(?<name>[\w.-]+)/i,
    cause:
      'The login succeeded, and there is no such secret or field: a wrong mount, path or field, a deleted version, or a path with data/ or metadata/ where the runner adds it.',
    fix: 'Check with "vault kv get -mount=MOUNT PATH"; in vault: PATH/FIELD@MOUNT the path is without data/.',
  },
  {
    id: 'variable-absent',
    stage: 'read',
    symptom: 'the variable of the secret is empty or unset',
    pattern:
      /(?:missing|unset|unbound|not set|(?<!secret )not found|undefined)[^\n]{0,60}?\b(?<name>(?!VAULT_)[A-Z][A-Z0-9_]*_(?:TOKEN|PASSWORD|KEY|SECRET))\b|\b(?<other>(?!VAULT_)[A-Z][A-Z0-9_]*_(?:TOKEN|PASSWORD|KEY|SECRET))\b[^\n]{0,60}?(?:missing|unset|unbound|not set|undefined|is empty|parameter (?:null|not set))/,
    cause:
      'The job did not get the secret: it runs in a project that has none (a template asks for it in the security project only), or does not extend the template that declares id_tokens and secrets.',
    fix: 'Check the project of the job (CI_PROJECT_PATH), that it extends the template, and the path and field of the secret there.',
  },
  {
    id: 'empty-vault-token',
    stage: 'script',
    symptom: 'an empty VAULT_TOKEN after parsing',
    pattern:
      /(?:empty|missing|unset|no)\W{1,3}(?:\w+ )?\$?\{?(?:VAULT_TOKEN|client.token)\b|VAULT_TOKEN\W+(?:is )?(?:empty|unset|unbound|not set|parameter (?:null|not set))/i,
    cause:
      'The answer of the login held no client_token: the login failed, and curl -f threw its words away; grep and sed then find nothing. Less often the pattern does not fit the answer.',
    fix: 'Call curl with --fail-with-body to see what the server says, and take the token with: jq -er .auth.client_token. Do not print an answer that holds a token.',
  },
  {
    id: 'git-forbidden',
    stage: 'script',
    symptom: 'HTTP 403 from a repository',
    pattern:
      /(?:unable to access|access denied|not allowed to)[^\n]*(?:\.git\b|repositor|403)|http basic: access denied/i,
    cause:
      'This refusal is of GitLab, not of the server of secrets: the access token from the secret is expired, lacks read_repository, or its group does not hold the repository.',
    fix: 'Check the scope and the group of the access token, that the repository is in that group, and that the build takes the alternative sources (ALTERNATIVE_SOURCES or SECURITY_SOURCES).',
  },
  {
    id: 'forbidden',
    stage: 'script',
    symptom: 'HTTP 403, from a URL that is not told',
    pattern: /returned error: 403\b/i,
    cause:
      'At the login: no such auth mount or namespace, or an address outside token_bound_cidrs (a job that the role does not admit gets 400). At a read: the path is in none of the policies of the token.',
    fix: 'Call curl with --fail-with-body, and look at which request it was.',
    vague: true,
  },
  {
    id: 'read-forbidden',
    stage: 'read',
    symptom: 'HTTP 403 on a read: permission denied',
    pattern: /permission denied|status code 403\b|\bhttp(?:\/[\d.]+)? 403\b/i,
    cause:
      "The token's policies do not grant this path: it is in none of them, lacks data/ of kv-v2, or the token is of another role, used up or empty.",
    fix: 'Ask: vaultwright access why --role ROLE --token FILE --path PATH --capability read.',
    vague: true,
  },
]

/** In the order of a job's life; sources besides those of logins: gitlab-runner helpers/vault, curl(1). */
export const failures: readonly Failure[] = [...beforeLogin, ...loginFailures, ...inScript]
