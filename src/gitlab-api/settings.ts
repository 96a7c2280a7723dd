import { problem, UserError } from '../core/diagnostic.ts'
import { checkProxy, type ProxySettings } from '../vault/proxy.ts'

/** How to reach GitLab's API, and as whom. */
export interface GitlabConnection {
  /** Such as `https://gitlab.example.com/api/v4`. */
  readonly apiUrl: string
  /** A personal, project or group access token. */
  readonly token: string
  readonly proxy: ProxySettings
}

export interface GitlabChoice {
  /** Of the command line: the instance or its API; default CI_API_V4_URL, then CI_SERVER_URL. */
  readonly url?: string | undefined
  /** The variable that holds the token; default VAULTWRIGHT_GITLAB_TOKEN, then GITLAB_TOKEN. */
  readonly tokenVariable?: string | undefined
}

type Env = Readonly<Record<string, string | undefined>>

const tokenVariables = ['VAULTWRIGHT_GITLAB_TOKEN', 'GITLAB_TOKEN'] as const

/** Where a token is looked for, for messages. */
export function tokenPlaces({ tokenVariable }: GitlabChoice): string {
  return tokenVariable ?? tokenVariables.join(' or ')
}

/** Undefined when no variable holds a token. Throws UserError for an address or a token that cannot be meant. */
export function gitlabConnection(env: Env, choice: GitlabChoice = {}): GitlabConnection | undefined {
  const names = choice.tokenVariable === undefined ? tokenVariables : [choice.tokenVariable]
  const name = names.find((one) => env[one]?.trim())
  if (name === undefined) return undefined
  const proxy = proxySettings(env)
  return { apiUrl: apiUrl(env, choice), token: tokenOf(env, name), proxy }
}

function tokenOf(env: Env, name: string): string {
  const token = env[name]?.trim() ?? ''
  if (token === env['CI_JOB_TOKEN']) {
    throw refused(`${name} holds the job's own CI_JOB_TOKEN, which may not write notes or read variables`, tokenHelp)
  }
  if (/[^\x21-\x7e]/.test(token))
    throw refused(`${name} holds characters that cannot be sent`, 'Look for line breaks in it.')
  return token
}

const tokenHelp = 'Make an access token of the project with scope api, and give it to the job in that variable.'

/** An instance may live below a path: `https://example.com/gitlab` has its API at `…/gitlab/api/v4`. */
function apiUrl(env: Env, { url }: GitlabChoice): string {
  const from = url === undefined ? (env['CI_API_V4_URL'] ? 'CI_API_V4_URL' : 'CI_SERVER_URL') : '--gitlab-url'
  const given = (url ?? (env['CI_API_V4_URL'] || env['CI_SERVER_URL']))?.trim()
  const help = 'Write the address of the instance, such as https://gitlab.example.com.'
  if (!given)
    throw refused('no address of GitLab is known: --gitlab-url, CI_API_V4_URL and CI_SERVER_URL are not set', help)
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw refused(`${from} is no address of a web server`, help)
  const { username, password, origin, pathname } = new URL(given)
  if (username !== '' || password !== '')
    throw refused(`${from} holds a user or a password`, 'The token goes into a variable of its own.')
  const path = pathname.replace(/\/+$/, '')
  return `${origin}${path.endsWith('/api/v4') ? path : `${path}/api/v4`}`
}

function proxySettings(env: Env): ProxySettings {
  const [http, https] = [env['http_proxy'] || env['HTTP_PROXY'], env['https_proxy'] || env['HTTPS_PROXY']]
  const except = env['no_proxy'] || env['NO_PROXY']
  const diagnostics = [...checkProxy('HTTP_PROXY', http), ...checkProxy('HTTPS_PROXY', https)]
  if (diagnostics.length > 0) throw new UserError(diagnostics)
  return { ...(http ? { http } : {}), ...(https ? { https } : {}), ...(except ? { except } : {}) }
}

function refused(message: string, help: string): UserError {
  return new UserError([problem('gitlab-address', message, help)])
}
