import type { AccessModel } from '../model.ts'
import type { AccessReport } from './answer.ts'
import type { Explanation } from './failures.ts'
import type { JudgedLogin } from './judge.ts'

/** Why one role admits a token or not, in one environment. */
export interface WhyReport extends AccessReport {
  readonly environment: string
  readonly login: JudgedLogin
  /** Other roles that would admit it, where this one does not: `jwt/myproject-staging`, in whichever environment. */
  readonly others: readonly { readonly environment: string; readonly role: string }[]
}

/** Which roles of an environment admit a token. */
export interface SurveyReport {
  readonly environment: string
  readonly server: AccessModel['server']
  /** With the answer about a path, where one was asked about. */
  readonly admitting: readonly AccessReport[]
  /** The nearest first. */
  readonly refusing: readonly JudgedLogin[]
}

/** All that `access why` has to say. */
export interface WhyAnswer {
  /** What a pasted text tells; absent where none was given. */
  readonly explained?: readonly Explanation[]
  /** For one role. */
  readonly reports?: readonly WhyReport[]
  /** For all roles. */
  readonly surveys?: readonly SurveyReport[]
  /** One sentence each. */
  readonly notes: readonly string[]
}
