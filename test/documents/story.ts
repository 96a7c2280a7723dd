import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { parse } from 'yaml'
import type { JsonObject } from '../../src/core/json.ts'
import { temporaryFolder } from '../support/files.ts'
import { gitlabProject, preview } from '../support/gitlab-ci-local.ts'
import { type Claims, sign } from '../support/issuer.ts'
import { request, type Server, startVault } from '../support/live-vault.ts'
import { type Ended, type RunOptions, vaultwright } from '../support/program.ts'
import { resolveSecrets } from '../support/runner.ts'
import type { VaultProcess } from '../support/vault-process.ts'

/** A document's world: a server of its own, and the configuration that is kept beside the test, applied to it. */
export interface Story {
  readonly server: VaultProcess
  /** A copy of the configuration. */
  readonly directory: string
  /** In that folder, as somebody without any credential of the server. */
  say(words: readonly string[], options?: RunOptions): Promise<Ended>
  /** A request as root. Fails for a refusal. */
  root(method: string, path: string, body?: unknown): Promise<JsonObject>
  /** An engine, and what lies in it, by path below it; the fields get values of their own. */
  store(mount: string, version: 1 | 2, secrets: Readonly<Record<string, readonly string[]>>): Promise<Values>
  end(): Promise<void>
}

/** By `path field`. */
export type Values = Readonly<Record<string, string>>

/** Applies `test/documents/<name>/`, and sees that a second plan has nothing to do. */
export async function beginStory(name: string, flags: readonly string[] = []): Promise<Story> {
  const server = await startVault({ flags })
  const directory = temporaryFolder()
  cpSync(fileURLToPath(new URL(name, import.meta.url)), directory, { recursive: true })
  const say: Story['say'] = (words, options) => vaultwright(words, { cwd: directory, ...options })
  const env = { VAULT_ADDR: server.address, VAULT_TOKEN: server.token }
  expect(await say(['check'])).toMatchObject({ code: 0 })
  expect(await say(['apply', '--auto-approve'], { env })).toMatchObject({ code: 0 })
  expect(await say(['plan'], { env })).toMatchObject({ code: 0 })
  const root = (method: string, path: string, body?: unknown) => succeed(server, method, path, body)
  return {
    server,
    directory,
    say,
    root,
    store: (mount, version, secrets) => store(root, mount, version, secrets),
    async end() {
      await server.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function succeed(server: Server, method: string, path: string, body?: unknown): Promise<JsonObject> {
  const answer = await request(server, method, path, body)
  expect([path, answer.status < 300, answer.body?.['errors']]).toEqual([path, true, undefined])
  return answer.body ?? {}
}

async function store(
  root: Story['root'],
  mount: string,
  version: 1 | 2,
  secrets: Readonly<Record<string, readonly string[]>>,
): Promise<Values> {
  if (mount !== 'secret') await root('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: `${version}` } })
  const values: Record<string, string> = {}
  for (const [path, fields] of Object.entries(secrets)) {
    const data = Object.fromEntries(fields.map((field) => [field, crypto.randomUUID()]))
    await root('POST', version === 2 ? `${mount}/data/${path}` : `${mount}/${path}`, version === 2 ? { data } : data)
    for (const field of fields) values[`${path} ${field}`] = data[field] as string
  }
  return values
}

/** A generated file, from the story's folder. */
export async function jobsOf(story: Story, ...words: readonly string[]): Promise<string> {
  const run = await story.say(['gitlab', 'jobs', ...words])
  expect(run).toMatchObject({ code: 0 })
  return run.stdout
}

/** The jobs of a pipeline that includes the templates, as GitLab merges them. Throws where they are not valid. */
export async function mergedJobs(pipeline: string, templates: string): Promise<Readonly<Record<string, JsonObject>>> {
  const files = { '.gitlab-ci.yml': `include: { local: /jobs.yml }\n${pipeline}`, 'jobs.yml': templates }
  return parse(await preview(gitlabProject(files)))
}

/** What GitLab and its runner make of the job's `secrets`. */
export function readSecrets({ server }: Story, job: JsonObject | undefined, claims: Claims) {
  return resolveSecrets({ job: job as JsonObject, claims, variables: { VAULT_SERVER_URL: server.address } })
}

/** A login by the API. */
export async function logIn({ server }: Story, role: string, claims: Claims, mount = 'jwt') {
  const { address } = server
  const { status, body } = await request({ address }, 'POST', `auth/${mount}/login`, { role, jwt: await sign(claims) })
  return { status, errors: (body?.['errors'] ?? []) as readonly string[], auth: (body?.['auth'] ?? {}) as JsonObject }
}

export function fileOf({ directory }: Story, path: string): string {
  return readFileSync(join(directory, path), 'utf8')
}

/** Tokens that are alive on the server. */
export async function tokens(story: Story): Promise<number> {
  const { data } = await story.root('LIST', 'auth/token/accessors')
  return ((data as JsonObject)['keys'] as unknown[]).length
}

/** Lines that were broken for the width of a page, as one text. */
export async function why(story: Story, words: readonly string[], input = ''): Promise<string> {
  const { stdout, stderr } = await story.say(['access', 'why', ...words], { input })
  return `${stdout}${stderr}`.replace(/\s+/g, ' ')
}
