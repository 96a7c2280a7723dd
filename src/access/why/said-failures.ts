/** Who prints a text: whoever looks for it has to look there. */
type Speaker = 'server' | 'runner' | 'GitLab' | 'curl' | 'shell' | 'git'

/** A failure of `access why` as it is really printed. */
export interface SaidFailure {
  /** Its id in failure-table.ts. */
  readonly failure: string
  readonly by: Speaker
  /** Letter by letter; `<role>` stands for a name. Of the server, the words in `errors`. */
  readonly text: string
  /** Of the server's answer, or of curl. */
  readonly status?: number
  /** Where it comes from: a file of the program that says it. */
  readonly source: string
}

const login = 'vault-plugin-auth-jwt path_login.go'
const validation = 'cap jwt/jwt.go'
const claims = 'vault-plugin-auth-jwt claims.go'
const tokenError = 'error validating token:'
const claimsError = 'error validating claims:'

const beforeTheJob: readonly SaidFailure[] = [
  {
    failure: 'secrets-provider-not-found',
    by: 'GitLab',
    text: 'The secrets provider can not be found. Check your CI/CD variables and try again.',
    source: 'gitlab app/presenters/commit_status_presenter.rb',
  },
  {
    failure: 'reclaimed-path',
    by: 'GitLab',
    text: "ID token issuance is disabled in CI because this project's path was previously used by a different project",
    source: 'gitlab app/presenters/commit_status_presenter.rb',
  },
  {
    failure: 'runner-outdated',
    by: 'GitLab',
    text: 'Your runner is outdated, please upgrade your runner',
    source: 'gitlab app/presenters/commit_status_presenter.rb',
  },
  {
    failure: 'provider-not-resolved',
    by: 'runner',
    text: 'WARNING: Not resolved: no resolver that can handle the secret',
    source: 'gitlab-runner common/secrets.go',
  },
  {
    failure: 'unknown-engine',
    by: 'runner',
    text: 'requesting SecretEngine factory: factory for secret engine "<engine>" is not registered',
    source: 'gitlab-runner helpers/vault/secret_engines',
  },
  {
    failure: 'discovery',
    by: 'server',
    status: 400,
    text: 'error checking oidc discovery URL',
    source: 'vault-plugin-auth-jwt path_config.go',
  },
]

function refused(failure: string, text: string, source = login): SaidFailure {
  return { failure, by: 'server', status: 400, text, source }
}

/** In the order of the server's checks. */
const atLogin: readonly SaidFailure[] = [
  {
    failure: 'certificate-unknown',
    by: 'runner',
    text: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    source: 'Go crypto/x509 verify.go',
  },
  {
    failure: 'certificate-unknown',
    by: 'curl',
    status: 60,
    text: 'curl: (60) SSL certificate problem: <reason>',
    source: 'curl lib/vtls',
  },
  { failure: 'sealed', by: 'server', status: 503, text: 'Vault is sealed', source: 'vault/sdk helper/consts/error.go' },
  refused('missing-role', 'missing role'),
  refused('unknown-role', 'role "<role>" could not be found'),
  refused('oidc-role', 'role with oidc role_type is not allowed'),
  refused('mount-not-configured', 'could not load configuration'),
  refused('missing-token', 'missing token'),
  { failure: 'missing-token', by: 'shell', text: 'VAULT_ID_TOKEN: unbound variable', source: 'bash -u' },
  refused(
    'malformed-token',
    `${tokenError} error verifying token signature: oidc: malformed jwt: <reason>`,
    'go-oidc oidc/verify.go',
  ),
  refused(
    'signature',
    `${tokenError} error verifying token signature: failed to verify id token signature`,
    'go-oidc oidc/jwks.go',
  ),
  refused(
    'algorithm',
    `${tokenError} invalid algorithm (alg) header parameter: token signed with unexpected algorithm`,
    validation,
  ),
  refused('issuer-mismatch', `${tokenError} invalid issuer (iss) claim`, validation),
  refused('subject-mismatch', `${tokenError} invalid subject (sub) claim`, validation),
  refused(
    'audience-mismatch',
    `${tokenError} invalid audience (aud) claim: audience claim does not match any expected audience`,
    validation,
  ),
  refused('not-yet-valid', `${tokenError} invalid not before (nbf) claim: token not yet valid`, validation),
  refused('expired', `${tokenError} invalid expiration time (exp) claim: token is expired`, validation),
  refused('not-yet-valid', `${tokenError} invalid issued at (iat) claim: token issued in the future`, validation),
  refused('no-bound-audience', 'audience claim found in JWT but no audiences bound to the role'),
  refused('user-claim-missing', 'claim "<claim>" not found in token'),
  refused('claim-missing', `${claimsError} claim "<claim>" is missing`, claims),
  refused('claim-mismatch', `${claimsError} claim "<claim>" does not match any associated bound claim values`, claims),
  {
    failure: 'login-forbidden',
    by: 'runner',
    text: 'authenticating Vault client: writing to Vault: api error: status code 403: permission denied',
    source: "gitlab-runner helpers/vault; the status and the words after it are the server's",
  },
  {
    failure: 'login-bad-request',
    by: 'curl',
    status: 22,
    text: 'curl: (22) The requested URL returned error: 400',
    source: 'curl -f',
  },
]

const inScript: readonly SaidFailure[] = [
  {
    failure: 'vault-address-empty',
    by: 'curl',
    status: 3,
    text: 'curl: (3) URL <reason>',
    source:
      'curl lib/strerror.c: "using bad/illegal format or missing URL", newer "rejected: No host part in the URL"; with -s nothing',
  },
  {
    failure: 'host-not-resolved',
    by: 'curl',
    status: 6,
    text: 'curl: (6) Could not resolve host: <host>',
    source: 'curl lib/hostip.c',
  },
  {
    failure: 'connection-failed',
    by: 'curl',
    status: 7,
    text: 'curl: (7) Failed to connect to <host> port <port> after <n> ms: <reason>',
    source: 'curl lib/connect.c',
  },
  {
    failure: 'secret-not-found',
    by: 'runner',
    text: 'resolving secrets: secret not found: <secret>',
    source: 'gitlab-runner common/secrets.go',
  },
  { failure: 'variable-absent', by: 'shell', text: '<secret>: unbound variable', source: 'bash -u' },
  {
    failure: 'empty-vault-token',
    by: 'shell',
    text: 'VAULT_TOKEN: parameter null or not set',
    source: 'bash and busybox at ${VAULT_TOKEN:?}',
  },
  {
    failure: 'git-forbidden',
    by: 'git',
    status: 128,
    text: "fatal: unable to access '<repository>': The requested URL returned error: 403",
    source: 'git remote-curl.c',
  },
  {
    failure: 'forbidden',
    by: 'curl',
    status: 22,
    text: 'curl: (22) The requested URL returned error: 403',
    source: 'curl -f',
  },
  {
    failure: 'read-forbidden',
    by: 'server',
    status: 403,
    text: '1 error occurred:\n\t* permission denied\n\n',
    source: 'vault request_handling.go',
  },
]

/** Every failure of `access why`, in the order of a job's life. */
export const saidFailures: readonly SaidFailure[] = [...beforeTheJob, ...atLogin, ...inScript]

/** What the runner prints before the server's words (helpers/vault). The first part changed from version to version. */
export const runnerPrefixes = {
  login:
    'ERROR: Job failed: resolving secrets: initializing Vault service: preparing authenticated client: authenticating Vault client: writing to Vault: api error: status code <status>: ',
  read: 'ERROR: Job failed: resolving secrets: reading secret: reading from Vault: api error: status code <status>: ',
} as const
