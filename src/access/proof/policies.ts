import { byText } from '../../core/json.ts'
import type { ServerVersion } from '../../core/version.ts'
import { builtinPolicy } from '../acl/builtin.ts'
import type { Block, MergedRule } from '../acl/decision.ts'
import { mergeRules } from '../acl/merge.ts'
import type { AccessModel } from '../model.ts'
import { type Grants, grantsOfSets } from '../paths/grants.ts'
import { type Part, type PartSet, partSet } from '../paths/parts.ts'
import { literalStart, type PathPattern } from '../paths/pattern.ts'
import { mayHold } from '../paths/starts.ts'
import { parsePolicy } from '../policy/parse.ts'
import { patternOf } from '../policy/pattern.ts'
import type { PathRule, Policy } from '../policy/policy.ts'
import { remembered } from './remembered.ts'

/** What the policies of a role grant, as far as it is known. */
export interface PolicyGrants {
  /** Equal only for the same texts in the same order, for one server and namespace. */
  readonly key: string
  readonly grants: Grants
  /** Blocks whose paths depend on who the token belongs to. */
  readonly templated: readonly TemplatedBlock[]
  /** Those of them that may come to be about a path that these policies have a rule for. */
  readonly disturbing: readonly TemplatedBlock[]
  /** Whether a path with this beginning may be one that they have a rule for. */
  mayHold(start: string): boolean
  /** Why some policies are not known, one sentence each without a full stop; sorted. */
  readonly unknown: readonly string[]
}

export interface TemplatedBlock extends Block {
  /** All paths that it can come to be about, and more. */
  readonly around: PathPattern
  /** What they begin with. */
  readonly start: string
  /** Equal for blocks that say the same. */
  readonly key: string
}

/** Parses each text and merges each list of policies once. One for both models of a comparison. */
export interface PolicyStore {
  /** Of a token with these policies; in the server's order, by name. */
  grantsFor(model: AccessModel, names: readonly string[]): PolicyGrants
}

export function policyStore(): PolicyStore {
  const texts = new Map<string, ReadText[]>()
  let [ids, keys] = [0, 0]
  const models = new WeakMap<AccessModel, Map<string, Known>>()
  const merged = new Map<string, PolicyGrants>()
  const read = (model: AccessModel, name: string): Known => {
    const stored = model.policies.get(name)
    if (stored === undefined && name !== 'default') {
      return { id: ids++, key: `?${name}`, unknown: unknownPolicy(name) }
    }
    const { text, file } = stored ?? { text: builtinPolicy('default', model.server) }
    const place = { name, file, builtin: stored === undefined, server: model.server, namespace: model.namespace }
    const same = texts.get(text)
    const found = same?.find((one) => isPlace(one.place, place))
    if (found !== undefined) return found.known
    const alike = same?.find((one) => understandsAlike(one.place, place))
    const known = Object.assign(parse(text, place), { id: ids++, key: alike?.known.key ?? String(keys++) })
    if (same === undefined) texts.set(text, [{ place, known }])
    else same.push({ place, known })
    return known
  }
  return {
    grantsFor(model, names) {
      const policies = models.get(model) ?? new Map<string, Known>()
      models.set(model, policies)
      const known = names.map((name) => remembered(policies, name, () => read(model, name)))
      return remembered(merged, known.map(({ id }) => id).join(), () => merge(model.server, known))
    },
  }
}

/** Whose a text is. */
interface Place extends Pick<AccessModel, 'server' | 'namespace'> {
  readonly name: string
  readonly file: string | undefined
  readonly builtin: boolean
}

interface ReadText {
  readonly place: Place
  readonly known: Known
}

function isPlace(a: Place, b: Place): boolean {
  return a.name === b.name && a.file === b.file && a.builtin === b.builtin && understandsAlike(a, b)
}

function understandsAlike(a: Place, b: Place): boolean {
  const { product, version } = a.server
  return product === b.server.product && version === b.server.version && a.namespace === b.namespace
}

type Known = Meaning & {
  /** Its own. */
  readonly id: number
  /** The same for texts that say the same. */
  readonly key: string
}

