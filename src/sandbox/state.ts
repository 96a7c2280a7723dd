import { randomBytes, randomUUID } from 'node:crypto'
import type { JsonObject } from '../core/json.ts'
import type { Product } from '../core/server.ts'
import { meets, type Requirement } from '../core/version.ts'
import type { Entity } from './entities.ts'
import type { FetchDocument } from './fetch-document.ts'
import type { Engine } from './secret-mounts.ts'
import { rootToken, type Token } from './token.ts'

/** An enabled auth method. `info` is what `sys/auth` shows of it. */
export interface Mount {
  /** With its trailing slash. */
  readonly path: string
  readonly type: string
  info: JsonObject
  /** As `config` reads; absent until it is written. */
  config?: JsonObject
  /** As roles read, before empty aliases are left out. */
  readonly roles: Map<string, JsonObject>
}

export interface Policy {
  readonly text: string
  /** Counted by OpenBao only. */
  readonly version: number
  readonly casRequired: boolean
  readonly wildcards: boolean
  readonly slashes: boolean
  /** RFC 3339; empty for never. */
  readonly expiration: string
  readonly modified: string
}

export interface State {
  readonly product: Product
  readonly version: string
  readonly clusterId: string
  readonly startedAt: Date
  /** Milliseconds since 1970. */
  now(): number
  /** How the keys of an issuer are fetched; absent where the sandbox contacts nobody. */
  readonly fetchDocument?: FetchDocument
  readonly mounts: Map<string, Mount>
  readonly policies: Map<string, Policy>
  /** By id. */
  readonly tokens: Map<string, Token>
  /** By id. */
  readonly entities: Map<string, Entity>
  /** Secret engines by path, with its trailing slash. */
  readonly engines: Map<string, Engine>
}

/** Seconds: what a mount without limits of its own has (command/server, default 768h). */
export const systemTtl = 2_764_800

export interface StateOptions {
  readonly product: Product
  readonly version: string
  /** The root token. */
  readonly token: string
  readonly clusterId?: string | undefined
  readonly now?: (() => number) | undefined
  readonly fetchDocument?: FetchDocument | undefined
}

export function emptyState({ product, version, token, clusterId, now = Date.now, fetchDocument }: StateOptions): State {
  const startedAt = new Date(now())
  const state: State = {
    product,
    version,
    clusterId: clusterId || randomUUID(),
    startedAt,
    now,
    ...(fetchDocument && { fetchDocument }),
    mounts: new Map(),
    policies: new Map(),
    tokens: new Map([[token, rootToken(token, startedAt)]]),
    entities: new Map(),
    engines: new Map(),
  }
  addMount(state, 'token/', 'token', { description: 'token based credentials', options: null })
  return state
}

export function has(state: State, requirement: Requirement): boolean {
  return meets(state, requirement)
}

/** Puts a mount in place with what the server itself adds to it. */
export function addMount(state: State, path: string, type: string, info: JsonObject): Mount {
  const mount: Mount = { path, type, info: { ...madeUp(state, type), ...info, type }, roles: new Map() }
  state.mounts.set(path, mount)
  return mount
}

function madeUp(state: State, type: string): JsonObject {
  return {
    accessor: `auth_${type}_${randomBytes(4).toString('hex')}`,
    config: { default_lease_ttl: 0, force_no_cache: false, max_lease_ttl: 0, token_type: 'default-service' },
    ...(type === 'token' ? {} : { deprecation_status: 'supported' }),
    description: '',
    external_entropy_access: false,
    local: false,
    options: {},
    plugin_version: '',
    running_plugin_version: runningVersion(state, type),
    running_sha256: '',
    seal_wrap: false,
    uuid: randomUUID(),
  }
}

/** Which product it is shows here, whatever the version number says. Vault takes its JWT method and kv from modules of their own. */
export function runningVersion(state: Pick<State, 'product' | 'version'>, type: string): string {
  if (state.product === 'openbao') return `v${state.version}+builtin.bao`
  return type === 'jwt' || type === 'kv' ? 'v0.25.0+builtin' : `v${state.version}+builtin.vault`
}
