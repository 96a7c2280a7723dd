import type { AccessBeyond, AccessWitness } from '../../core/access-effect.ts'
import type { JsonObject } from '../../core/json.ts'
import type { MergedRule } from '../acl/decision.ts'
import { type Box, someClaims, someToken } from '../claims/box.ts'
import { topClaim } from '../claims/gitlab.ts'
import { claimName } from '../claims/role-box.ts'
import { automatonOf, type PathState } from '../paths/automaton.ts'
import { describeStates } from '../paths/describe.ts'
import { bit, orderOf, ruleFor, type Standing, standingAt, sudoPatternsNear } from '../paths/grants.ts'
import { interplay, type PathPattern } from '../paths/pattern.ts'
import { extrasFor } from '../paths/requests.ts'
import { pathTo } from '../paths/witness.ts'
import type { Capability } from '../policy/policy.ts'
import type { PolicyGrants } from './policies.ts'
import type { Subject } from './subjects.ts'

/** What of a pattern some grants reach with a capability. */
export interface Reached {
  readonly path: string
  readonly rule: MergedRule
  /** In the words of policies. */
  readonly paths: readonly string[]
  /** All of it lies where a block with a template may decide otherwise. */
  readonly doubtful: boolean
}

/**
 * The paths of a pattern on which policies allow a capability, as far as they are known; undefined where there are none. A
 * list is asked for with a slash at the end, whether the pattern has it or not. Throws `TooManyStates`.
 */
export function reach(
  { grants, templated }: PolicyGrants,
  capability: Capability,
  pattern: PathPattern,
): Reached | undefined {
  const rules = grants.rules.filter((rule) => interplay(rule, pattern))
  if (!rules.some((rule) => extrasFor(rule, capability, grants.server) !== undefined)) return undefined
  const unsure = templated.map(({ around }) => around).filter((around) => interplay(around, pattern))
  const nearSudo = sudoPatternsNear([pattern], grants.server)
  const automaton = automatonOf([...rules, pattern, ...unsure, ...nearSudo])
  const order = orderOf(rules, grants.server)
  const firstSudo = rules.length + 1 + unsure.length
  const standings = automaton.states.map((state) => {
    const needsSudo = state.whole.some((one) => one >= firstSudo)
    return standingAt(order, state, (one) => rules[one], needsSudo)
  })
  const lists = capability === 'list' || capability === 'scan'
  const matched = ({ whole, stripped = [] }: PathState) => (lists ? [...whole, ...stripped] : whole)
  const wanted = (state: PathState) =>
    matched(state).includes(rules.length) && ((standings[state.id]?.bits ?? 0) & bit(capability)) !== 0
  const sure = (state: PathState) => !matched(state).some((one) => one > rules.length && one < firstSudo)
  const certain = pathTo(automaton, (state) => wanted(state) && sure(state))
  const found = certain ?? pathTo(automaton, wanted)
  if (found === undefined) return undefined
  const states = new Set(automaton.states.filter(wanted).map(({ id }) => id))
  return {
    path: found.path,
    rule: ruleFor(standings[found.id] as Standing, capability) as MergedRule,
    paths: describeStates(automaton, states, lists ? 'lists' : 'paths').map(({ text }) => text),
    doubtful: certain === undefined,
  }
}

/** What stands in the way of saying whether a role's tokens reach a pattern. */
export function doubts(
  subject: Subject,
  capabilities: readonly Capability[],
  pattern: PathPattern,
): readonly AccessBeyond[] {
  const { policies, bounds, address } = subject
  const reasons = [...policies.unknown]
  if (bounds.templatedPolicies) reasons.push('names of its policies are made from the claims of the token')
  for (const { policy, rule, around } of policies.templated) {
    const grants = capabilities.some((capability) => rule.capabilities.has(capability))
    const hides = capabilities.some((capability) => reach(policies, capability, pattern)?.doubtful)
    if (interplay(around, pattern) && (grants || hides))
      reasons.push(
        `the policy "${policy.name}" has the path "${rule.written}", and for whom it is filled in is not known`,
      )
  }
  return reasons.map((reason) => ({ about: address, reason }))
}

interface Request {
  readonly path: string
  readonly capability: Capability
  readonly rule: MergedRule
}

/** A token of the box, whole, and a request that the rule lets it make. */
export function witnessOf(subject: Subject, box: Box, request?: Request): AccessWitness {
  return asWitness(subject, someToken(box), request)
}

/** The same with those claims alone that the box names or the role asks for. */
export function shortWitnessOf(subject: Subject, box: Box, request?: Request): AccessWitness {
  const known = shortTokens.get(box)
  const token = known?.subject === subject ? known.token : shortToken(subject, box)
  if (token !== known?.token) shortTokens.set(box, { subject, token })
  return asWitness(subject, token, request)
}

const shortTokens = new WeakMap<Box, { readonly subject: Subject; readonly token: JsonObject }>()

function shortToken({ bounds }: Subject, box: Box): JsonObject {
  const shown = ['iss']
  const show = (claim: string) => {
    const name = topClaim(claim)
    if (!shown.includes(name)) shown.push(name)
  }
  for (const names of [bounds.present, bounds.bounds, bounds.lists])
    names.forEach((name) => {
      show(claimName(name))
    })
  box.forEach((_, claim) => {
    show(claim)
  })
  return someClaims(box, shown)
}

function asWitness({ mount, role, model }: Subject, token: JsonObject, request?: Request): AccessWitness {
  const issuer = mount.config?.['bound_issuer']
  const claims =
    typeof issuer === 'string' && issuer !== '' && token['iss'] !== issuer ? { ...token, iss: issuer } : token
  if (request === undefined) return { mount: mount.path, role: role.name, claims }
  const { path, capability, rule } = request
  const shown = { mount: mount.path, role: role.name, claims, path, capability }
  return Object.assign(shown, extrasFor(rule, capability, model.server))
}

/** Why it cannot be said whom a role admits, if so. */
export function admission({ admitted, address }: Subject): readonly AccessBeyond[] {
  return 'beyond' in admitted ? [{ about: address, reason: admitted.beyond }] : []
}

/** Whether policies that are not known may decide anything. */
export function isDark({ policies, bounds }: Subject): boolean {
  return policies.unknown.length > 0 || bounds.templatedPolicies === true
}
