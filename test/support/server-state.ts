import { isObject, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { request, type Server } from './live-vault.ts'

/**
 * All that a test can see of a server, by API path: auth mounts with their tuning, JWT configuration and roles, policies,
 * users, secret engines and their kv-v2 secrets, entities. Asked for by its own means, without the code under test.
 */
export type ServerState = ReadonlyMap<string, JsonValue>

export async function serverState(server: Server): Promise<ServerState> {
  const state = new Map<string, JsonValue>()
  const read = async (path: string) => {
    const { status, body } = await request(server, 'GET', path)
    if (status === 404) return undefined
    if (status !== 200) throw new Error(`GET ${path}: ${status}`)
    return body?.['data'] as JsonObject
  }
  const list = async (path: string) => ((await read(`${path}?list=true`))?.['keys'] ?? []) as readonly string[]
  const keep = async (path: string, without: readonly string[] = []) => {
    const data = await read(path)
    if (data !== undefined) state.set(path, omit(data, without))
  }
  const secrets = async (mount: string, folder: string): Promise<void> => {
    for (const key of await list(`${mount}metadata/${folder}`)) {
      if (key.endsWith('/')) await secrets(mount, `${folder}${key}`)
      else await keep(`${mount}data/${folder}${key}`)
    }
  }

  for (const [path, mount] of mountsOf(await read('sys/auth'))) {
    state.set(`sys/auth/${path}`, mount)
    const base = `auth/${path.replace(/\/$/, '')}`
    if (mount['type'] === 'jwt') await keep(`${base}/config`)
    const names = mount['type'] === 'jwt' ? 'role' : mount['type'] === 'userpass' ? 'users' : undefined
    if (names === undefined) continue
    for (const name of await list(`${base}/${names}`)) await keep(`${base}/${names.replace(/s$/, '')}/${name}`)
  }
  for (const name of await list('sys/policies/acl')) await keep(`sys/policies/acl/${name}`)
  for (const [path, mount] of mountsOf(await read('sys/mounts'))) {
    state.set(`sys/mounts/${path}`, mount)
    if (isObject(mount['options']) && mount['options']['version'] === '2') await secrets(path, '')
  }
  for (const id of await list('identity/entity/id')) await keep(`identity/entity/id/${id}`)
  return state
}

function mountsOf(answer: JsonObject | undefined): [string, JsonObject][] {
  const mounts = Object.entries(answer ?? {}).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
  // A plugin's exact version is filled in some time after the mount is made.
  return mounts.map(([path, mount]) => [
    path,
    omit(mount, ['running_plugin_version', 'running_sha256', 'deprecation_status']),
  ])
}

function omit(data: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(data).filter(([key]) => !keys.includes(key)))
}

export function sameAt(path: string, a: ServerState, b: ServerState): boolean {
  return JSON.stringify(a.get(path)) === JSON.stringify(b.get(path))
}
