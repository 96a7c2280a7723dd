import type { JsonObject } from '../../core/json.ts'
import type { GitlabDocument, GitlabEntry } from '../document.ts'
import { applyEnvironment, applySources, isManual, resourceGroup } from './deploy.ts'
import {
  applyJob,
  checkJobs,
  driftJob,
  type Frame,
  forkJob,
  forkNoticeJob,
  noteLine,
  planJob,
  snapshotJob,
  stages,
} from './jobs.ts'
import { loginOf, type Place, type Purpose } from './roles.ts'
import { protectedDefaultBranch } from './rules.ts'
import { quoted } from './shell-text.ts'
import { matrix, type Spread, shards } from './spread.ts'

export interface PipelineOptions {
  /** The command that writes the file anew. */
  readonly command: string
  /** Lines of the check job that look whether generated files are stale. */
  readonly staleness: readonly string[]
  readonly image: string
  readonly beforeScript: readonly string[]
  /** Relative to the repository's root; empty for the root. */
  readonly directory: string
  /** Names of environments that are applied by hand, `*` is any text; absent for those of production. */
  readonly manual?: readonly string[] | undefined
  readonly note: boolean
  /** Whether jobs may fetch what other pipelines saved (GitLab Premium): then forks plan against a snapshot. */
  readonly snapshots: boolean
  /** Over so many jobs the environments are spread; absent for a job each. */
  readonly shards?: number | undefined
}

/** GitLab's limit of `parallel`. */
export const mostParallel = 200

const base = '.vaultwright'

/** The configuration repository's own pipeline. Needs a place, and for shards, one login and one address of all places. */
export function pipelineDocument(places: readonly Place[], options: PipelineOptions): GitlabDocument {
  const { image, beforeScript, note } = options
  const frame: Frame = {
    base,
    stage: (name) => name,
    suffix: '',
    directory: options.directory === '' ? '' : ` --directory ${quoted(options.directory)}`,
  }
  const planned = spreadOf(places, 'plan', options.shards)
  const snapshots = options.snapshots && (options.shards === undefined || sameNamespace(places))
  const count = options.shards ?? places.length
  return {
    comment: comment(options),
    entries: [
      { key: 'stages', value: stages },
      {
        key: 'workflow',
        comment: 'Merge requests, and the default branch: by a push, a schedule, or by hand.',
        value: {
          rules: [
            { if: '$CI_PIPELINE_SOURCE == "merge_request_event"' },
            { if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH' },
          ],
        },
      },
      {
        key: 'variables',
        comment:
          'Asked for by "Run pipeline": the names by which the message of a refused plan says that it may be applied.',
        value: { VAULTWRIGHT_ALLOW: { value: '', description: allowDescription } },
      },
      {
        key: base,
        value: {
          image,
          interruptible: true,
          ...(beforeScript.length === 0 ? {} : { before_script: beforeScript }),
        },
      },
      ...checkJobs(frame, options.staleness),
      planJob(frame, { spread: planned, count, note: note ? noteLine(planned) : undefined }),
      snapshots ? forkJob(frame, planned) : forkNoticeJob(frame),
      ...applyJobs(frame, places, options, planned),
      ...(snapshots ? [snapshotJob(frame, planned)] : []),
      driftJob(frame, spreadOf(places, 'drift', options.shards)),
    ],
  }
}

const allowDescription = 'What the plan may do although it is refused otherwise: names with spaces between'

function spreadOf(places: readonly Place[], purpose: Purpose, count: number | undefined): Spread {
  const members = places.map((place) => ({ environment: place.environment.name, login: loginOf(place[purpose]) }))
  const [first] = members
  return count === undefined || first === undefined ? matrix(members) : shards(count, first.login)
}

/** A snapshot is of one. */
function sameNamespace(places: readonly Place[]): boolean {
  return new Set(places.map(({ environment: { namespace } }) => namespace ?? '')).size === 1
}

function applyJobs(
  frame: Frame,
  places: readonly Place[],
  { manual, shards: count }: PipelineOptions,
  planned: Spread,
): readonly GitlabEntry[] {
  if (count !== undefined) return [applyShards(frame, places, manual, count)]
  return places.map((place, index) =>
    applyJob(frame, {
      key: `apply:${place.environment.name}`,
      ...(index === 0 ? { comment: applyComment } : {}),
      needs: [{ job: 'plan', parallel: planned.of(place.environment.name) as JsonObject }],
      environment: applyEnvironment(place),
      login: loginOf(place.apply),
      plan: `plan/${place.environment.name}.json`,
      resourceGroup: resourceGroup(place),
      rule: ruleOf(place, isManual(place, manual)),
    }),
  )
}

const applyComment = [
  'Exactly the plans from above, on the protected default branch. Applies to one server wait for each other. Which of those',
  'that wait comes next is not in this file: PUT /projects/:id/resource_groups/:key with process_mode=oldest_first.',
].join('\n')

function applyShards(
  frame: Frame,
  places: readonly Place[],
  manual: readonly string[] | undefined,
  parallel: number,
): GitlabEntry {
  const first = places[0] as Place
  return applyJob(frame, {
    key: 'apply',
    comment: applyComment,
    needs: ['plan'],
    parallel,
    login: loginOf(first.apply),
    plan: 'plan/$CI_NODE_INDEX.json',
    resourceGroup: resourceGroup(first),
    rule: ruleOf(
      first,
      places.some((place) => isManual(place, manual)),
    ),
  })
}

function ruleOf({ apply }: Place, manual: boolean): JsonObject {
  return { if: protectedDefaultBranch(applySources(apply)), ...(manual ? { when: 'manual' } : {}) }
}

function comment({ command }: PipelineOptions): string {
  return [
    `${pipelineFirstLine} To write it anew: ${command}`,
    '',
    'No job holds a secret: each logs in to Vault with the ID token that GitLab gives it, and its token is revoked at its end.',
    'Where an environment file has no address, VAULT_ADDR comes from a CI/CD variable. Mind that such a variable of a project,',
    'a group or the instance wins over one of the same name that stands here. A private CA of Vault goes into a CI/CD variable',
    'VAULT_CACERT of type file.',
    '',
    'For drift, make a pipeline schedule on the default branch.',
  ].join('\n')
}

const pipelineFirstLine = 'Written by vaultwright from the environments and roles of this repository: do not edit.'
