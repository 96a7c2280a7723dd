import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { type Bound, oneOf } from './compare.ts'

/** What GitLab can see of a role's bounds before it makes a job. */
export interface Conditions {
  /** Of `rules: if`; all must hold. */
  readonly rules: readonly string[]
  /** The part of them that is about the project alone, which is all that `include: rules` can see. */
  readonly project: readonly string[]
  /** Bounds that no predefined variable mirrors, in words. */
  readonly unseen: readonly string[]
}

/** Claims that come from a job's own `environment:`, which a template writes instead of asking for them. */
const environmentClaims: readonly string[] = ['environment', 'environment_action', 'deployment_tier']

export type BoundClaims = ReadonlyMap<string, Bound>

/** The bound claims whose values are texts; other values fit no claim that a variable mirrors. */
export function boundClaims(role: JsonObject): BoundClaims {
  const glob = role['bound_claims_type'] === 'glob'
  const texts = claimsOf(role).flatMap(([name, value]): [string, Bound][] => {
    const values = Array.isArray(value) ? value : [value]
    return values.every((item) => typeof item === 'string') ? [[name, { values, glob }]] : []
  })
  return new Map(texts)
}

export function conditionsOf(role: JsonObject): Conditions {
  const claims = boundClaims(role)
  const seen = new Map(
    Object.entries(mirrors).flatMap(([name, mirror]): [string, readonly string[]][] => {
      const bound = claims.get(name)
      const conditions = bound && mirror(bound, claims)
      return conditions === undefined ? [] : [[name, conditions]]
    }),
  )
  const unseen = claimsOf(role).filter(([name]) => !seen.has(name) && !environmentClaims.includes(name))
  const project = Object.entries(projectVariables).flatMap(([name, variable]) => {
    const bound = claims.get(name)
    return bound === undefined ? [] : [oneOf(variable, bound) ?? '']
  })
  return {
    rules: unique([...seen.values()].flat()),
    project: unique(project),
    unseen: [...unseen.map(([name, value]) => `${name} ${inWords(value)}`), ...otherBounds(role)],
  }
}

function claimsOf(role: JsonObject): [string, JsonValue][] {
  const claims = role['bound_claims']
  return Object.entries(isObject(claims) ? claims : {})
}

/** `"a"`, or `"a" or "b"`. */
export function inWords(value: JsonValue): string {
  const values = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  return values.length === 0 ? '(none)' : values.map((item) => JSON.stringify(item)).join(' or ')
}

function otherBounds(role: JsonObject): readonly string[] {
  const { bound_subject: subject, token_bound_cidrs: networks } = role
  return [
    ...(subject === undefined ? [] : [`sub ${inWords(subject)}`]),
    ...(networks === undefined ? [] : [`a runner in ${inWords(networks)}`]),
  ]
}

function unique(conditions: readonly string[]): string[] {
  return [...new Set(conditions)].filter((condition) => condition !== '')
}

/** The conditions that mirror a claim, or undefined where no variable does; an empty one for a claim that any value fits. */
type Mirror = (bound: Bound, claims: BoundClaims) => readonly string[] | undefined

const projectVariables: Readonly<Record<string, string>> = {
  job_project_id: 'CI_PROJECT_ID',
  job_project_path: 'CI_PROJECT_PATH',
  job_namespace_id: 'CI_PROJECT_NAMESPACE_ID',
  job_namespace_path: 'CI_PROJECT_NAMESPACE',
  project_id: 'CI_PROJECT_ID',
  project_path: 'CI_PROJECT_PATH',
  namespace_id: 'CI_PROJECT_NAMESPACE_ID',
  namespace_path: 'CI_PROJECT_NAMESPACE',
  project_visibility: 'CI_PROJECT_VISIBILITY',
}

/**
 * Claims by GitLab's predefined variables, as far as these are there before a job is (doc/ci/variables). Who runs a job is
 * not: it can be retried, or started by hand, by somebody else than the pipeline.
 */
const mirrors: Readonly<Record<string, Mirror>> = {
  job_project_id: mirror('CI_PROJECT_ID'),
  job_project_path: mirror('CI_PROJECT_PATH'),
  job_namespace_id: mirror('CI_PROJECT_NAMESPACE_ID'),
  job_namespace_path: mirror('CI_PROJECT_NAMESPACE'),
  project_id: ofSource('CI_PROJECT_ID', 'CI_MERGE_REQUEST_SOURCE_PROJECT_ID', 'job_project_id'),
  project_path: ofSource('CI_PROJECT_PATH', 'CI_MERGE_REQUEST_SOURCE_PROJECT_PATH', 'job_project_path'),
  namespace_id: notOfFork('CI_PROJECT_NAMESPACE_ID'),
  namespace_path: notOfFork('CI_PROJECT_NAMESPACE'),
  project_visibility: notOfFork('CI_PROJECT_VISIBILITY'),
  ref_path: refPath,
  ref: mirror('CI_COMMIT_REF_NAME'),
  ref_type: refType,
  ref_protected: mirror('CI_COMMIT_REF_PROTECTED'),
  pipeline_source: mirror('CI_PIPELINE_SOURCE'),
  sha: mirror('CI_COMMIT_SHA'),
}

