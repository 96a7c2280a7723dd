import type { AccessBeyond } from '../../core/access-effect.ts'
import { deepEqual } from '../../core/json.ts'
import type { Box } from '../claims/box.ts'
import { comparePaths, type PathComparison, type PathPiece } from '../paths/compare.ts'
import { interplay } from '../paths/pattern.ts'
import { entangledClaims } from './asked.ts'
import { orBeyond } from './beyond.ts'
import { cellsOf } from './cells.ts'
import type { PolicyGrants, TemplatedBlock } from './policies.ts'
import { remembered } from './remembered.ts'
import { roleIndex } from './role-index.ts'
import type { Entry, Subject } from './subjects.ts'
import { fillsAlike, templatesBeside } from './templates.ts'

/** What one role gives to some tokens that they do not have by any role of the other model. */
export interface Gain {
  readonly subject: Subject
  readonly box: Box
  /** Roles of the other model that admit these tokens. */
  readonly by: readonly Subject[]
  /** The role of the same name in the other model, where these tokens are not among those that it admits. */
  readonly outside: Subject | undefined
  readonly gained: readonly PathPiece[]
  readonly altered: readonly PathPiece[]
  /** Where the two come from. */
  readonly compared: PathComparison
  /** What it grants on paths that depend on whose token it is. */
  readonly templated: readonly TemplatedBlock[]
}

export interface Gains {
  readonly gains: readonly Gain[]
  readonly beyond: readonly AccessBeyond[]
}

/** Everything that the changed roles of one model give and all roles of the other together do not. */
export function gainsOver(changed: readonly Entry[], others: readonly Entry[], compare: Compare): Gains {
  if (changed.length === 0) return { gains: [], beyond: [] }
  const index = roleIndex(others)
  const twins = new Map(others.map((other) => [nameOf(other), other]))
  const results = changed.map((entry) => {
    const subject = entry.subject()
    return orBeyond(subject.address, () =>
      gainsOf(subject, index.near(subject), twins.get(nameOf(entry))?.subject(), compare),
    )
  })
  return {
    gains: results.flatMap(({ value }) => value ?? []),
    beyond: results.flatMap(({ beyond }) => beyond),
  }
}

function nameOf({ mount, role }: Entry): string {
  return `${mount.path}/${role.name}`
}

/** What policies grant that none of the others do. */
export type Compare = (policies: PolicyGrants, others: readonly PolicyGrants[]) => PathComparison

/** Roles with the same policies are compared once. One for both models of a comparison, as most policies are in both. */
export function comparer(): Compare {
  const alone = new Map<PolicyGrants, PathComparison>()
  const beside = new Map<PolicyGrants, Map<string, PathComparison>>()
  return (policies, others) => {
    // What is gained names the rules that give it, so that equal texts under other names will not do.
    if (others.length === 0) return remembered(alone, policies, () => comparePaths(policies.grants, []))
    const known = remembered(beside, policies, () => new Map<string, PathComparison>())
    const key = others
      .map((other) => other.key)
      .sort()
      .join(' < ')
    const compared = () =>
      comparePaths(
        policies.grants,
        others.map(({ grants }) => grants),
      )
    return remembered(known, key, compared)
  }
}

function gainsOf(
  subject: Subject,
  near: readonly Subject[],
  twin: Subject | undefined,
  compare: Compare,
): { readonly value: readonly Gain[]; readonly beyond: readonly AccessBeyond[] } {
  const { policies, address, admitted } = subject
  if ('beyond' in admitted) return { value: [], beyond: [{ about: address, reason: admitted.beyond }] }
  const beyond = new Set<string>()
  const compared = (by: readonly Subject[]) =>
    compare(
      policies,
      by.map((other) => other.policies),
    )
  const covers = (by: readonly Subject[]) => {
    if (by.some((other) => sameGrants(other, subject))) return true
    const { gained, altered } = compared(by)
    if (gained.length + altered.length > 0 || isDarkBeside(subject, by)) return false
    const { gives, doubted } = templatesBeside(subject, by)
    return gives.length + doubted.length === 0
  }
  const value = cellsOf(subject, near, covers).map(({ box, by }): Gain => {
    const comparison = compared(by)
    const { gained, altered } = comparison
    const { gives, doubted } = templatesBeside(subject, by)
    for (const block of doubted) beyond.add(templateDoubt(block))
    for (const reason of doubtsOf(subject, by, gained)) beyond.add(reason)
    if (gained.length > 0) for (const reason of neighbourDoubts(subject, near)) beyond.add(reason)
    return {
      subject,
      box,
      by,
      outside: twin?.box === undefined || by.includes(twin) ? undefined : twin,
      gained,
      altered,
      compared: comparison,
      templated: gives,
    }
  })
  return { value, beyond: [...beyond].map((reason) => ({ about: address, reason })) }
}

function sameGrants(a: Subject, b: Subject): boolean {
  const templates = a.bounds.templatedPolicies === true || b.bounds.templatedPolicies === true
  return (
    a.policies.key === b.policies.key &&
    fillsAlike(a, b) &&
    (!templates || deepEqual(a.role.role['token_policies'], b.role.role['token_policies']))
  )
}

function isDarkBeside(subject: Subject, by: readonly Subject[]): boolean {
  const dark = ({ policies, bounds }: Subject) => policies.unknown.length > 0 || bounds.templatedPolicies === true
  return dark(subject) || by.some(dark)
}

/** What stands in the way of believing a comparison, one sentence each. */
function doubtsOf(subject: Subject, by: readonly Subject[], gained: readonly PathPiece[]): readonly string[] {
  const doubts: string[] = []
  for (const { policies, bounds } of [subject, ...by]) {
    if (policies.unknown.length > 0) doubts.push(...policies.unknown)
    if (bounds.templatedPolicies) doubts.push('names of its policies are made from the claims of the token')
    const same = policies === subject.policies
    for (const block of same ? policies.disturbing : policies.templated)
      if ((same || subject.policies.mayHold(block.start)) && disturbs(block, gained)) doubts.push(templateDoubt(block))
  }
  return doubts
}

/** Another role may admit these tokens, too, or not: nobody can say. */
function neighbourDoubts({ box }: Subject, near: readonly Subject[]): readonly string[] {
  return near.flatMap(({ admitted, mount, role }) => {
    const entangled = 'box' in admitted && box !== undefined ? entangledClaims(box, admitted.box) : undefined
    const why = 'beyond' in admitted ? admitted.beyond : entangled
    return why === undefined ? [] : [`whether ${mount.path}/${role.name} admits the same tokens is not known: ${why}`]
  })
}

/** A block for an unknown somebody may decide a path that something is said about. */
function disturbs({ around }: TemplatedBlock, gained: readonly PathPiece[]): boolean {
  return gained.some(
    ({ rule, witness }) => interplay(rule, around) || interplay({ match: 'exact', pattern: witness }, around),
  )
}

function templateDoubt({ policy, rule }: TemplatedBlock): string {
  return `the policy "${policy.name}" has the path "${rule.written}", and for whom it is filled in is not known`
}
