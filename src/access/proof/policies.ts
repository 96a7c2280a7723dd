import type { ServerVersion } from '../../core/version.ts'
import { buildAcl, rulesOf } from '../acl/acl.ts'
import { builtinPolicy } from '../acl/builtin.ts'
import type { Block, MergedRule } from '../acl/decision.ts'
import { patternOf } from '../acl/pattern.ts'
import type { AccessModel } from '../model.ts'
import { type Grants, grantsOf } from '../paths/grants.ts'
import type { PathPattern } from '../paths/pattern.ts'
import { parsePolicy } from '../policy/parse.ts'
import type { Policy } from '../policy/policy.ts'

/** What the policies of a role grant, as far as it is known. */
export interface PolicyGrants {
  /** Equal only for the same texts in the same order. */
  readonly key: string
  readonly grants: Grants
  /** Blocks whose paths depend on who the token belongs to. */
  readonly templated: readonly TemplatedBlock[]
  /** Why some policies are not known, one sentence each without a full stop; sorted. */
  readonly unknown: readonly string[]
}

export interface TemplatedBlock extends Block {
  /** All paths that it can come to be about, and more. */
  readonly around: PathPattern
  /** Equal for blocks that say the same. */
  readonly key: string
}

/** Parses each text and merges each list of policies once. One for both models of a comparison. */
export interface PolicyStore {
  grantsFor(model: AccessModel, names: readonly string[]): PolicyGrants
}

export function policyStore(): PolicyStore {
  const texts = new Map<string, string>()
  const parsed = new Map<string, Known>()
  const merged = new WeakMap<AccessModel, Map<string, PolicyGrants>>()
  const policyAt = (model: AccessModel, name: string): Known => {
    const stored = model.policies.get(name)
    if (stored === undefined && name !== 'default') return { key: `?${name}`, unknown: unknownPolicy(name) }
    const { text, file } = stored ?? { text: builtinPolicy('default', model.server) }
    const { product, version } = model.server
    const place = JSON.stringify([product, version, name, file ?? '', stored === undefined, text])
    const known = parsed.get(place) ?? parse(name, text, model.server, keyOf(texts, text), file)
    parsed.set(place, known)
    if (stored === undefined && 'policy' in known) builtins.add(known.policy)
    return known
  }
  return {
    grantsFor(model, names) {
      const here = merged.get(model) ?? new Map<string, PolicyGrants>()
      merged.set(model, here)
      const list = names.join('\n')
      const grants =
        here.get(list) ??
        merge(
          model,
          names.map((name) => policyAt(model, name)),
        )
      here.set(list, grants)
      return grants
    },
  }
}

function keyOf(texts: Map<string, string>, text: string): string {
  const key = texts.get(text) ?? String(texts.size)
  texts.set(text, key)
  return key
}

type Known =
  | { readonly key: string; readonly policy: Policy; readonly templated: readonly TemplatedBlock[] }
  | { readonly key: string; readonly unknown: string }

const builtins = new WeakSet<Policy>()

/** Whether a rule is there only because every token has the server's own policy `default`. */
export function isBuiltin({ from }: MergedRule): boolean {
  return from.every(({ policy }) => builtins.has(policy))
}

export function isBuiltinBlock({ policy }: Block): boolean {
  return builtins.has(policy)
}

function unknownPolicy(name: string): string {
  return `the policy "${name}" is not described here, so what it grants or hides is not known`
}

function parse(name: string, text: string, server: ServerVersion, key: string, file: string | undefined): Known {
  const result = parsePolicy(name, text, server, file === undefined ? {} : { file })
  if ('refused' in result) {
    const why = result.refused.errors[0] ?? 'its parser crashes'
    return { key, unknown: `the server would not take the policy "${name}": ${why}` }
  }
  const { policy } = result
  const fixed = { ...policy, rules: policy.rules.filter(({ templated }) => !templated) }
  return {
    key,
    policy: fixed,
    templated: policy.rules.filter(({ templated }) => templated).map((rule) => block(fixed, rule)),
  }
}

function merge(model: AccessModel, policies: readonly Known[]): PolicyGrants {
  const known = policies.flatMap((one) => ('policy' in one ? [one] : []))
  const acl = buildAcl(
    known.map(({ policy }) => policy),
    model.server,
    model.namespace === '' ? {} : { namespace: model.namespace },
  )
  const broken =
    acl.failure === undefined ? [] : [`the server can make no rules of "${acl.failure.policy}": ${acl.failure.error}`]
  return {
    key: `${model.server.product} ${model.server.version} ${model.namespace}|${policies.map(({ key }) => key).join()}`,
    grants: grantsOf(rulesOf(acl), model.server),
    templated: known.flatMap(({ templated }) => templated),
    unknown: [...policies.flatMap((one) => ('unknown' in one ? [one.unknown] : [])), ...broken].sort(),
  }
}

/** What a template becomes is any text, slashes included; so after its beginning the path can be anything. */
function block(policy: Policy, rule: Policy['rules'][number]): TemplatedBlock {
  const start = rule.written.slice(0, rule.written.indexOf('{{')).replace(/\++$/, '')
  const pattern = patternOf(`${start}*`, '')
  const { position: _, ...said } = rule
  return {
    policy,
    rule,
    around: 'error' in pattern ? { match: 'prefix', pattern: '' } : pattern,
    key: JSON.stringify(said, (_, value) => (value instanceof Set || value instanceof Map ? [...value] : value)),
  }
}