function mirror(variable: string): Mirror {
  return (bound) => some(oneOf(variable, bound))
}

function some(condition: string | undefined): readonly string[] | undefined {
  return condition === undefined ? undefined : [condition]
}

/**
 * Since GitLab 18.2.2 the claims of the project are those of the project whose code runs: of the fork, in a merge request
 * of a fork, though the parent's pipeline runs it.
 */
function ofSource(running: string, source: string, runningClaim: string): Mirror {
  return (bound, claims) => {
    const [here, there] = [oneOf(running, bound), oneOf(source, bound)]
    if (here === undefined || there === undefined) return undefined
    if (here === '' || neverMergeRequest(claims)) return [here]
    const twin = claims.get(runningClaim)
    const sameHere = twin !== undefined && oneOf(running, twin) === here
    return [sameHere ? `($${source} == null || ${there})` : `($${source} == null && ${here} || ${there})`]
  }
}

/** No variable names the group of a merge request's source, so a fork's merge request does not count. */
function notOfFork(variable: string): Mirror {
  const noFork =
    '($CI_MERGE_REQUEST_SOURCE_PROJECT_ID == null || $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID)'
  return (bound, claims) => {
    const condition = oneOf(variable, bound)
    if (condition === undefined) return undefined
    return neverMergeRequest(claims) || condition === '' ? [condition] : [condition, noFork]
  }
}

/** Sources of pipelines that have no merge request (Enums::Ci::Pipeline.sources); a child pipeline can have its parent's. */
const withoutMergeRequest = ['push', 'web', 'schedule', 'api', 'trigger', 'pipeline', 'webide', 'chat', 'external']

function neverMergeRequest(claims: BoundClaims): boolean {
  const source = claims.get('pipeline_source')
  return source?.values.every((value) => withoutMergeRequest.includes(value)) ?? false
}

/** `refs/heads/<branch>` or `refs/tags/<tag>`; a merge request's pipeline has the path of its source branch. */
function refPath({ values, glob }: Bound, claims: BoundClaims): readonly string[] | undefined {
  if (glob && values.includes('*')) return ['']
  const [branches, tags] = [after('refs/heads/', values), after('refs/tags/', values)]
  if (values.length === 0 || branches.length + tags.length < values.length) return undefined
  const parts = [
    ...(branches.length === 0 ? [] : [onBranch({ values: branches, glob }, claims)]),
    ...(tags.length === 0 ? [] : [onTag({ values: tags, glob })]),
  ]
  if (parts.some((part) => part === undefined)) return undefined
  return [parts.length === 1 ? (parts[0] as string) : `(${parts.join(' || ')})`]
}

function after(prefix: string, values: readonly string[]): string[] {
  return values.filter((value) => value.startsWith(prefix)).map((value) => value.slice(prefix.length))
}

function onBranch(branches: Bound, claims: BoundClaims): string | undefined {
  const variable = neverMergeRequest(claims) ? 'CI_COMMIT_BRANCH' : 'CI_COMMIT_REF_NAME'
  const condition = oneOf(variable, branches)
  if (condition === undefined) return undefined
  if (variable === 'CI_COMMIT_BRANCH') return condition === '' ? '$CI_COMMIT_BRANCH' : condition
  return condition === '' ? '$CI_COMMIT_TAG == null' : `$CI_COMMIT_TAG == null && ${condition}`
}

function onTag(tags: Bound): string | undefined {
  const condition = oneOf('CI_COMMIT_TAG', tags)
  return condition === '' ? '$CI_COMMIT_TAG' : condition
}

function refType({ values, glob }: Bound, claims: BoundClaims): readonly string[] | undefined {
  if (glob && values.includes('*')) return ['']
  if (values.some((value) => value !== 'branch' && value !== 'tag')) return undefined
  if (values.includes('branch') && values.includes('tag')) return ['']
  const [type] = values
  const path = claims.get('ref_path')
  const folder = type === 'branch' ? 'refs/heads/' : 'refs/tags/'
  // The path says the type as well.
  if (path?.values.every((value) => value.startsWith(folder))) return ['']
  if (type === 'tag') return ['$CI_COMMIT_TAG']
  return type === undefined ? undefined : [neverMergeRequest(claims) ? '$CI_COMMIT_BRANCH' : '$CI_COMMIT_TAG == null']
}
