import { type Diagnostic, problem } from '../core/diagnostic.ts'
import { parseDuration } from '../core/duration.ts'
import { checkProxy, type ProxySettings } from './proxy.ts'

/** How to reach a server, from the environment variables that the servers' own command lines read. */
export interface ConnectionSettings {
  /** Undefined when neither `BAO_ADDR` nor `VAULT_ADDR` is set. */
  readonly address?: string
  readonly namespace?: string
  /** Which of the variables says it. */
  readonly namespaceVariable?: string
  /** Of `VAULTWRIGHT_ADDRESSES`: the only ones that a file may name, where `VAULT_ADDR` says nothing. */
  readonly addresses?: readonly string[]
  readonly tls: TlsSettings
  readonly proxy: ProxySettings
  /** Milliseconds without an answer after which a request counts as lost. */
  readonly timeout: number
  /** How often a failed request is sent again. */
  readonly retries: number
  readonly credentials: Credentials
}

export interface TlsSettings {
  readonly caFile?: string
  readonly caDirectory?: string
  readonly caText?: string
  readonly certificateFile?: string
  readonly keyFile?: string
  readonly serverName?: string
  readonly skipVerify: boolean
}

/** Where the token comes from; the values themselves are read only when they are used. */
export type Credentials =
  | { readonly from: 'token'; readonly variable: string; readonly token: string }
  | { readonly from: 'id-token'; readonly jwt: string; readonly role: string; readonly mount: string }
  | { readonly from: 'file' }

type Env = Readonly<Record<string, string | undefined>>

/** `BAO_X` before `VAULT_X`, as OpenBao's own command line reads them; an empty value counts as unset. */
function variable(env: Env, name: string): string | undefined {
  return env[`BAO_${name}`] || env[`VAULT_${name}`] || undefined
}

function given<K extends string>(name: K, value: string | undefined): { readonly [P in K]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: string }
}

/** Reads them all; everything that cannot be meant so is a diagnostic, and nothing is sent anywhere then. */
export function connectionSettings(env: Env): { settings: ConnectionSettings; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const address = variable(env, 'ADDR')
  const proxy = variable(env, 'PROXY_ADDR') ?? variable(env, 'HTTP_PROXY')
  const settings: ConnectionSettings = {
    ...given('address', address),
    ...namespaceOf(env),
    ...addressList(env['VAULTWRIGHT_ADDRESSES']),
    tls: {
      ...given('caFile', variable(env, 'CACERT')),
      ...given('caDirectory', variable(env, 'CAPATH')),
      ...given('caText', variable(env, 'CACERT_BYTES')),
      ...given('certificateFile', variable(env, 'CLIENT_CERT')),
      ...given('keyFile', variable(env, 'CLIENT_KEY')),
      ...given('serverName', variable(env, 'TLS_SERVER_NAME')),
      skipVerify: boolean(variable(env, 'SKIP_VERIFY'), 'VAULT_SKIP_VERIFY', diagnostics),
    },
    proxy: {
      ...given('http', proxy ?? env['http_proxy'] ?? env['HTTP_PROXY']),
      ...given('https', proxy ?? env['https_proxy'] ?? env['HTTPS_PROXY']),
      ...given('except', proxy === undefined ? (env['no_proxy'] ?? env['NO_PROXY']) : undefined),
    },
    timeout: timeout(variable(env, 'CLIENT_TIMEOUT'), diagnostics),
    retries: retries(variable(env, 'MAX_RETRIES'), diagnostics),
    credentials: credentials(env, diagnostics),
  }
  if ((settings.tls.certificateFile === undefined) !== (settings.tls.keyFile === undefined)) {
    diagnostics.push(
      problem(
        'client-certificate',
        'VAULT_CLIENT_CERT and VAULT_CLIENT_KEY go together; only one is set',
        'Set both, or neither.',
      ),
    )
  }
  diagnostics.push(...checkProxy('HTTP_PROXY', settings.proxy.http), ...checkProxy('HTTPS_PROXY', settings.proxy.https))
  diagnostics.push(...unprintable(settings))
  return { settings, diagnostics }
}

