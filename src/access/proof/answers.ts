import type { AccessBeyond, AccessWitness, ClaimWord } from '../../core/access-effect.ts'
import type { Address } from '../../core/resource.ts'
import type { MergedRule } from '../acl/decision.ts'

/** One demand on a token's claim: what it is one of, or what it is none of. A claim that begins with `/` is a pointer. */
export type ClaimConstraint =
  | { readonly claim: string; readonly oneOf: readonly ClaimWord[] }
  | { readonly claim: string; readonly noneOf: readonly ClaimWord[] }

export interface AccessQuestion {
  /** All of them hold; none for any token of the mounts' issuers. */
  readonly claims: readonly ClaimConstraint[]
  /** Any of them, in the words of policies: `update`. */
  readonly capabilities: readonly string[]
  /** As a policy writes paths: `ops/data/production/*`, `ops/+/production`. */
  readonly paths: string
}

/** A token that satisfies the question's claims, and the request it may make. */
export interface Counterexample extends AccessWitness {
  readonly address: Address
  readonly path: string
  readonly capability: string
  /** The rule that allows it. */
  readonly rule: MergedRule
}

/** A counterexample weighs more than what is beyond deciding; `never` means that nothing was. */
export type AccessAnswer =
  | { readonly answer: 'never' }
  | {
      readonly answer: 'counterexample'
      readonly counterexample: Counterexample
      readonly beyond: readonly AccessBeyond[]
    }
  | { readonly answer: 'beyond'; readonly beyond: readonly AccessBeyond[] }

/** A role that admits a token whose claim is none of the allowed values. */
export interface Outsider {
  readonly address: Address
  readonly witness: AccessWitness
  readonly text: string
}

export interface OutsideAnswer {
  readonly outsiders: readonly Outsider[]
  readonly beyond: readonly AccessBeyond[]
}

/** A role and what of the asked paths its tokens reach. */
export interface Reacher {
  readonly address: Address
  readonly who: string
  /** Patterns, some followed by ` except ` and more. */
  readonly paths: readonly string[]
  readonly witness: AccessWitness
}

export interface ReachAnswer {
  readonly roles: readonly Reacher[]
  readonly beyond: readonly AccessBeyond[]
}

/*
 * The functions, each in a file of its own:
 *   can.ts         canAny(model, question): AccessAnswer
 *   outside.ts     admitsOutside(model, claim, allowed: readonly ClaimWord[]): OutsideAnswer
 *   reach.ts       whoCan(model, capability, pattern): ReachAnswer
 *   difference.ts  difference(before, after): AccessReport;  equivalent(before, after): boolean | undefined
 */
