import { matchesGlob } from '../../core/glob.ts'
import type { InventoryProject, Place } from './inventory.ts'

/** What precedence is about: where a variable is, and for which environments. */
export interface Placed {
  readonly id: string
  readonly key: string
  readonly place: Place
  readonly environment_scope: string
  readonly protected: boolean
}

/**
 * How strong a place is in the pipelines of a project, 0 being the strongest; undefined where it has no say in them.
 * GitLab's order: pipeline (schedule, trigger) · project · group, the nearest first · instance · job · all jobs
 * (doc/ci/variables, "CI/CD variable precedence"). A `.env` file is read by the project's own tools, which usually leave
 * alone what is set already.
 */
function strength({ kind, name, part, project: owner }: Place, project: InventoryProject): number | undefined {
  if (owner !== undefined && owner !== project.path) return undefined
  switch (kind) {
    case 'schedule':
      return name === project.path ? 0 : undefined
    case 'project':
      return name === project.path ? 1 : undefined
    case 'group': {
      const at = project.groups.indexOf(name)
      return at === -1 ? undefined : 2 + at
    }
    case 'instance':
      return 1000
    case 'yaml':
      return part === undefined ? 1002 : 1001
    case 'env-file':
      return 1003
  }
}

/** Whether each environment that fits `inner` fits `outer` as well; `*` is any text. */
export function covers(outer: string, inner: string): boolean {
  return outer === inner || matchesGlob(outer, inner)
}

/** Whether some environment fits both. */
export function meet(one: string, other: string): boolean {
  // `reached[at]`: the text so far can be what `one` matched so far and the first `at` characters of `other`.
  let reached = Array.from({ length: other.length + 1 }, (_, at) => /^\**$/.test(other.slice(0, at)))
  for (const character of one) {
    const next: boolean[] = []
    for (let at = 0; at <= other.length; at++) {
      const last = other[at - 1]
      const [skip, both, stay] = [reached[at] === true, reached[at - 1] === true, next[at - 1] === true]
      if (character === '*') next[at] = skip || stay
      else if (last === '*') next[at] = skip || stay
      else next[at] = both && character === last
    }
    reached = next
  }
  return reached[other.length] === true
}

/**
 * In one place the more exact scope wins: a name before a pattern before `*`; of patterns the longer
 * (app/models/concerns/has_environment_scope.rb).
 */
function moreExact(one: string, other: string): boolean {
  const rank = (scope: string) => (scope === '*' ? 0 : scope.includes('*') ? 1 : 2)
  return rank(one) !== rank(other) ? rank(one) > rank(other) : one.length > other.length
}

/** How a variable fares against a stronger one of its key in one project. */
export function defeat(weak: Placed, strong: Placed, project: InventoryProject): 'never' | 'sometimes' | 'always' {
  if (weak.id === strong.id || weak.key !== strong.key || !meet(weak.environment_scope, strong.environment_scope))
    return 'never'
  const [own, other] = [strength(weak.place, project), strength(strong.place, project)]
  if (own === undefined || other === undefined) return 'never'
  // Two jobs have nothing to do with each other.
  if (own === 1001 && other === 1001) return 'never'
  if (own === other) return moreExact(strong.environment_scope, weak.environment_scope) ? 'sometimes' : 'never'
  if (other > own) return 'never'
  const everywhere =
    strong.place.kind !== 'schedule' &&
    other !== 1001 &&
    covers(strong.environment_scope, weak.environment_scope) &&
    (!strong.protected || weak.protected)
  return everywhere ? 'always' : 'sometimes'
}

/** The variable that a job of an environment gets for each key; schedules aside, whose pipelines are their own. */
export function effective<T extends Placed>(
  variables: readonly T[],
  project: InventoryProject,
  environment: string,
): readonly T[] {
  const best = new Map<string, T>()
  for (const variable of variables) {
    const own = strength(variable.place, project)
    const fits = covers(variable.environment_scope, environment)
    if (own === undefined || variable.place.kind === 'schedule' || !fits) continue
    const current = best.get(variable.key)
    if (current === undefined || beats(variable, own, current, project)) best.set(variable.key, variable)
  }
  return [...best.values()]
}

function beats<T extends Placed>(one: T, own: number, other: T, project: InventoryProject): boolean {
  const theirs = strength(other.place, project) ?? Number.POSITIVE_INFINITY
  return own < theirs || (own === theirs && moreExact(one.environment_scope, other.environment_scope))
}