function namespaceOf(env: Env): Pick<ConnectionSettings, 'namespace' | 'namespaceVariable'> {
  const namespace = variable(env, 'NAMESPACE')
  if (namespace === undefined) return {}
  return { namespace, namespaceVariable: env['BAO_NAMESPACE'] ? 'BAO_NAMESPACE' : 'VAULT_NAMESPACE' }
}

/** Separated by commas or white space; an empty one counts as unset, as everywhere. */
function addressList(text = ''): Pick<ConnectionSettings, 'addresses'> {
  const addresses = text.split(/[\s,]+/).filter((address) => address !== '')
  return addresses.length === 0 ? {} : { addresses }
}

/** What goes into a header must be printable ASCII; a line break at the end of a copied token is the usual mistake. */
function unprintable({
  namespace,
  namespaceVariable = 'VAULT_NAMESPACE',
  credentials,
}: ConnectionSettings): Diagnostic[] {
  const values = [
    [namespaceVariable, namespace],
    [
      credentials.from === 'token' ? credentials.variable : 'VAULT_TOKEN',
      credentials.from === 'token' ? credentials.token : '',
    ],
  ] as const
  return values
    .filter(([, value]) => /[^\x20-\x7e]/.test(value ?? ''))
    .map(([name]) =>
      problem('bad-variable', `${name} holds characters that cannot be sent`, 'Look for line breaks in it.'),
    )
}

function boolean(value: string | undefined, name: string, diagnostics: Diagnostic[]): boolean {
  if (value === undefined || /^(0|f|false)$/i.test(value)) return false
  if (!/^(1|t|true)$/i.test(value))
    diagnostics.push(problem('bad-variable', `${name} is neither true nor false`, 'Set it to true or false.'))
  return true
}

function timeout(value: string | undefined, diagnostics: Diagnostic[]): number {
  const seconds = value === undefined ? 60 : parseDuration(value)
  if (seconds !== undefined && seconds > 0) return seconds * 1000
  diagnostics.push(
    problem('bad-variable', 'VAULT_CLIENT_TIMEOUT is no duration', 'Write seconds, or a duration such as 30s or 2m.'),
  )
  return 60_000
}

function retries(value: string | undefined, diagnostics: Diagnostic[]): number {
  if (value === undefined) return 2
  if (/^\d{1,3}$/.test(value)) return Number(value)
  diagnostics.push(
    problem('bad-variable', 'VAULT_MAX_RETRIES is no whole number', 'Write how often to try again, such as 2.'),
  )
  return 2
}

/** A token that was given by name wins; then a job's ID token; then the file that `vault login` leaves. */
function credentials(env: Env, diagnostics: Diagnostic[]): Credentials {
  const token = variable(env, 'TOKEN')
  if (token !== undefined)
    return { from: 'token', variable: env['BAO_TOKEN'] ? 'BAO_TOKEN' : 'VAULT_TOKEN', token: token.trim() }
  const jwt = variable(env, 'ID_TOKEN')
  if (jwt === undefined) return { from: 'file' }
  const role = variable(env, 'AUTH_ROLE') ?? ''
  if (role === '') {
    diagnostics.push(
      problem(
        'no-role',
        'VAULT_ID_TOKEN is set, but VAULT_AUTH_ROLE does not say which role to log in with',
        'Set VAULT_AUTH_ROLE to the name of a JWT role.',
      ),
    )
  }
  const mount = (variable(env, 'AUTH_PATH') ?? 'jwt').replace(/^auth\/|\/$/g, '')
  return { from: 'id-token', jwt: jwt.trim(), role, mount }
}

/** An address as it may be shown: without a user and password that somebody wrote into it. */
export function shownAddress(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//…@')
}
