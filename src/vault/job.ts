import { isObject, type JsonObject } from '../core/json.ts'
import { VaultError } from '../core/server.ts'
import type { Requester } from './client.ts'
import { type Login, logIn } from './session.ts'

/** The session of a job that logged in with an ID token. */
export interface Job {
  /** As the server gave them, those of its identity included. */
  readonly policies: readonly string[]
  /**
   * What `sys/capabilities` says of the job's token at each of the paths. Throws VaultError where neither the job nor the
   * connection's own token may ask.
   */
  capabilities(paths: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>
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

/** OpenBao takes 1,000 strings in a body (http/json.go). */
const mostPaths = 500

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
    async capabilities(paths) {
      const answers = new Map<string, readonly string[]>()
      for (let start = 0; start < paths.length; start += mostPaths) {
        const part = paths.slice(start, start + mostPaths)
        const data = await ask(part)
        for (const path of part) {
          const found = data[path]
          if (!Array.isArray(found)) throw new VaultError(200, 'POST', 'sys/capabilities', [`no answer for ${path}`])
          answers.set(path, found.map(String))
        }
      }
      return answers
    },
    close,
  }
}

/** A token without the policy `default` may not ask what it may do; the connection's own may be able to. */
function unlessForbidden(error: unknown): undefined {
  if (error instanceof VaultError && error.status === 403) return undefined
  throw error
}
