import { randomBytes, randomUUID } from 'node:crypto'
import type { JsonObject } from '../core/json.ts'
import { runningVersion, type State, systemTtl } from './state.ts'

/** The engines that every server has. The sandbox shows them and has nothing behind them. */
const engines = [
  { path: 'cubbyhole/', type: 'cubbyhole', description: 'per-token private secret storage', local: true },
  { path: 'identity/', type: 'identity', description: 'identity store', header: 'Authorization' },
  {
    path: 'sys/',
    type: 'system',
    description: 'system endpoints used for control, policy and debugging',
    header: 'Accept',
    seal: true,
  },
]

export function secretMounts(state: State): JsonObject {
  return Object.fromEntries(engines.map((engine) => [engine.path, info(state, engine)]))
}

function info(state: State, engine: (typeof engines)[number]): JsonObject {
  return {
    accessor: `${engine.type}_${randomBytes(4).toString('hex')}`,
    config: {
      default_lease_ttl: systemTtl,
      force_no_cache: false,
      max_lease_ttl: systemTtl,
      ...(engine.header === undefined ? {} : { passthrough_request_headers: [engine.header] }),
    },
    description: engine.description,
    external_entropy_access: false,
    local: engine.local ?? false,
    options: null,
    plugin_version: '',
    running_plugin_version: runningVersion(state, engine.type),
    running_sha256: '',
    seal_wrap: engine.seal ?? false,
    type: engine.type,
    uuid: randomUUID(),
  }
}
