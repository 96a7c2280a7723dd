import type { JsonObject } from '../../core/json.ts'
import type { GitlabDocument, GitlabEntry } from '../document.ts'
import {
  applyJob,
  checkJobs,
  driftJob,
  type Frame,
  forkJob,
  noteLine,
  planJob,
  type Stage,
  snapshotJob,
} from './jobs.ts'
import { usualRoles } from './roles.ts'
import { deployingSources, protectedDefaultBranch } from './rules.ts'
import type { Login, Spread } from './spread.ts'

export interface ComponentOptions {
  /** The command that writes the files anew. */
  readonly command: string
  readonly image: string
  readonly beforeScript: readonly string[]
}

/** A component of GitLab's CI/CD catalog: `templates/<name>.yml`. */
export interface Component {
  readonly name: string
  /** One sentence. */
  readonly description: string
  readonly inputs: Inputs
  readonly document: GitlabDocument
}

/** By name: what GitLab's `spec: inputs` says of it. */
type Inputs = Readonly<Record<string, JsonObject & { readonly description: string }>>

/** The jobs of `gitlab pipeline`, for pipelines that are put together by hand. What differs between them is an input. */
export function components(options: ComponentOptions): readonly Component[] {
  const spread = inputSpread
  return [
    component('check', 'check', options, {
      description: 'Mistakes in the files and broken promises, as reports of the merge request.',
      inputs: {},
      jobs: (frame) => checkJobs(frame),
    }),
    component('plan', 'plan', options, {
      description: 'What would change, in merge requests and on the default branch, saved for "apply".',
      inputs: {
        ...environments,
        ...loginInputs('plan'),
        note: {
          type: 'boolean',
          default: false,
          description: 'Post the plan as a note; it takes a token of the project.',
        },
      },
      jobs: (frame) => [
        planJob(frame, {
          spread,
          count: undefined,
          note: noteLine(spread, `[ "${input('note')}" = true ]`),
        }),
      ],
    }),
    component('forks', 'watch', options, {
      description:
        'Plans for merge requests of forks, which log in to no Vault, against snapshots of the default branch.',
      inputs: {
        ...environments,
        ...loginInputs('plan'),
        plan_stage: { default: 'plan', description: 'The stage of the plans, which those of forks belong to.' },
      },
      jobs: (frame) => [forkJob(frame, spread), snapshotJob(frame, spread)],
    }),
    component('apply', 'apply', options, {
      description:
        'Applies the saved plan of one environment, on the protected default branch; include it once for each.',
      inputs: {
        environment: { description: 'The environment, as its file is named.' },
        tier: {
          default: 'production',
          options: ['production', 'staging', 'testing', 'development', 'other'],
          description: 'The deployment tier of the environment.',
        },
        when: { default: 'manual', options: ['manual', 'on_success'], description: 'Whether somebody starts it.' },
        resource_group: {
          default: 'vault',
          description: 'Applies of one group wait for each other: one for each server.',
        },
        ...loginInputs('apply'),
      },
      jobs: (frame) => [componentApply(frame)],
      suffix: 'The suffix of the plan that it applies.',
    }),
    component('drift', 'watch', options, {
      description: "What changed behind the files' back, for schedules; a warning where something did.",
      inputs: { ...environments, ...loginInputs('drift') },
      jobs: (frame) => [driftJob(frame, spread)],
    }),
  ]
}

interface Content {
  readonly description: string
  readonly inputs: Inputs
  readonly jobs: (frame: Frame) => readonly GitlabEntry[]
  /** What the input of that name is for. */
  readonly suffix?: string
}

function component(
  name: string,
  stage: Stage,
  { command, image, beforeScript }: ComponentOptions,
  {
    description,
    inputs,
    jobs,
    suffix = 'Ends the names of its jobs, such as -eu: each other include takes another.',
  }: Content,
): Component {
  const all: Inputs = {
    ...inputs,
    directory: { default: '.', description: 'The folder of the configuration.' },
    stage: { default: stage, description: 'The stage of its jobs.' },
    suffix: { default: '', description: suffix },
    image: { default: image, description: 'An image with Node.js.' },
    before_script: {
      type: 'array',
      default: beforeScript,
      description: 'What makes vaultwright available in that image; empty where it is there.',
    },
  }
  const base = `.vaultwright-${name}${input('suffix')}`
  const frame: Frame = {
    base,
    // A plan of a fork belongs to the other plans.
    stage: (wanted) => input(wanted === stage ? 'stage' : `${wanted}_stage`),
    suffix: input('suffix'),
    directory: ` --directory "${input('directory')}"`,
  }
  const value = { image: input('image'), interruptible: true, before_script: input('before_script') }
  return {
    name,
    description,
    inputs: all,
    document: {
      comment: `${componentFirstLine} To write it anew: ${command}\n\n${description}`,
      header: { spec: { inputs: all } },
      entries: [{ key: base, value }, ...jobs(frame)],
    },
  }
}

const componentFirstLine = 'Written by vaultwright as a CI/CD component: do not edit.'

function input(name: string): string {
  return `$[[ inputs.${name} ]]`
}

const environments: Inputs = {
  environments: { type: 'array', description: 'The environments, as their files are named: a job for each.' },
}

function loginInputs(purpose: keyof typeof usualRoles): Inputs {
  return {
    audience: { description: 'One of the bound_audiences of the role, such as the URL of Vault.' },
    auth_path: { default: 'jwt', description: 'Path of the auth mount, without auth/.' },
    role: { default: usualRoles[purpose], description: 'The role that the job logs in to.' },
  }
}

const login: Login = { audience: input('audience'), mount: input('auth_path'), role: input('role') }

const inputSpread: Spread = {
  parallel: { matrix: [{ VAULTWRIGHT_ENVIRONMENT: input('environments') }] },
  variables: { VAULT_AUTH_PATH: login.mount, VAULT_AUTH_ROLE: login.role },
  audience: login.audience,
  choice: '--environment "$VAULTWRIGHT_ENVIRONMENT"',
  name: '$VAULTWRIGHT_ENVIRONMENT',
  instance: ': [$VAULTWRIGHT_ENVIRONMENT]',
  of: (environment) => ({ matrix: [{ VAULTWRIGHT_ENVIRONMENT: environment }] }),
}

function componentApply(frame: Frame): GitlabEntry {
  const environment = input('environment')
  return applyJob(frame, {
    key: `apply:${environment}`,
    needs: [{ job: `plan${frame.suffix}`, parallel: inputSpread.of(environment) as JsonObject }],
    environment: { name: environment, deployment_tier: input('tier'), action: 'start' },
    login,
    plan: `plan/${environment}.json`,
    resourceGroup: input('resource_group'),
    rule: { if: protectedDefaultBranch(deployingSources), when: input('when') },
  })
}
