import type { GrantedCapability } from './capability.ts'
import type { Location } from './configuration.ts'
import type { JsonObject, JsonValue } from './json.ts'

/** What people promise of the access that a configuration gives: test/access/<name>.yaml, for one environment. */
export interface AccessPromise {
  /** A sentence; what reports call it. */
  readonly name: string
  readonly environment: string
  readonly location: Location
  /** True where "nobody can tell" is good enough. */
  readonly allowUndecided: boolean
  readonly subject: PromiseSubject
}

export type PromiseSubject = JobPromise | NeverPromise | AdmitsOnlyPromise | OnlyPromise

/** What becomes of one token at one role. */
export interface JobPromise {
  readonly about: 'job'
  readonly mount: string
  readonly role: string
  /** Without the defaults that a token gets; null for a claim that is not there. */
  readonly claims: JsonObject
  readonly login: 'granted' | 'refused'
  /** A part of the server's words; absent where any refusal keeps the promise. */
  readonly refusal?: string
  readonly can: readonly Grant[]
  readonly cannot: readonly Grant[]
  readonly at: { readonly role: Location; readonly login: Location }
}

/** No token with these claims can do any of it, whatever role it logs in through. */
export interface NeverPromise {
  readonly about: 'never'
  readonly claims: Readonly<Record<string, PromisedClaim>>
  /** `mount/name`, `*` for any text; every role where there is none. */
  readonly roles: readonly string[]
  readonly can: readonly Grant[]
}

/** Nobody whose claim has another value gets a token through the roles. */
export interface AdmitsOnlyPromise {
  readonly about: 'admits_only'
  readonly claim: string
  readonly values: readonly JsonValue[]
  readonly roles: readonly string[]
}

/** Tokens of other roles can do none of it. */
export interface OnlyPromise {
  readonly about: 'only'
  readonly roles: readonly string[]
  readonly can: readonly Grant[]
}

/** One of the values, null being absence; for `not`, anything else. */
export type PromisedClaim = { readonly values: readonly JsonValue[] } | { readonly not: readonly JsonValue[] }

/** A path ends with `*` for everything that begins so; a `+` between slashes is any one segment. */
export interface Grant {
  readonly capability: GrantedCapability
  readonly path: string
  readonly location: Location
}

/** How it was found out: by the server's rules on what the files say or the server has, or by a real login. */
export type Asked = 'files' | 'server objects' | 'login'

export interface PromiseResult {
  readonly promise: AccessPromise
  /** `undecided` where the rules depend on what nobody here knows. */
  readonly outcome: 'kept' | 'broken' | 'undecided'
  /** Everything that speaks against it; empty where it is kept. */
  readonly findings: readonly PromiseFinding[]
  readonly asked: Asked
  /** What a reader should know, such as why the server was not asked. */
  readonly note?: string
  /** It fails only by what no file describes, and the plan that is judged gives that nothing. */
  readonly standing?: true
}

export interface PromiseFinding {
  readonly outcome: 'broken' | 'undecided'
  /** What is otherwise than promised, in one sentence without a full stop. */
  readonly message: string
  readonly help?: string
  /** The line of the promise that it is about, where that is not the promise as a whole. */
  readonly location?: Location
  /** The rules and roles that make it so. */
  readonly related: readonly PromiseEvidence[]
  /** A token and a request that break the promise. */
  readonly counterexample?: Counterexample
}

/** `file` and line where it is known: an object that only the server has is written in no file. */
export interface PromiseEvidence {
  readonly message: string
  readonly source?: Location['source']
}

export interface Counterexample {
  readonly mount: string
  readonly role: string
  readonly claims: JsonObject
  /** Claims that the promise or the role asks for; the others are as in any token. Absent where the promise names them all. */
  readonly decisive?: readonly string[]
  /** Absent where the login alone breaks the promise. */
  readonly request?: { readonly capability: string; readonly path: string }
}

/** Whether a run with this result must stop. */
export function fails({ promise, outcome }: PromiseResult): boolean {
  return outcome === 'broken' || (outcome === 'undecided' && !promise.allowUndecided)
}
