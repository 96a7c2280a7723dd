/**
 * Variables of the run's environment that hold credentials. What `${env:NAME}` reads outside write-only fields stands in
 * plans, logs and notes, and the list of names that may be read lies in the same files, which a merge request can change:
 * so these are never read, whatever the list says.
 */

type Env = Readonly<Record<string, string | undefined>>

/** GitLab's and the connection's own whose names do not say it: addresses that hold a token or a password. */
const known = new Set([
  'CI_REPOSITORY_URL',
  'CI_BUILD_REPO',
  'DOCKER_AUTH_CONFIG',
  'DATABASE_URL',
  'REDIS_URL',
  'SENTRY_DSN',
  'VAULT_PROXY_ADDR',
  'BAO_PROXY_ADDR',
  'ALL_PROXY',
  'HTTP_PROXY',
  'HTTPS_PROXY',
])

/** Such as CI_JOB_TOKEN, CI_JOB_JWT_V2, CI_REGISTRY_PASSWORD, AWS_SECRET_ACCESS_KEY, SSH_PRIVATE_KEY, NPM_AUTH, LDAP_BINDPW, SLACK_WEBHOOK_URL. */
const tellingEnd =
  /(?:^|_)(?:TOKEN|JWT|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|(?:BIND)?PW|PSK|OTP|PAT|SECRETS?|CREDENTIALS?|CREDS?|AUTH|COOKIE|DSN|WEBHOOK|CONN(?:ECTION)?_?STR(?:ING)?|KUBE_?CONFIG|NETRC|(?:API|ACCESS|PRIVATE|SECRET|SIGNING|SSH|GPG|PGP|MASTER|ENCRYPTION|DEPLOY|UNSEAL|RECOVERY|ACCOUNT)_?KEY|APIKEY)(?:_?(?:V?\d+|BASE64|B64|FILE|URL))?$/i
const tellingWord = /SECRET|PASSWORD|PASSPHRASE|CREDENTIAL|PRIVATE_?KEY|JOB_JWT/i

/** Tokens of Vault, OpenBao, GitLab and other forges, ID tokens, private keys, and addresses with a password: known by their look. */
const tellingValue =
  /(?:^|[^\w.])(?:hv[sbr]|[sbr])\.[\w-]{20,}|gl(?:pat|ptt|dt|cbt|rt|rtr|oas|soat|ft|imt|agent|ffct|wt)-[\w-]{10,}|GR1348941[\w-]{10,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|xox[abeprs]-[\w-]{10,}|AccountKey=|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|-----BEGIN [A-Z0-9 ]*PRIVATE KEY|:\/\/[^\s/@]*:[^\s@]+@/

/** Shorter values turn up in others by chance. */
const shortestSecret = 8

const verdicts = new WeakMap<Env, Map<string, boolean>>()

/** Whether a variable may hold a credential: by its name, by its look, or because another one's value is in it. */
export function isCredential(name: string, env: Env): boolean {
  const known = verdicts.get(env) ?? new Map<string, boolean>()
  verdicts.set(env, known)
  const verdict = known.get(name) ?? judge(name, env)
  known.set(name, verdict)
  return verdict
}

function judge(name: string, env: Env): boolean {
  if (tellsByName(name)) return true
  const value = Object.hasOwn(env, name) ? (env[name] ?? '') : ''
  if (tellingValue.test(value)) return true
  return Object.entries(env).some(
    ([other, secret = '']) =>
      secret.trim().length >= shortestSecret && value.includes(secret.trim()) && other !== name && tellsByName(other),
  )
}

function tellsByName(name: string): boolean {
  return known.has(name.toUpperCase()) || tellingEnd.test(name) || tellingWord.test(name)
}
