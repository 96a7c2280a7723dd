import { explainText } from '../../access/why/failures.ts'
import { normalAddress } from '../../core/address.ts'
import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import { VaultError } from '../../core/server.ts'
import { openSecretSession, type SecretSession } from '../../vault/secret-session.ts'
import { connectionSettings, shownAddress } from '../../vault/settings.ts'
import type { Context } from '../session/command.ts'
import type { Wanted } from './wanted.ts'

type Env = Context['env']

/** What a login needs besides the role. */
export interface LoginInput {
  readonly env: Env
  readonly wanted: Wanted
  readonly jwt: string
  readonly signal: AbortSignal
}

/** The job's ID token. Throws UserError where there is none. */
export function idToken(env: Env, variable: string | undefined, { audiences }: Wanted): string {
  const name = variable ?? (env['BAO_ID_TOKEN'] ? 'BAO_ID_TOKEN' : 'VAULT_ID_TOKEN')
  const jwt = env[name]?.trim() ?? ''
  if (jwt !== '') return jwt
  const audience = audiences[0] ?? 'https://vault.example.com'
  throw new UserError([
    problem(
      'no-id-token',
      `${name} is not set, so there is nothing to log in with`,
      `Give the job "id_tokens: { ${name}: { aud: ${audience} } }", or name another variable with --id-token-variable.`,
    ),
  ])
}

/** Logs in, once. Throws UserError, or VaultError where no server could be asked. */
export async function logInForSecrets({ env, wanted, jwt, signal }: LoginInput): Promise<SecretSession> {
  const { role, mount, address, namespace, source } = wanted
  const { settings, diagnostics } = connectionSettings(withJobVariables(env, wanted, jwt))
  const problems = [...diagnostics, ...disagreements(env, wanted)]
  if (problems.length > 0) throw new UserError(problems)
  const options = {
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace, namespaceFrom: source }),
    settings,
    parallelism: 8,
    secretOf: () => '',
  }
  // A login that is under way is waited for: its token is to be revoked.
  const early = new AbortController()
  const stop = () => early.abort()
  signal.addEventListener('abort', stop)
  const onRequest = () => signal.removeEventListener('abort', stop)
  try {
    return await openSecretSession({ ...options, signal: early.signal, onRequest }, { jwt, role, mount })
  } catch (error) {
    throw explained(error, role)
  } finally {
    onRequest()
  }
}

/** The login is this role's, whatever token or role the environment of the run holds. */
function withJobVariables(env: Env, { role, mount }: Wanted, jwt: string): Env {
  const own = { ID_TOKEN: jwt, AUTH_ROLE: role, AUTH_PATH: mount, TOKEN: undefined }
  const both = Object.entries(own).flatMap(([name, value]) => [
    [`VAULT_${name}`, value],
    [`BAO_${name}`, undefined],
  ])
  // What GitLab's own `secrets` reads the address from.
  const address = env['VAULT_ADDR'] || env['VAULT_SERVER_URL']
  return { ...env, ...Object.fromEntries(both), VAULT_ADDR: address }
}

/** An ID token goes only where everybody who says something about it agrees on. */
function disagreements(env: Env, { address, source }: Wanted): Diagnostic[] {
  const said = [
    ...(address === undefined ? [] : [[source, address] as const]),
    ...(['BAO_ADDR', 'VAULT_ADDR', 'VAULT_SERVER_URL'] as const).flatMap((name) =>
      env[name] ? [[name, env[name]] as const] : [],
    ),
  ]
  // BAO_ADDR is what OpenBao's command line reads before VAULT_ADDR, and meant to differ.
  const counted = env['BAO_ADDR'] ? said.filter(([name]) => name !== 'VAULT_ADDR') : said
  const different = new Set(counted.map(([, value]) => normalAddress(value) ?? value))
  if (different.size < 2) return []
  const words = counted.map(([name, value]) => `${name} says ${shownAddress(value)}`)
  return [
    problem(
      'address-mismatch',
      `${words.join(', ')}; nothing was sent anywhere`,
      'A token goes only where its owner meant it to: make them agree, or unset the wrong one.',
    ),
  ]
}

/** A refused login in the words of the table that `access why` uses. */
function explained(error: unknown, role: string): unknown {
  if (!(error instanceof VaultError) || error.status !== 400) return error
  const [known] = explainText(error.errors.join('\n')).filter(({ failure }) => failure.stage === 'login')
  const help = known === undefined ? 'The server refused the ID token; its words say which check failed.' : undefined
  return new UserError([
    problem(
      'login-refused',
      `the login with role ${role} was refused: ${error.message}`,
      help ?? `${known?.failure.cause} ${known?.failure.fix.replace('ROLE --token FILE', `${role} --token -`)}`,
    ),
  ])
}
