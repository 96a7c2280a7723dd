import type { Bound } from '../jobs/compare.ts'
import type { BoundClaims } from '../jobs/conditions.ts'
import { type Comparison, type Condition, parseCondition } from './condition.ts'

/**
 * Whether a condition of `rules: if` is false in every pipeline whose ID tokens a role takes. Said only where it is
 * certain: what is not known of the bounds may be anything.
 */
export function neverHolds(condition: string, bounds: BoundClaims, own: ReadonlySet<string>): boolean {
  const parsed = parseCondition(condition)
  return parsed !== undefined && evaluate(parsed, { bounds, own }) === false
}

interface Assumed {
  readonly bounds: BoundClaims
  /** Variables that the job sets itself: not those that GitLab predefines. */
  readonly own: ReadonlySet<string>
}

/** Undefined for what can be either. */
function evaluate(condition: Condition, assumed: Assumed): boolean | undefined {
  switch (condition.type) {
    case 'and':
      return both(evaluate(condition.left, assumed), evaluate(condition.right, assumed), false)
    case 'or':
      return both(evaluate(condition.left, assumed), evaluate(condition.right, assumed), true)
    default:
      return compare(condition, assumed)
  }
}

function both(left: boolean | undefined, right: boolean | undefined, decisive: boolean): boolean | undefined {
  if (left === decisive || right === decisive) return decisive
  return left === undefined || right === undefined ? undefined : !decisive
}

function compare({ variable, operator, value }: Comparison, { bounds, own }: Assumed): boolean | undefined {
  if (own.has(variable)) return undefined
  const possible = valuesOf(variable, bounds)
  if (possible === undefined) return undefined
  const answers = new Set(possible.map((one) => holds(one, operator, value)))
  return answers.size === 1 ? [...answers][0] : undefined
}

/** Null for a variable that is not set. */
type Value = string | null

function holds(one: Value, operator: Comparison['operator'], value: Comparison['value']): boolean | undefined {
  switch (operator) {
    case 'set':
      return one !== null && one !== ''
    case '==':
      return typeof value === 'object' && value !== null ? undefined : one === value
    case '!=':
      return typeof value === 'object' && value !== null ? undefined : one !== value
    case '=~':
      return matches(one, value)
    case '!~': {
      const found = matches(one, value)
      return found === undefined ? undefined : !found
    }
  }
}

function matches(one: Value, value: Comparison['value']): boolean | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  return one !== null && value.test(one)
}

const claims: Readonly<Record<string, string>> = {
  CI_PIPELINE_SOURCE: 'pipeline_source',
  CI_COMMIT_REF_NAME: 'ref',
  CI_COMMIT_REF_PROTECTED: 'ref_protected',
  CI_PROJECT_ID: 'job_project_id',
  CI_PROJECT_PATH: 'job_project_path',
}

/** Pipelines of these sources have no merge request; a child pipeline can have its parent's. */
const withoutMergeRequest = ['push', 'web', 'schedule', 'api', 'trigger', 'pipeline', 'webide', 'chat', 'external']

/** All values that the variable can have where the role takes the token; undefined where that is not known. */
function valuesOf(variable: string, bounds: BoundClaims): readonly Value[] | undefined {
  const claim = claims[variable]
  if (claim !== undefined)
    return exact(bounds.get(claim)) ?? (variable === 'CI_COMMIT_REF_NAME' ? refsOf(bounds) : undefined)
  const types = exact(bounds.get('ref_type')) ?? typesOf(bounds)
  const sources = exact(bounds.get('pipeline_source'))
  if (variable.startsWith('CI_MERGE_REQUEST_'))
    return sources?.every((source) => withoutMergeRequest.includes(source)) ? [null] : undefined
  if (variable === 'CI_COMMIT_TAG' && types?.join() === 'branch') return [null]
  if (variable !== 'CI_COMMIT_BRANCH') return undefined
  if (types?.join() === 'tag') return [null]
  // A merge request's pipeline has none, so there it can be more than what the branch is bound to.
  const branches = sources?.every((source) => withoutMergeRequest.includes(source)) ? refsOf(bounds) : undefined
  return types?.join() === 'branch' ? (branches ?? exact(bounds.get('ref'))?.concat(nothing)) : undefined
}

const nothing: readonly never[] = []

function exact(bound: Bound | undefined): readonly string[] | undefined {
  if (bound === undefined || bound.values.length === 0) return undefined
  return bound.glob && bound.values.some((value) => value.includes('*')) ? undefined : bound.values
}

const refPath = /^refs\/(heads|tags)\/(.+)$/

function refsOf(bounds: BoundClaims): readonly string[] | undefined {
  const paths = exact(bounds.get('ref_path'))
  const names = paths?.map((path) => refPath.exec(path)?.[2])
  return names?.every((name) => name !== undefined) ? names : exact(bounds.get('ref'))
}

function typesOf(bounds: BoundClaims): readonly string[] | undefined {
  const paths = exact(bounds.get('ref_path'))
  const types = paths?.map((path) => ({ heads: 'branch', tags: 'tag' })[refPath.exec(path)?.[1] as 'heads'])
  return types?.every((type) => type !== undefined) ? [...new Set(types)] : undefined
}
