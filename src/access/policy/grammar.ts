import { meets, type Requirement, type ServerVersion } from '../../core/version.ts'
import { any, type Field, integer, listOf, mapOf, structOf, text } from '../hcl/go-value.ts'
import type { Capability } from './policy.ts'

/** What a server's policies may hold (vault policy.go 1.15 to 1.21, openbao vault/policy/policy.go 2.0 to 2.6). */
export interface Grammar {
  /** Keys of a `path` block. */
  readonly keys: ReadonlySet<string>
  /** What is decoded of a block, in the server's order: it ends at the first mistake. */
  readonly fields: readonly Field[]
  readonly capabilities: ReadonlySet<string>
  /** Whether a key may be assigned only once. */
  readonly refusesDuplicates: boolean
}

const everywhere: Requirement = { vault: '0', openbao: '0' }
const vault: Requirement = { vault: '0' }
const openbao22: Requirement = { openbao: '2.2' }
const openbao23: Requirement = { openbao: '2.3' }
const openbao24: Requirement = { openbao: '2.4' }

const texts = listOf(text)
const parameters = mapOf(listOf(any))
const identity = structOf(['group_ids', texts], ['group_names', texts], ['approvals', integer])
const factor = structOf(['Name', text], ['identity', identity], ['controlled_capabilities', texts])
const controlGroup = structOf(['ttl', any], ['factor', mapOf(factor)])

/** Upper case where messages have it: the server's decoder shows the names of its own fields. */
const fields: readonly (readonly [field: Field, requires: Requirement])[] = [
  [['Policy', text], everywhere],
  [['Capabilities', texts], everywhere],
  [['expiration', text], openbao23],
  [['min_wrapping_ttl', any], everywhere],
  [['max_wrapping_ttl', any], everywhere],
  [['allowed_parameters', parameters], everywhere],
  [['denied_parameters', parameters], everywhere],
  [['required_parameters', texts], everywhere],
  [['mfa_methods', texts], everywhere],
  [['control_group', controlGroup], vault],
  [['subscribe_event_types', texts], vault],
  [['pagination_limit', integer], openbao22],
  [['list_scan_response_keys_filter_path', text], openbao24],
]

const capabilities: readonly (readonly [Capability, Requirement])[] = [
  ['create', everywhere],
  ['read', everywhere],
  ['update', everywhere],
  ['delete', everywhere],
  ['list', everywhere],
  ['sudo', everywhere],
  ['patch', everywhere],
  ['deny', everywhere],
  ['scan', openbao22],
  ['subscribe', vault],
  ['recover', { vault: '1.20' }],
]

const special = [...fields.map(([[name], requires]) => [name, requires] as const), ...capabilities]
  .filter(([, requires]) => requires !== everywhere)
  .map(([name]) => name)
const notPlain = new RegExp(`[^\\x00-\\x7f]|\\\\|${special.join('|')}`, 'i')

/** Whether a text means the same to all servers that take it: it has no word that only some of them know, in any spelling. */
export function isPlain(text: string): boolean {
  return !notPlain.test(text)
}

const known = new Map<string, Grammar>()

export function grammarOf(server: ServerVersion): Grammar {
  const name = `${server.product}@${server.version}`
  const grammar = known.get(name) ?? grammarFor(server)
  known.set(name, grammar)
  return grammar
}

function grammarFor(server: ServerVersion): Grammar {
  const has = <T>(table: readonly (readonly [T, Requirement])[]) =>
    table.filter(([, requires]) => meets(server, requires)).map(([entry]) => entry)
  const decoded = has(fields)
  return {
    keys: new Set(['comment', ...decoded.map(([name]) => name.toLowerCase())]),
    fields: decoded,
    capabilities: new Set<string>(has(capabilities)),
    refusesDuplicates: meets(server, { vault: '1.21' }),
  }
}
