import type { JsonObject } from '../core/json.ts'
import { isEnterprise } from '../core/version.ts'
import type { Answer } from './answers.ts'
import { has, type State } from './state.ts'

/** What a server says about itself to everybody: `sys/health`, `sys/seal-status`, `sys/leader`. */
export function statusOf(state: State, path: string): Answer | undefined {
  const body = endpoints.get(path)?.(state)
  return body === undefined ? undefined : { kind: 'bare', status: 200, body }
}

const endpoints = new Map([
  ['sys/health', health],
  ['sys/seal-status', sealStatus],
  ['sys/leader', leader],
])

function cluster({ clusterId }: State): JsonObject {
  return { cluster_name: `vault-cluster-${clusterId.slice(0, 8)}`, cluster_id: clusterId }
}

function health(state: State): JsonObject {
  const vault = state.product === 'vault'
  return {
    initialized: true,
    sealed: false,
    standby: false,
    ...(has(state, { openbao: '2.6' }) ? {} : { performance_standby: false }),
    replication_performance_mode: 'disabled',
    replication_dr_mode: 'disabled',
    server_time_utc: Math.floor(Date.now() / 1000),
    version: state.version,
    ...(vault ? { enterprise: isEnterprise(state) } : {}),
    ...cluster(state),
    ...(vault ? { echo_duration_ms: 0, clock_skew_ms: 0, replication_primary_canary_age_ms: 0 } : {}),
  }
}

function sealStatus(state: State): JsonObject {
  const built = state.startedAt.toISOString().replace(/\.\d+/, '')
  const newer = has(state, { openbao: '2.6' })
  return {
    type: 'shamir',
    initialized: true,
    sealed: false,
    t: 1,
    n: 1,
    progress: 0,
    nonce: '',
    version: state.version,
    ...(newer ? { commit_date: built } : { build_date: built }),
    migration: false,
    ...cluster(state),
    recovery_seal: false,
    storage_type: 'inmem',
  }
}

function leader(state: State): JsonObject {
  if (has(state, { openbao: '2.6' })) return { ha_enabled: false }
  return {
    ha_enabled: false,
    is_self: false,
    active_time: '0001-01-01T00:00:00Z',
    leader_address: '',
    leader_cluster_address: '',
    performance_standby: false,
    performance_standby_last_remote_wal: 0,
  }
}
