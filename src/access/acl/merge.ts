import type { Capability, ParameterValue, ParameterValues, PathMatch, PathRule } from '../policy/policy.ts'
import type { Block, MergedRule } from './decision.ts'

interface Draft {
  readonly pattern: string
  readonly match: PathMatch
  capabilities: ReadonlySet<Capability>
  allowedParameters?: ParameterValues
  deniedParameters?: ParameterValues
  requiredParameters?: readonly string[]
  minWrappingTtl?: number
  maxWrappingTtl?: number
  paginationLimit?: number
  listScanResponseKeysFilterPath?: string
  readonly from: Block[]
}

const denied: ReadonlySet<Capability> = new Set(['deny'])

/**
 * The rules of a token, one a pattern: blocks of one pattern add up, within a policy and across policies. `deny` ends it;
 * capabilities and parameters are united, where no values for a parameter stand for all; of several wrapping TTLs and
 * page sizes the smallest counts, and the first filter of keys. Source: NewACL in vault/acl.go, openbao
 * vault/policy/acl.go.
 */
export function mergeRules(
  blocks: readonly (Block & { readonly pattern: string; readonly match: PathMatch })[],
): readonly MergedRule[] {
  const drafts = new Map<string, Draft>()
  for (const { policy, rule, pattern, match } of blocks) {
    const key = `${match} ${pattern}`
    const draft = drafts.get(key)
    if (draft === undefined) drafts.set(key, draftOf(pattern, match, { policy, rule }))
    else {
      draft.from.push({ policy, rule })
      if (!draft.capabilities.has('deny')) add(draft, rule)
    }
  }
  return [...drafts.values()]
}

function draftOf(pattern: string, match: PathMatch, block: Block): Draft {
  const { rule } = block
  const capabilities = rule.capabilities.has('deny') ? denied : rule.capabilities
  const draft: Draft = { pattern, match, capabilities, from: [block] }
  if (rule.allowedParameters !== undefined) draft.allowedParameters = rule.allowedParameters
  if (rule.deniedParameters !== undefined) draft.deniedParameters = rule.deniedParameters
  if (rule.requiredParameters !== undefined) draft.requiredParameters = rule.requiredParameters
  if (rule.minWrappingTtl !== undefined) draft.minWrappingTtl = rule.minWrappingTtl
  if (rule.maxWrappingTtl !== undefined) draft.maxWrappingTtl = rule.maxWrappingTtl
  if (rule.paginationLimit !== undefined) draft.paginationLimit = rule.paginationLimit
  const filter = rule.listScanResponseKeysFilterPath
  if (filter) draft.listScanResponseKeysFilterPath = filter
  return draft
}

function add(draft: Draft, rule: PathRule): void {
  if (rule.capabilities.has('deny')) {
    draft.capabilities = denied
    delete draft.allowedParameters
    delete draft.deniedParameters
    return
  }
  draft.capabilities = new Set([...draft.capabilities, ...rule.capabilities])
  Object.assign(
    draft,
    smaller('maxWrappingTtl', draft, rule),
    smaller('minWrappingTtl', draft, rule),
    smaller('paginationLimit', draft, rule),
    united('allowedParameters', draft, rule),
    united('deniedParameters', draft, rule),
  )
  if (rule.requiredParameters !== undefined)
    draft.requiredParameters = [...new Set([...(draft.requiredParameters ?? []), ...rule.requiredParameters])]
  if (rule.listScanResponseKeysFilterPath && !draft.listScanResponseKeysFilterPath)
    draft.listScanResponseKeysFilterPath = rule.listScanResponseKeysFilterPath
}

type Limit = 'minWrappingTtl' | 'maxWrappingTtl' | 'paginationLimit'

/** A wrapping TTL below zero, which a policy may hold, is kept by the rule that had it first, as on the server. */
function smaller(name: Limit, draft: Draft, rule: PathRule): Partial<Draft> {
  const [before, added] = [draft[name] ?? 0, rule[name] ?? 0]
  const unset = name === 'paginationLimit' ? before <= 0 : before === 0
  return added > 0 && (unset || added < before) ? { [name]: added } : {}
}

function united(name: 'allowedParameters' | 'deniedParameters', draft: Draft, rule: PathRule): Partial<Draft> {
  const [before, added] = [draft[name], rule[name]]
  if (added === undefined || added.size === 0) return {}
  const values = new Map<string, readonly ParameterValue[]>(before)
  for (const [parameter, list] of added) {
    const present = before?.get(parameter)
    const any = list.length === 0 || present?.length === 0
    values.set(parameter, any ? [] : [...list, ...(present ?? [])])
  }
  return { [name]: values }
}
