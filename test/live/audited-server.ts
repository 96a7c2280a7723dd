import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { idToken, publicKey } from '../conformance/id-tokens.ts'
import { type Files, temporaryFolder, writeFiles } from '../support/files.ts'
import { request, startVault } from '../support/live-vault.ts'
import { type Ended, type RunOptions, vaultwright } from '../support/program.ts'

/** A server that writes three audit logs: hashed with two salts, and in clear. Whoever starts it stops it. */
export interface AuditedServer {
  readonly openbao: boolean
  readonly root: string
  /** Paths of the logs. */
  readonly logs: { readonly file: string; readonly other: string; readonly raw: string }
  /** Of the files that describe the server. */
  readonly directory: string
  run(words: readonly string[], options?: RunOptions & { readonly token?: string }): Promise<Ended>
  /** A request that is carried out, behind the program's back. */
  did(token: string, method: string, path: string, body?: JsonObject): Promise<JsonObject>
  refused(token: string, method: string, path: string, body?: JsonObject): Promise<void>
  /** Of all users. */
  readonly passwords: string[]
  /** A token with this policy, of a user who logs in by password. */
  user(name: string, policy: string): Promise<string>
  /** A token of a CI job, as the claims say. */
  job(role: string, claims: Readonly<Record<string, string>>): Promise<string>
  stop(): Promise<void>
}

/** Vault is told of its devices by request; OpenBao by its configuration, which Vault ignores. */
export async function startAudited(files: Files): Promise<AuditedServer> {
  const folder = temporaryFolder()
  const directory = join(folder, 'files')
  mkdirSync(directory)
  writeFiles(directory, { 'key.pem': publicKey, ...files })
  const path = (name: string) => join(folder, `${name}.log`)
  const logs = { file: path('file'), other: path('other'), raw: path('raw') }
  const options = {
    file: { file_path: logs.file },
    other: { file_path: logs.other },
    raw: { file_path: logs.raw, log_raw: 'true' },
  }
  const stanzas = Object.entries(options).map(
    ([name, all]) =>
      `audit "file" "${name}" {\n  options {\n${Object.entries(all)
        .map(([key, value]) => `    ${key} = "${value}"\n`)
        .join('')}  }\n}\n`,
  )
  writeFiles(folder, { 'server.hcl': stanzas.join('') })
  const server = await startVault({ flags: [`-config=${join(folder, 'server.hcl')}`] })
  const { address, token: root } = server
  const ask = (token: string, method: string, path: string, body?: JsonObject) =>
    request({ address, token }, method, path, body)
  const did: AuditedServer['did'] = async (token, method, path, body) => {
    const answer = await ask(token, method, path, body)
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300)
    return answer.body ?? {}
  }
  const health = await did(root, 'GET', 'sys/health')
  const openbao = !('enterprise' in health)
  if (!openbao)
    for (const [name, all] of Object.entries(options))
      await did(root, 'PUT', `sys/audit/${name}`, { type: 'file', options: all })
  const passwords: string[] = []
  const tokenOf = ({ auth }: JsonObject) => (auth as { client_token: string }).client_token
  return {
    openbao,
    root,
    logs,
    directory,
    passwords,
    did,
    run: (words, { token = root, env, ...more } = {}) =>
      vaultwright(words, { cwd: directory, ...more, env: { VAULT_ADDR: address, VAULT_TOKEN: token, ...env } }),
    async refused(token, method, path, body) {
      expect((await ask(token, method, path, body)).status).toBe(403)
    },
    async user(name, policy) {
      await did(root, 'POST', `sys/policies/acl/user-${name}`, { policy })
      const { data } = (await did(root, 'GET', 'sys/auth')) as { data: JsonObject }
      if (!('userpass/' in data)) await did(root, 'POST', 'sys/auth/userpass', { type: 'userpass' })
      const password = crypto.randomUUID()
      passwords.push(password)
      await did(root, 'POST', `auth/userpass/users/${name}`, { password, token_policies: [`user-${name}`] })
      return tokenOf(await did('', 'POST', `auth/userpass/login/${name}`, { password }))
    },
    async job(role, claims) {
      return tokenOf(await did('', 'POST', 'auth/gitlab/login', { role, jwt: await idToken(claims) }))
    },
    stop: server.stop,
  }
}

export function entriesOf(log: string): JsonObject[] {
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
