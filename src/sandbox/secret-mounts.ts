import { randomBytes, randomUUID } from 'node:crypto'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { type Answer, empty, refuse, repeatedData } from './answers.ts'
import type { FieldType } from './field-types.ts'
import type { StoredSecret } from './kv.ts'
import type { Call, Route } from './routes.ts'
import { runningVersion, type State, systemTtl } from './state.ts'

/** A secret engine. `info` is what `sys/mounts` shows of it; only kv and identity have something behind them. */
export interface Engine {
  /** With its trailing slash. */
  readonly path: string
  readonly type: string
  readonly info: JsonObject
  /** Of kv, by path. */
  readonly secrets: Map<string, StoredSecret>
}

/** What a development server has from the start; `secret/` is kv version 2. */
export function addBuiltinEngines(state: State): void {
  const passing = (header: string) => ({ config: { ...untuned, passthrough_request_headers: [header] } })
  addEngine(state, 'cubbyhole/', 'cubbyhole', { description: 'per-token private secret storage', local: true })
  addEngine(state, 'identity/', 'identity', { description: 'identity store', ...passing('Authorization') })
  addEngine(state, 'secret/', 'kv', {
    ...{ deprecation_status: 'supported', description: 'key/value secret storage', options: { version: '2' } },
  })
  const described = 'system endpoints used for control, policy and debugging'
  addEngine(state, 'sys/', 'system', { description: described, seal_wrap: true, ...passing('Accept') })
}

const untuned = { default_lease_ttl: 0, force_no_cache: false, max_lease_ttl: 0 }

function addEngine(state: State, path: string, type: string, info: JsonObject): void {
  const madeUp: JsonObject = {
    accessor: `${type}_${randomBytes(4).toString('hex')}`,
    config: untuned,
    description: '',
    external_entropy_access: false,
    local: false,
    options: null,
    plugin_version: '',
    running_plugin_version: runningVersion(state, type),
    running_sha256: '',
    seal_wrap: false,
    type,
    uuid: randomUUID(),
  }
  state.engines.set(path, { path, type, info: { ...madeUp, ...info }, secrets: new Map() })
}

/** `sys/internal/ui/mounts` shows what holds for a mount, not what was written. */
export function effectiveEngine({ info }: Engine): JsonObject {
  const config = info['config'] as JsonObject
  return { ...info, config: { ...config, default_lease_ttl: systemTtl, max_lease_ttl: systemTtl } }
}

const fields: Readonly<Record<string, FieldType>> = {
  type: 'string',
  description: 'string',
  config: 'map',
  local: 'bool',
  seal_wrap: 'bool',
  external_entropy_access: 'bool',
  options: 'key-value pairs',
}

/** `sys/mounts`, as far as kv goes (vault logical_system.go handleMount). */
export function secretMountRoutes(state: State): Route[] {
  const all = () => Object.fromEntries([...state.engines.values()].map(({ path, info }) => [path, info]))
  const pathOf = ({ names }: Call) => `${(names['path'] ?? '').replace(/\/$/, '')}/`
  return [
    { pattern: /^mounts$/, handlers: { read: () => repeatedData(all()) } },
    {
      pattern: /^mounts\/(?<path>(?!auth\/)[^/].*)$/,
      fields,
      handlers: {
        read: (call) => {
          const path = pathOf(call)
          return repeatedData((state.engines.get(path) ?? refuse(`No secret engine mount at ${path}`)).info)
        },
        write: (call) => mount(state, pathOf(call), call),
        delete: (call) => unmount(state, pathOf(call)),
      },
    },
  ]
}

function mount(state: State, path: string, { input }: Call): Answer {
  const type = String(input.get('type') ?? '')
  if (type === '') refuse('backend type must be specified as a string')
  const kv = type === 'kv-v2' || type === 'kv-v1' || type === 'kv' || type === 'generic'
  if (!kv) refuse(`plugin not found in the catalog: ${type}`)
  const taken = [...state.engines.keys()].find((other) => other.startsWith(path) || path.startsWith(other))
  if (taken !== undefined) refuse(`path is already in use at ${taken}`)
  const options = (input.get('options') ?? {}) as JsonObject
  addEngine(state, path, 'kv', {
    deprecation_status: 'supported',
    description: (input.get('description') ?? '') as JsonValue,
    local: input.get('local') ?? false,
    options: type === 'kv-v2' ? { ...options, version: '2' } : isObject(options) ? options : {},
    seal_wrap: input.get('seal_wrap') ?? false,
  })
  return empty
}

function unmount(state: State, path: string): Answer {
  const type = state.engines.get(path)?.type
  if (type !== undefined && type !== 'kv') refuse(`cannot unmount ${JSON.stringify(path)}`)
  state.engines.delete(path)
  return empty
}