type Meaning =
  | {
      /** Of its rules without templates. */
      readonly set: PartSet
      readonly templated: readonly TemplatedBlock[]
    }
  | { readonly unknown: string }

interface OwnPolicy extends Policy {
  /** The server's own, which nobody described. */
  readonly builtin?: boolean
}

/** Whether a rule is there only because every token has the server's own policy `default`. */
export function isBuiltin({ from }: MergedRule): boolean {
  return from.every(isBuiltinBlock)
}

export function isBuiltinBlock({ policy }: { readonly policy: OwnPolicy }): boolean {
  return policy.builtin === true
}

function unknownPolicy(name: string): string {
  return `the policy "${name}" is not described here, so what it grants or hides is not known`
}

function parse(text: string, { name, file, builtin, server, namespace }: Place): Meaning {
  const result = parsePolicy(name, text, server, file === undefined ? {} : { file })
  if ('refused' in result) {
    const why = result.refused.errors[0] ?? 'its parser crashes'
    return { unknown: `the server would not take the policy "${name}": ${why}` }
  }
  const policy: OwnPolicy = { ...result.policy, builtin }
  const { rules } = policy
  const templates = rules.filter(({ templated }) => templated)
  const plain = templates.length === 0 ? rules : rules.filter(({ templated }) => !templated)
  const blocks = keyedBlocks(policy, plain, namespace)
  return { set: partSet(mergeRules(blocks)), templated: templates.map((rule) => block(policy, rule)) }
}

/** A policy with a path that no namespace takes is refused already. */
function keyedBlocks(policy: Policy, rules: readonly PathRule[], namespace: string): readonly (Block & PathPattern)[] {
  if (namespace === '') return rules.map((rule) => ({ policy, rule, pattern: rule.pattern, match: rule.match }))
  return rules.flatMap((rule) => {
    const key = patternOf(rule.written, namespace)
    return 'error' in key ? [] : [{ policy, rule, pattern: key.pattern, match: key.match }]
  })
}

/** Policies have little to do with each other, so most of their parts are parts of the token as they are. */
function merge(server: ServerVersion, policies: readonly Known[]): PolicyGrants {
  const sets: PartSet[] = []
  const templated: (readonly TemplatedBlock[])[] = []
  const unknown: string[] = []
  for (const policy of policies) {
    if ('unknown' in policy) unknown.push(policy.unknown)
    else {
      sets.push(policy.set)
      if (policy.templated.length > 0) templated.push(policy.templated)
    }
  }
  const blocks = templated.length === 1 ? (templated[0] as readonly TemplatedBlock[]) : templated.flat()
  const holds = (start: string) => sets.some(({ starts }) => mayHold(starts, start))
  return {
    key: policies.map(({ key }) => key).join(),
    grants: grantsOfSets(sets, mergedAnew, server),
    mayHold: holds,
    templated: blocks,
    disturbing: blocks.filter(({ start }) => holds(start)),
    unknown: unknown.sort(byText),
  }
}

/** What rules of several policies are as one token's. */
function mergedAnew(parts: readonly Part[]): readonly MergedRule[] {
  const rules = parts.flatMap(({ rules }) => rules)
  return mergeRules(rules.flatMap(({ from, pattern, match }) => from.map((block) => ({ ...block, pattern, match }))))
}

/** What a template becomes is any text, slashes included; so after its beginning the path can be anything. */
function block(policy: Policy, rule: Policy['rules'][number]): TemplatedBlock {
  const start = rule.written.slice(0, rule.written.indexOf('{{')).replace(/\++$/, '')
  const pattern = patternOf(`${start}*`, '')
  const { position: _, written: __, ...said } = rule
  const around: PathPattern = 'error' in pattern ? { match: 'prefix', pattern: '' } : pattern
  return {
    policy,
    rule,
    around,
    start: literalStart(around),
    key: JSON.stringify(said, (_, value) => (value instanceof Set || value instanceof Map ? [...value].sort() : value)),
  }
}
