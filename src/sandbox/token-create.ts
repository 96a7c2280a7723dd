import { parseGoDuration } from '../access/login/go-numbers.ts'
import { refusePolicies, sanitizePolicies } from '../access/login/policies.ts'
import { allowsSudo } from './acl.ts'
import { type Answer, refuse } from './answers.ts'
import type { FieldType } from './field-types.ts'
import { lifetimeOf } from './lifetime.ts'
import { storedPolicy } from './policies.ts'
import { type Call, type Input, listOf, textOf } from './routes.ts'
import { type State, systemTtl } from './state.ts'
import { addToken, spent, type Token } from './token.ts'
import { authAnswer } from './token-auth.ts'

export const creationFields: Readonly<Record<string, FieldType>> = {
  id: 'string',
  policies: 'slice',
  meta: 'key-value pairs',
  no_parent: 'bool',
  no_default_policy: 'bool',
  renewable: 'bool',
  ttl: 'string',
  explicit_max_ttl: 'string',
  period: 'string',
  display_name: 'string',
  entity_alias: 'string',
  num_uses: 'int',
  type: 'string',
}

/** A child of the token that asks, or an orphan; without token roles (vault token_store.go handleCreateCommon). */
export function createToken(state: State, { input, path }: Call, parent: Token, orphan = false): Answer {
  if (parent.type === 'batch') refuse('batch tokens cannot create more tokens')
  if (parent.numUses > 0 || parent.numUses === spent) refuse('restricted use token cannot generate child tokens')
  const sudo = allowsSudo(state, parent, `auth/token/${path}`)
  const type = typeOf(input)
  const numUses = (input.get('num_uses') ?? 0) as number
  if (numUses < 0) refuse('number of uses cannot be negative')
  if (textOf(input, 'entity_alias') !== '') refuse("'entity_alias' is only allowed in combination with token role")
  const id = textOf(input, 'id')
  if (id !== '' && !sudo) refuse('root or sudo privileges required to specify token id')
  const policies = policiesOf(state, input, parent, sudo)
  if (policies.includes('root') && type === 'batch') refuse('batch tokens cannot be root tokens')
  const alone = input.get('no_parent') === true
  if (alone && !sudo) refuse('root or sudo privileges required to create orphan token')
  const times = timesOf(input, policies, sudo)
  if (times.ttl === 0 && parent.ttl !== 0) refuse('expiring root tokens cannot create non-expiring root tokens')
  const token = addToken(state, {
    ...(id === '' ? {} : { id }),
    ...(alone || orphan ? {} : { parent: parent.id }),
    type,
    policies,
    path: `auth/token/${path}`,
    displayName: displayNameOf(textOf(input, 'display_name')),
    meta: (input.get('meta') ?? null) as Record<string, string> | null,
    entityId: alone || orphan ? '' : parent.entityId,
    ttl: times.ttl,
    explicitMaxTtl: times.explicitMaxTtl,
    period: times.period,
    renewable: type === 'service' && times.ttl > 0 && input.get('renewable') !== false,
    boundCidrs: alone || orphan ? [] : parent.boundCidrs,
    allUses: numUses,
  })
  const unknown = policies.filter((name) => name !== 'root' && storedPolicy(state, name) === undefined)
  const absent = unknown.map((name) => `Policy ${JSON.stringify(name)} does not exist`)
  return authAnswer(token, token.ttl, [...times.warnings, ...(id === '' ? [] : [customId]), ...absent])
}

const customId =
  'Supplying a custom ID for the token uses the weaker SHA1 hashing instead of the more secure SHA2-256 HMAC for token obfuscation. SHA1 hashed tokens on the wire leads to less secure lookups.'

function typeOf(input: Input): Token['type'] {
  const type = textOf(input, 'type')
  if (type === '' || type === 'service') return 'service'
  if (type !== 'batch') refuse("invalid 'token_type' value")
  const never = ['explicit_max_ttl', 'num_uses', 'period'].find((name) => {
    const value = input.get(name) ?? 0
    return typeof value === 'number' ? value !== 0 : secondsOf(input, name) !== 0
  })
  if (never !== undefined) refuse(`batch tokens cannot have ${JSON.stringify(never)} set`)
  return 'batch'
}

/** No more than the parent has, unless it has `sudo` here. */
function policiesOf(state: State, input: Input, parent: Token, sudo: boolean): readonly string[] {
  const asked = listOf(input, 'policies').map(String)
  const noDefault = input.get('no_default_policy') === true
  const wanted = sanitizePolicies(asked.length > 0 ? asked : parent.policies, false)
  if (!sudo && !wanted.every((name) => parent.policies.includes(name)))
    refuse('child policies must be subset of parent')
  const addDefault = asked.length > 0 && (sudo || parent.policies.includes('default'))
  const policies = sanitizePolicies(wanted, addDefault && !noDefault).filter((name) => !noDefault || name !== 'default')
  if (policies.includes('root')) {
    if (!parent.policies.includes('root')) refuse('root tokens may not be created without parent token being root')
    return policies
  }
  const refused = refusePolicies(policies, state.product)
  return refused === undefined ? policies : refuse(refused)
}

function timesOf(input: Input, policies: readonly string[], sudo: boolean) {
  const explicitMaxTtl = secondsOf(input, 'explicit_max_ttl')
  const period = secondsOf(input, 'period')
  if (period > 0 && !sudo) refuse('root or sudo privileges required to create periodic token')
  const ttl = secondsOf(input, 'ttl')
  const limits = { defaultTtl: systemTtl, maxTtl: systemTtl, ttl, explicitMaxTtl, period }
  const endless = period === 0 && ttl === 0 && policies.includes('root')
  const life = endless ? { ttl: explicitMaxTtl, warnings: [] } : lifetimeOf(limits)
  return { ...life, explicitMaxTtl, period }
}

function secondsOf(input: Input, name: string): number {
  const text = textOf(input, name)
  const result = parseGoDuration(text)
  if ('error' in result) return refuse(result.error)
  if (result.seconds < 0) refuse(`${name} must be positive`)
  return result.seconds
}

function displayNameOf(text: string): string {
  return text === '' ? 'token' : `token-${text}`.replace(/[^a-zA-Z0-9-]/g, '-').replace(/-$/, '')
}
