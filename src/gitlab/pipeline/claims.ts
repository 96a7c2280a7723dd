import { gitlabClaim, ordinaryClaims } from '../../access/claims/gitlab.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { type BoundClaims, boundClaims } from '../jobs/conditions.ts'
import type { Place } from './roles.ts'

/** What the files tell of the project whose pipeline this is: the values that its roles bind. */
export interface Project {
  readonly claims: JsonObject
  readonly defaultBranch: string
}

const identities = ['project_id', 'project_path', 'namespace_id', 'namespace_path'] as const

export function projectOf({ apply, plan, drift }: Place): Project {
  const bounds = [apply, plan, drift].map(({ role }) => boundClaims(role))
  const claims = identities.flatMap((name): [string, JsonValue][] => {
    const value = firstBound(bounds, [`job_${name}`, name]) ?? (ordinaryClaims[name] as string)
    return [
      [name, value],
      [`job_${name}`, value],
    ]
  })
  const path = firstBound(bounds, ['ref_path'])?.replace(/^refs\/heads\//, '')
  return { claims: Object.fromEntries(claims), defaultBranch: path ?? firstBound(bounds, ['ref']) ?? 'main' }
}

function firstBound(bounds: readonly BoundClaims[], names: readonly string[]): string | undefined {
  const found = bounds.flatMap((bound) => names.flatMap((name) => bound.get(name) ?? []))
  return found.map(example).find((value) => value !== undefined)
}

/** A value that fits: what `*` stands for can be anything. */
function example({ values, glob }: { readonly values: readonly string[]; readonly glob: boolean }): string | undefined {
  const [first] = values
  return glob ? first?.replaceAll('*', 'x') : first
}

/** What starts a job of the pipeline, and on which ref. */
export interface Start {
  readonly source: string
  /** Absent for the default branch, which is protected. */
  readonly branch?: string
  /** Of the job, where it has one. */
  readonly environment?: JsonObject
  /** The code is of a fork, and this project runs it (since GitLab 18.2.2 the token says so). */
  readonly fork?: true
}

/**
 * The ID token of such a job. What the pipeline decides is as it will be; what it does not, such as the runner or the
 * person, is as the role asks for it: the answer is about the pipeline.
 */
export function claimsOf(role: JsonObject, start: Start, { claims, defaultBranch }: Project): JsonObject {
  const branch = start.branch ?? defaultBranch
  const environment = start.environment ?? {}
  return {
    ...others,
    ...userClaim(role),
    ...asAsked(boundClaims(role)),
    ...claims,
    ...(start.fork ? Object.fromEntries(identities.map((name) => [name, 'fork-of-somebody-else'])) : {}),
    ref: branch,
    ref_type: 'branch',
    ref_path: `refs/heads/${branch}`,
    ref_protected: String(start.branch === undefined),
    pipeline_source: start.source,
    environment: environment['name'] ?? null,
    environment_action: environment['action'] ?? null,
    deployment_tier: environment['deployment_tier'] ?? null,
    // Which environments are protected is said in GitLab.
    environment_protected: start.environment === undefined ? null : 'true',
  }
}

// These depend on the role and the mount: `tokenClaims` knows them.
const { iss: _iss, aud: _aud, sub: _sub, ...others } = ordinaryClaims

function userClaim(role: JsonObject): JsonObject {
  const name = role['user_claim']
  return typeof name === 'string' && gitlabClaim(name)?.type === 'string' ? { [name]: 'somebody' } : {}
}

function asAsked(bounds: BoundClaims): JsonObject {
  const values = [...bounds].flatMap(([name, bound]) => {
    const value = name.startsWith('/') ? undefined : example(bound)
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(values)
}
