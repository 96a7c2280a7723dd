import { isObject, type JsonObject } from '../core/json.ts'
import { VaultError } from '../core/server.ts'
import { type Capabilities, inParts } from './capabilities.ts'
import type { Requester } from './requester.ts'
import { type Login, logIn } from './session.ts'

/** The session of a job that logged in with an ID token. */
export interface Job {
  /** As the server gave them, those of its identity included. */
  readonly policies: readonly string[]
  /**
   * What `sys/capabilities` says of the job's token at each of the paths. Throws VaultError where neither the job nor the
   * connection's own token may ask.
   */
  capabilities(paths: readonly string[]): Promise<Capabilities>
  /** Revokes the token, as far as it can be. */
  close(): Promise<void>
}

interface Requesters {
  /** Sends the job's token. */
  readonly own: Requester
  /** Sends the connection's own. */
  readonly other: Requester
  readonly secrets: Set<string>
}

export async function openJob(login: Login, { own, other, secrets }: Requesters): Promise<Job> {
  const { token, policies, close } = await logIn(own, login, secrets)
  const ask = async (paths: readonly string[]): Promise<JsonObject> => {
    const data = (await own('POST', 'sys/capabilities-self', { paths }).catch(unlessForbidden)) ?? {
      ...(await other('POST', 'sys/capabilities', { token, paths })),
    }
    return isObject(data['data']) ? data['data'] : {}
  }
  return {
    policies,
    capabilities: (paths) => inParts(paths, ask),
    close,
  }
}

/** A token without the policy `default` may not ask what it may do; the connection's own may be able to. */
function unlessForbidden(error: unknown): undefined {
  if (error instanceof VaultError && error.status === 403) return undefined
  throw error
}
