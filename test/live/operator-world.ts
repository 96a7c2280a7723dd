import { Readable } from 'node:stream'
import { main } from '../../src/cli.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { type Files, withFiles } from '../support/files.ts'
import { request } from '../support/live-vault.ts'

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The program in this process: a run takes a tenth of the time of a process. */
async function run(words: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Said> {
  let [stdout, stderr] = ['', '']
  const code = await main(words, {
    env,
    cwd,
    stdin: Readable.from([]),
    stdout: {
      write(text) {
        stdout += text
      },
    },
    stderr: {
      write(text) {
        stderr += text
      },
    },
    signal: new AbortController().signal,
  })
  return { code, stdout, stderr }
}

/** A server with its root token. */
export interface Running {
  readonly address: string
  readonly token: string
  close(): Promise<void>
}

/** Somebody who runs the program: by a token, or by an ID token. */
export type As = Readonly<Record<string, string>>

/** A server, asked and worked on as root, and runs of the program against it. */
export async function operatorWorld(server: Pick<Running, 'address' | 'token'>) {
  const root: As = { VAULT_TOKEN: server.token }
  const ask = async (method: string, path: string, body?: JsonObject, token: string = server.token) =>
    request({ ...server, token }, method, path, body)
  const must = async (method: string, path: string, body?: JsonObject) => {
    const answer = await ask(method, path, body)
    if (answer.status >= 300 && answer.status !== 404)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body?.['data'] as JsonObject | undefined
  }
  return {
    server,
    root,
    ask,
    must,
    apply: (files: Files, as: As, words: readonly string[] = []) =>
      run(['apply', '--auto-approve', ...words], withFiles(files), { VAULT_ADDR: server.address, ...as }),
    plan: (files: Files, as: As, words: readonly string[] = []) =>
      run(['plan', ...words], withFiles(files), { VAULT_ADDR: server.address, ...as }),
    /** A token with these policies, each a name and a text, and nothing of `default`. */
    async tokenWith(policies: Readonly<Record<string, string>>): Promise<As> {
      for (const [name, policy] of Object.entries(policies)) await must('POST', `sys/policies/acl/${name}`, { policy })
      const body = { policies: Object.keys(policies), no_default_policy: true, ttl: '1h' }
      const created = await ask('POST', 'auth/token/create', body)
      const auth = (created.body?.['auth'] ?? {}) as JsonObject
      return { VAULT_TOKEN: String(auth['client_token']) }
    },
    /** Everything of this name on the server: the mount, its configuration and roles, and policies that begin so. */
    async state(id: string): Promise<JsonObject> {
      const mounts = (await must('GET', 'sys/auth')) ?? {}
      const mounted = `${id}/` in mounts
      const policies = ((await must('GET', 'sys/policies/acl?list=true'))?.['keys'] ?? []) as string[]
      const roles = mounted ? (((await must('GET', `auth/${id}/role?list=true`))?.['keys'] ?? []) as string[]) : []
      const paths = [
        ...(mounted ? [`auth/${id}/config`] : []),
        ...roles.map((name) => `auth/${id}/role/${name}`),
        ...policies.filter((name) => name.startsWith(id)).map((name) => `sys/policies/acl/${name}`),
      ]
      const read = await Promise.all(paths.map(async (path) => [path, (await must('GET', path)) ?? null] as const))
      return { mount: mounts[`${id}/`] ?? null, ...Object.fromEntries(read) } as JsonObject
    },
    async remove(id: string): Promise<void> {
      const policies = ((await must('GET', 'sys/policies/acl?list=true'))?.['keys'] ?? []) as string[]
      await must('DELETE', `sys/auth/${id}`)
      for (const name of policies.filter((one) => one.startsWith(id))) await must('DELETE', `sys/policies/acl/${name}`)
    },
  }
}

export type OperatorWorld = Awaited<ReturnType<typeof operatorWorld>>
