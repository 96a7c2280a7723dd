import type { AccessEffect } from '../../core/access-effect.ts'
import { formatDuration } from '../../core/duration.ts'
import { byText, deepEqual, type JsonValue, stableStringify } from '../../core/json.ts'
import { boxKey } from '../claims/box.ts'
import { describeBoxes } from '../claims/phrases.ts'
import { ttlOf, typeOf } from '../login/granted.ts'
import { mountLimits } from '../login/mount-limits.ts'
import { readWrittenRole, type TokenParameters } from '../login/role.ts'
import { rolesText } from './effects.ts'
import { shortWitnessOf } from './reached.ts'
import type { Subject } from './subjects.ts'

/** What tokens are besides what they may do: of one role before and after, in the words of the role's fields. */
interface TokenChange {
  readonly before: Subject
  readonly after: Subject
  /** `live 1h instead of 5m`. */
  readonly text: string
}

/**
 * How the tokens of roles change that are on both sides, under the same name or under a new one.
 * @param before those whose tokens may be otherwise in the other model
 */
export function tokenChanges(before: readonly Subject[], after: readonly Subject[]): readonly AccessEffect[] {
  const groups = new Map<string, TokenChange[]>()
  for (const change of pairs(before, after).flatMap(changesOf)) {
    const group = groups.get(change.text)
    if (group === undefined) groups.set(change.text, [change])
    else group.push(change)
  }
  return [...groups.values()].map(effectOf)
}

function effectOf(changes: readonly TokenChange[]): AccessEffect {
  const [{ after, text }] = changes as readonly [TokenChange]
  const subjects = changes.map(({ after }) => after)
  const boxes = subjects.flatMap(({ box }) => box ?? [])
  const distinct = [...new Map(boxes.map((box) => [boxKey(box), box])).values()]
  return {
    effect: 'change',
    roles: subjects.map(({ address }) => address).sort(byText),
    who: describeBoxes(distinct),
    claims: distinct.map((box) => Object.fromEntries(box)),
    ...(after.box && { witness: shortWitnessOf(after, after.box) }),
    text: `tokens of ${rolesText(subjects)} now ${text}`,
  }
}

type Pair = readonly [before: Subject, after: Subject]

/** By name, and of the rest those that admit the same tokens and give them the same policies. */
function pairs(before: readonly Subject[], after: readonly Subject[]): readonly Pair[] {
  const byAddress = new Map(before.map((subject) => [subject.address, subject]))
  const taken = new Set(after.map(({ address }) => address))
  const renamed = new Map(
    before.filter(({ address }) => !taken.has(address)).map((subject) => [sameness(subject), subject]),
  )
  return after.flatMap((now): Pair[] => {
    const old = byAddress.get(now.address) ?? (renamed.size > 0 ? renamed.get(sameness(now)) : undefined)
    return old?.box === undefined || now.box === undefined ? [] : [[old, now]]
  })
}

function sameness({ box, policies, trust }: Subject): string {
  return box === undefined ? '' : `${trust} ${boxKey(box)} ${policies.key}`
}

function changesOf([before, after]: Pair): readonly TokenChange[] {
  return textsOf(before, after).map((text) => ({ before, after, text }))
}

function textsOf(before: Subject, after: Subject): readonly string[] {
  const [old, now] = [tokenOf(before), tokenOf(after)]
  if (old === undefined || now === undefined) return []
  const texts: string[] = []
  const duration = (name: string, from: number, to: number) =>
    from !== to && texts.push(`have ${name} ${orNone(to)} instead of ${orNone(from)}`)
  if (old.ttl !== now.ttl) texts.push(`live ${formatDuration(now.ttl)} instead of ${formatDuration(old.ttl)}`)
  if (old.max !== now.max)
    texts.push(`can be renewed up to ${formatDuration(now.max)} instead of ${formatDuration(old.max)}`)
  if (old.type !== now.type) texts.push(`are ${now.type} tokens instead of ${old.type} ones`)
  duration('token_period', old.token.period, now.token.period)
  duration('token_explicit_max_ttl', old.token.explicitMaxTtl, now.token.explicitMaxTtl)
  if (old.token.numUses !== now.token.numUses)
    texts.push(`can be used ${uses(now.token.numUses)} instead of ${uses(old.token.numUses)}`)
  if (!deepEqual(sorted(old.token.boundCidrs), sorted(now.token.boundCidrs)))
    texts.push(`can be got and used ${networks(now.token.boundCidrs)} instead of ${networks(old.token.boundCidrs)}`)
  if (old.token.strictlyBindIp !== now.token.strictlyBindIp)
    texts.push(
      now.token.strictlyBindIp
        ? 'are bound to the address that logged in'
        : 'are no longer bound to the address that logged in',
    )
  return [...texts, ...identityTexts(before, after)]
}

/** Who the server says that the token belongs to. Other roles' templates and an audit log go by it. */
function identityTexts(before: Subject, after: Subject): readonly string[] {
  return ['user_claim', 'groups_claim', 'claim_mappings'].flatMap((field) => {
    const [from, to] = [before.role.role[field], after.role.role[field]]
    return deepEqual(from ?? '', to ?? '') ? [] : [`have ${field} ${shown(to)} instead of ${shown(from)}`]
  })
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'none'
  return typeof value === 'string' ? value : stableStringify(value)
}

interface Token {
  readonly token: TokenParameters
  /** Seconds. */
  readonly ttl: number
  readonly max: number
  readonly type: 'service' | 'batch'
}

function tokenOf({ model, mount, role }: Subject): Token | undefined {
  const token = readWrittenRole(model.server, role.role)?.token
  if (token === undefined) return undefined
  const limits = mountLimits(mount.tune)
  const max = Math.min(limits.maxLeaseTtl, ...[token.maxTtl, token.explicitMaxTtl].filter((limit) => limit > 0))
  return { token, ttl: ttlOf(token, limits), max, type: typeOf(token.type, limits.tokenType) }
}

function orNone(seconds: number): string {
  return seconds === 0 ? 'none' : formatDuration(seconds)
}

function uses(count: number): string {
  return count === 0 ? 'any number of times' : count === 1 ? 'once' : `${count} times`
}

function networks(cidrs: readonly string[]): string {
  return cidrs.length === 0 ? 'from anywhere' : `only from ${sorted(cidrs).join(', ')}`
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...texts].sort(byText)
}
