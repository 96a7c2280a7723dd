import type { Failure } from './failure.ts'

/** What a login is refused with, in the server's order (vault-plugin-auth-jwt path_login.go, cap/jwt), and what keeps it from being asked. */
export const loginFailures: readonly Failure[] = [
  {
    id: 'certificate-unknown',
    stage: 'login',
    symptom: 'x509, or curl (60)',
    pattern: /x509: certificate signed by unknown authority|curl: \(60\)|ssl certificate problem/i,
    cause: "The server's certificate is of an authority that the client does not trust.",
    fix: 'For the keyword "secrets" set VAULT_CACERT in the environment of the runner process, not of the job; in a script give curl --cacert.',
  },
  {
    id: 'sealed',
    stage: 'login',
    symptom: 'HTTP 503',
    pattern: /vault is sealed|openbao is sealed/i,
    cause: 'The server is up and sealed.',
    fix: 'Have it unsealed; SECRETS_RETRIEVAL_ATTEMPTS (runner 19.1) makes jobs try again.',
  },
  {
    id: 'missing-role',
    stage: 'login',
    symptom: 'HTTP 400: missing role',
    pattern: /\bmissing role\b/i,
    cause: 'The login names no role, and the mount has no default_role.',
    fix: 'Set VAULT_AUTH_ROLE at the job.',
  },
  {
    id: 'unknown-role',
    stage: 'login',
    symptom: 'HTTP 400: role could not be found',
    pattern: /role "(?<name>[^"]*)" could not be found/i,
    cause: 'No role of this name exists at this mount: a typing error, the wrong VAULT_AUTH_PATH, or the wrong server.',
    fix: 'Check VAULT_AUTH_ROLE and VAULT_AUTH_PATH; role names are lower case.',
  },
  {
    id: 'oidc-role',
    stage: 'login',
    symptom: 'HTTP 400: role with oidc role_type',
    pattern: /role with oidc role_type is not allowed/i,
    cause: 'The role was written without role_type: jwt, and the server takes every write without it for oidc.',
    fix: 'Write role_type: jwt at every write of the role.',
  },
  {
    id: 'mount-not-configured',
    stage: 'login',
    symptom: 'HTTP 400: could not load configuration',
    pattern: /could not load configuration/i,
    cause: 'The auth mount exists and was never configured.',
    fix: 'Describe its config, and apply.',
  },
  {
    id: 'missing-token',
    stage: 'login',
    symptom: 'HTTP 400: missing token',
    pattern:
      /\bmissing token\b|VAULT_ID_TOKEN\W+[^\n]{0,40}?(?:unbound|unset|not set|empty|undefined|parameter (?:null|not set))/i,
    cause:
      'The login sent an empty JWT: the job does not declare the ID token under id_tokens (or does not extend the template that does), or it reads a variable of another name.',
    fix: 'Declare VAULT_ID_TOKEN with its aud under id_tokens of the job; it stands beside "secrets", not inside it.',
  },
  {
    id: 'malformed-token',
    stage: 'login',
    symptom: 'HTTP 400: malformed jwt',
    pattern: /malformed jwt|illegal base64 data at input byte/i,
    cause:
      'What was sent as the JWT is none: often the name of the variable instead of its value, or a value with quotes.',
    fix: 'Send the value of the variable that id_tokens declares.',
  },
  {
    id: 'audience-mismatch',
    stage: 'login',
    symptom: 'HTTP 400: invalid audience',
    pattern: /invalid audience \(aud\) claim|audience claim does not match any expected audience/i,
    cause:
      "The aud under id_tokens of the job is none of the role's bound_audiences; scheme, port and a slash at the end count.",
    fix: 'Write the same text as aud in the job and as bound_audiences in the role.',
  },
  {
    id: 'no-bound-audience',
    stage: 'login',
    symptom: 'HTTP 400: no audiences bound',
    pattern: /no audiences bound to the role/i,
    cause: 'The role has no bound_audiences, and the server has refused tokens with an aud since Vault 1.17.',
    fix: 'Write bound_audiences in the role.',
  },
  {
    id: 'issuer-mismatch',
    stage: 'login',
    symptom: 'HTTP 400: invalid issuer',
    pattern: /invalid issuer \(iss\) claim/i,
    cause: 'bound_issuer is not the iss of the token: a bare host instead of the URL, or the mount of another GitLab.',
    fix: 'Write bound_issuer as the whole URL of the GitLab, or log in at the mount that trusts it (VAULT_AUTH_PATH).',
  },
  {
    id: 'subject-mismatch',
    stage: 'login',
    symptom: 'HTTP 400: invalid subject',
    pattern: /invalid subject \(sub\) claim/i,
    cause: 'bound_subject is compared with all of sub, and a setting of the project decides what sub is made of.',
    fix: 'Bind claims such as project_id and ref_protected instead of sub.',
  },
  {
    id: 'signature',
    stage: 'login',
    symptom: 'HTTP 400: signature',
    pattern:
      /error verifying token signature(?!.{0,40}(?:malformed|illegal base64))|no known key successfully validated|failed to verify id token signature/i,
    cause:
      "The token is not signed with a key that the mount knows: another GitLab, a changed key, or the issuer's keys cannot be fetched.",
    fix: 'Check oidc_discovery_url or jwks_url, and that the server can reach it; try again after a change of keys.',
  },
  {
    id: 'algorithm',
    stage: 'login',
    symptom: 'HTTP 400: unexpected algorithm',
    pattern: /token signed with unexpected algorithm/i,
    cause: "The token's alg is none of jwt_supported_algs; GitLab signs with RS256.",
    fix: 'Leave jwt_supported_algs out, or write RS256.',
  },
  {
    id: 'expired',
    stage: 'login',
    symptom: 'HTTP 400: token is expired',
    pattern: /invalid expiration time \(exp\) claim|token is expired/i,
    cause: 'The ID token lives as long as the job may run, or five minutes; the login came later, or a clock is wrong.',
    fix: 'Log in early in the job; check the clocks of GitLab and of the server.',
  },
  {
    id: 'not-yet-valid',
    stage: 'login',
    symptom: 'HTTP 400: not yet valid',
    pattern: /token not yet valid|token issued in the future/i,
    cause: "The server's clock is behind GitLab's by more than the leeway of 60 s.",
    fix: 'Synchronise the clocks.',
  },
  {
    id: 'claim-missing',
    stage: 'login',
    symptom: 'HTTP 400: claim is missing',
    pattern: /error validating claims: claim "(?<name>[^"]*)" is missing/i,
    cause:
      'The role binds a claim that the token does not have: the job lacks "environment:", or this GitLab does not issue the claim.',
    fix: 'Add "environment:" to the job, or bind a claim that every token has.',
  },
  {
    id: 'claim-mismatch',
    stage: 'login',
    symptom: 'HTTP 400: claim does not match',
    pattern: /error validating claims: claim "(?<name>[^"]*)" does not match/i,
    cause:
      "The token's value is none that the role binds: another project, branch or environment, or a value of another type.",
    fix: 'Compare both with: vaultwright access why --role ROLE --token FILE.',
  },
  {
    id: 'user-claim-missing',
    stage: 'login',
    symptom: 'HTTP 400: claim not found in token',
    pattern: /claim "(?<name>[^"]*)" not found in token/i,
    cause: "The role's user_claim is null or absent in this token; user_email and user_login can be.",
    fix: 'Use project_id as user_claim.',
  },
  {
    id: 'login-forbidden',
    stage: 'login',
    symptom: 'HTTP 403 from the login',
    pattern: /(?:\/login\b[^\n]*?\b403\b|\b403\b[^\n]*?\/login\b|authenticating vault client[^\n]*?status code 403)/i,
    cause:
      'A login is refused with 403 where there is no such auth mount or namespace, or the address is outside token_bound_cidrs. A job that the role does not admit gets 400, and the words of the failed check.',
    fix: 'Check VAULT_AUTH_PATH (without "auth/") and VAULT_NAMESPACE, then token_bound_cidrs of the role.',
  },
  {
    id: 'login-bad-request',
    stage: 'login',
    symptom: 'HTTP 400 from the login',
    pattern: /(?:\/login\b[^\n]*?\b400\b|\b400\b[^\n]*?\/login\b|returned error: 400\b)/i,
    cause:
      "A check of the login failed: most often aud under id_tokens is none of the role's bound_audiences, or a bound claim does not match.",
    fix: 'The words of the answer name the check; curl -f hides them, --fail-with-body shows them.',
    vague: true,
  },
]
