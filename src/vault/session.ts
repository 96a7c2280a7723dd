import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { problem, UserError } from '../core/diagnostic.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import { VaultError } from '../core/server.ts'
import { identityOfLogin, type TokenIdentity } from './identity.ts'
import type { Requester } from './requester.ts'
import type { Credentials } from './settings.ts'

/** A token in use. Closing revokes it if this program got it itself; a person's own token is left alone. */
export interface Session {
  /** Whose token it is, where this run knows it without asking. */
  readonly identity?: TokenIdentity
  close(): Promise<void>
}

/** Gets a token as the credentials say and sends it from then on. Throws UserError, or the server's refusal. */
export async function openSession(ask: Requester, credentials: Credentials, secrets: Set<string>): Promise<Session> {
  if (credentials.from === 'id-token') return logIn(ask, credentials, secrets)
  ask.useToken(credentials.from === 'token' ? credentials.token : await tokenFile())
  return { close: async () => {} }
}

export type Login = Omit<Extract<Credentials, { from: 'id-token' }>, 'from'>

/** A session that a login began: its token, and the policies that came with it. */
export interface OwnSession extends Session {
  readonly token: string
  readonly policies: readonly string[]
  /** The login's answer about the token: lifetime, type, uses. */
  readonly auth: JsonObject
}

/** Logs in with an ID token; the token is sent from then on. Throws the server's refusal. */
export async function logIn(ask: Requester, { jwt, role, mount }: Login, secrets: Set<string>): Promise<OwnSession> {
  secrets.add(jwt)
  const path = `auth/${mount}/login`
  const answer = (await ask('POST', path, { role, jwt }, { repeatable: false }))?.['auth']
  const auth = isObject(answer) ? answer : {}
  const token = auth['client_token']
  if (typeof token !== 'string' || token === '') throw new VaultError(200, 'POST', path, ['the login gave no token'])
  ask.useToken(token)
  const policies = Array.isArray(auth['policies']) ? auth['policies'].filter((name) => typeof name === 'string') : []
  return {
    token,
    policies,
    identity: identityOfLogin({ jwt, role, mount }, policies),
    auth,
    async close() {
      try {
        await ask('POST', 'auth/token/revoke-self', {})
      } catch {
        // Its TTL ends it: a token that cannot be revoked now must not turn a finished apply into a failure.
      }
    },
  }
}

/** What `vault login` and `bao login` leave in the home folder. */
async function tokenFile(): Promise<string> {
  const file = join(homedir(), '.vault-token')
  const token = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
  if (token !== '') return token
  throw new UserError([
    problem(
      'no-token',
      'there is no token to talk to the server with',
      `Set VAULT_TOKEN, or VAULT_ID_TOKEN and VAULT_AUTH_ROLE in a GitLab job, or log in with "vault login", which writes ${file}.`,
    ),
  ])
}
