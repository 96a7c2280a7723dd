/** What speaks for or against a value being a secret. The words are all that is kept of it. */
export interface Signs {
  readonly secret: readonly string[]
  readonly configuration: readonly string[]
  /** Whether the value cannot be a secret even under the name of one, as `true` cannot. */
  readonly plain: boolean
}

interface Sign {
  readonly word: string
  fits(key: string, value: string): boolean
}

/**
 * Tokens that say themselves what they are. Of GitLab: doc/security/tokens; of GitHub, AWS, Slack, Google, npm, PyPI,
 * Docker, Stripe, Vault and others their own pages.
 */
const prefixes: readonly (readonly [word: string, pattern: RegExp])[] = [
  ['GitLab token', /^(glpat|gldt|glrt|glrtr|glcbt|glptt|glft|glimt|glagent|glsoat|glffct|gloas|glwt)-[\w.-]{10,}/],
  ['GitHub token', /^(gh[pousr]_\w{20,}|github_pat_\w{20,})/],
  ['AWS access key ID', /^(AKIA|ASIA)[A-Z0-9]{16}$/],
  ['Vault token', /^(hv[sbr]\.[\w-]{20,}|s\.[A-Za-z0-9]{24})$/],
  ['Slack token', /^xox[abposr]-[\w-]{10,}/],
  ['Slack webhook', /^https:\/\/hooks\.slack\.com\/services\/\S+/],
  ['Google API key', /^AIza[\w-]{35}$/],
  ['npm token', /^npm_\w{30,}/],
  ['PyPI token', /^pypi-[\w-]{50,}/],
  ['Docker token', /^dckr_pat_[\w-]{20,}/],
  ['Stripe key', /^[rs]k_(live|test)_\w{10,}/],
  ['SendGrid key', /^SG\.[\w-]{16,}\.[\w-]{16,}/],
  ['DigitalOcean token', /^do[por]_v1_[a-f0-9]{64}/],
]

