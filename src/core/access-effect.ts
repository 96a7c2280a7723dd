import type { JsonObject } from './json.ts'
import type { Address } from './resource.ts'

/** What a claim may be: a value, a glob in which `*` is any text, or what kind of value it is. */
export type ClaimWord =
  | string
  | boolean
  | number
  | { readonly glob: string }
  | { readonly form: 'absent' | 'text' | 'string' | 'strings' }

/**
 * What one claim of a set of tokens may be: for every list in `allOf` one of its words holds, and none of `noneOf` does.
 * Where the claim is a list, a word holds for any of its elements.
 */
export interface ClaimWords {
  readonly allOf: readonly (readonly ClaimWord[])[]
  readonly noneOf: readonly ClaimWord[]
}

/** One token and one request that show an effect: what `decideLogin` and `decide`, and the real server, must confirm. */
export interface AccessWitness {
  readonly mount: string
  readonly role: string
  /**
   * As GitLab issues them, without the times and the token's own id. Of an effect, only those that decide: `iss`, what the
   * role looks at, and what the effect names.
   */
  readonly claims: JsonObject
  /** Absent where the effect is about the login itself. */
  readonly path?: string
  readonly capability?: string
  readonly parameters?: JsonObject
  /** Seconds. */
  readonly wrapTtl?: number
}

/** One thing that a change means for who may do what. Plain data: it goes into plans and JSON. */
export interface AccessEffect {
  readonly effect: 'gain' | 'loss' | 'change'
  /**
   * Roles through which it is so: of the model after the change, and of the one before for a loss. Sorted. Where a mount
   * comes to trust other tokens, the mount's configuration.
   */
  readonly roles: readonly Address[]
  /** Which tokens, in words: `project 42 on protected refs`. As the role says it, where other roles split them further. */
  readonly who: string
  /** Which tokens, exactly: those of any of these; claims that one does not name may be anything. */
  readonly claims: readonly Readonly<Record<string, ClaimWords>>[]
  /** Sorted; absent where the effect is not about requests. */
  readonly capabilities?: readonly string[]
  /** Patterns as policies have them, some followed by ` except ` and more: `ops/* except ops/data/*`. Sorted. */
  readonly paths?: readonly string[]
  readonly witness?: AccessWitness
  /** The whole line. Names in it are as the files have them: whoever prints it escapes it. */
  readonly text: string
}

/** Something that could not be decided; nothing may be concluded about it. */
export interface AccessBeyond {
  readonly about?: Address
  /** One sentence without a full stop. */
  readonly reason: string
}

/** What two models differ in. No effects and nothing beyond: nothing gains or loses access. */
export interface AccessReport {
  /** Gains, then losses, then what changes only how; sorted by their text within each. */
  readonly effects: readonly AccessEffect[]
  readonly beyond: readonly AccessBeyond[]
}