const secretSigns: readonly Sign[] = [
  ...prefixes.map(([word, pattern]) => ({ word, fits: (_: string, value: string) => pattern.test(value.trim()) })),
  { word: 'private key', fits: (_, value) => /-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----/.test(value) },
  { word: 'JSON Web Token', fits: (_, value) => /^eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*$/.test(value.trim()) },
  { word: 'address with a password', fits: (_, value) => /[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:[^\s/@]+@/i.test(value) },
  { word: 'password in a connection string', fits: (_, value) => /(^|[;\s])(password|pwd)\s*=\s*[^;\s]/i.test(value) },
  { word: 'service account key', fits: (_, value) => /"private_key(_id)?"\s*:/.test(value) },
  { word: 'registry login', fits: (_, value) => /"auths"\s*:\s*\{[\s\S]*"auth"\s*:/.test(value) },
]

const secretName =
  /(^|_)(PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|SECRET|SECRETS|TOKEN|CREDENTIALS?|APIKEY|PRIVATE|PAT|SALT|SIGNATURE|WEBHOOK|DSN|KUBECONFIG|KEYSTORE|HTPASSWD|NETRC)(_|$|\d)|(PASSWORD|SECRET|TOKEN|APIKEY)$|(API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|DEPLOY|SSH|LICENSE|MASTER|AUTH)_?KEY(_|$)/i

/** They sound like secrets, and name or measure one. */
const harmlessName = /_(URL|URI|HOST|HOSTNAME|PORT|PATH|FILE|DIR|NAME|USER|USERNAME|TTL|EXPIRY|LENGTH|ID|PUBLIC_KEY)$/i

const configurationName =
  /(^|_)(LEVEL|MODE|REGION|ZONE|ENV|ENVIRONMENT|STAGE|HOST|HOSTNAME|PORT|DOMAIN|TIMEOUT|VERSION|BRANCH|TAG|IMAGE|DEBUG|VERBOSE|LOCALE|LANG|TZ|TIMEZONE|BUCKET|CLUSTER|NAMESPACE|REPLICAS|FORMAT|DEPTH|STRATEGY|DRIVER|PATH|DIR)$/i

/** Values that no password has, whatever the name says. */
const plainSigns: readonly string[] = ['empty', 'switch', 'certificate', 'public key']

const configurationSigns: readonly Sign[] = [
  { word: 'empty', fits: (_, value) => value.trim() === '' },
  { word: 'switch', fits: (_, value) => /^(true|false|yes|no|on|off|enabled|disabled)$/i.test(value.trim()) },
  { word: 'number', fits: (_, value) => /^\d{1,5}$/.test(value.trim()) },
  { word: 'version', fits: (_, value) => /^v?\d+(\.\d+){1,3}([-+][\w.]{1,20})?$/.test(value.trim()) },
  {
    word: 'plain address',
    fits: (_, value) => /^[a-z][a-z0-9+.-]*:\/\/[^\s@?#]{1,200}$/i.test(value.trim()) && !isLong(value),
  },
  {
    word: 'host name',
    fits: (_, value) => /^[a-z0-9-]+(\.[a-z0-9-]+){2,}(:\d{1,5})?$/i.test(value.trim()) && !isLong(value),
  },
  {
    word: 'only mentions other variables',
    fits: (_, value) => /^(\$\{?[A-Z][A-Z0-9_]*\}?[/:.-]?)+$/.test(value.trim()),
  },
  { word: 'certificate', fits: (_, value) => onlyPublic(value) },
  {
    word: 'public key',
    fits: (_, value) =>
      value
        .trim()
        .split(/[\r\n]+/)
        .every(isPublicKey),
  },
]

/** A path or host may hide a token in one of its parts, such as the last one of a webhook. */
function isLong(value: string): boolean {
  return value.split(/[/.:]/).some((part) => part.length >= 20 && entropy(part) >= 3.5)
}

/** Nothing but such blocks and comments: beside a certificate, a file may hold anything. */
function onlyPublic(value: string): boolean {
  const block = /-----BEGIN ((?:TRUSTED )?CERTIFICATE|PUBLIC KEY|X509 CRL)-----[\w+/=\s]*-----END \1-----/g
  const rest = value.replace(block, '')
  return rest !== value && rest.split(/[\r\n]+/).every((line) => /^\s*(#|$)/.test(line))
}

function isPublicKey(line: string): boolean {
  return /^(ssh-(rsa|ed25519)|ecdsa-sha2-\S+) \S+/.test(line.trim())
}

/** Everything that key and value say. What only looks random is a sign where nothing else explains it. */
export function signsOf(key: string, value: string): Signs {
  const configuration = words(configurationSigns, key, value)
  const named = secretName.test(key) && !harmlessName.test(key)
  const certain = words(secretSigns, key, value)
  const random = certain.length === 0 && configuration.length === 0 && looksRandom(value)
  const setting = !random && certain.length === 0 && configurationName.test(key) && value.length < 64
  return {
    secret: [...certain, ...(named ? ['its name'] : []), ...(random ? ['looks random'] : [])],
    configuration: [...configuration, ...(setting ? ['its name'] : [])],
    plain: configuration.some((word) => plainSigns.includes(word)),
  }
}

function words(signs: readonly Sign[], key: string, value: string): string[] {
  return signs.filter(({ fits }) => fits(key, value)).map(({ word }) => word)
}

/** Whether its name alone makes it a secret: all there is to go by for a hidden one. */
export function namedLikeSecret(key: string): boolean {
  return secretName.test(key) && !harmlessName.test(key)
}

/** One long word of many different characters. Hexadecimal has less entropy a character, and is random all the same. */
function looksRandom(value: string): boolean {
  const text = value.trim()
  if (text.length < 16 || /\s/.test(text)) return false
  if (/^[0-9a-f]+$/i.test(text)) return text.length >= 32 && entropy(text) >= 3
  return entropy(text) >= 3.5 && /\d/.test(text) && /[A-Za-z]/.test(text)
}

/** Shannon's, in bits a character. */
function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  const length = [...text].length
  return [...counts.values()].reduce((sum, count) => sum - (count / length) * Math.log2(count / length), 0)
}
