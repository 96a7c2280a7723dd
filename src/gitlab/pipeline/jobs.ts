import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { GitlabEntry } from '../document.ts'
import {
  anyMergeRequest,
  defaultBranch,
  defaultBranchOrSchedule,
  forkMergeRequest,
  ownMergeRequest,
  schedule,
} from './rules.ts'
import type { Login, Spread } from './spread.ts'

/** What all jobs have in common, in a pipeline or in a component. */
export interface Frame {
  /** A hidden job that says image and installation. */
  readonly base: string
  readonly stage: (name: Stage) => string
  /** Appended to the names of jobs: of two of one name GitLab makes one, and the first's environments are gone. */
  readonly suffix: string
  /** Appended to commands that read the configuration: empty, or ` --directory …`. */
  readonly directory: string
}

export type Stage = 'check' | 'plan' | 'apply' | 'watch'
export const stages: readonly Stage[] = ['check', 'plan', 'apply', 'watch']

/** Plans say what every role may do, and hold no secret. */
const access = 'developer'

/** Nothing of these needs a server, so that they run for forks as well. */
export function checkJobs(frame: Frame, more: readonly string[] = []): readonly GitlabEntry[] {
  const rules = [{ if: anyMergeRequest }, { if: defaultBranch }]
  const job = (script: readonly string[], reports: JsonObject): JsonValue => ({
    extends: frame.base,
    stage: frame.stage('check'),
    script,
    artifacts: { when: 'always', access, reports },
    rules,
  })
  return [
    {
      key: `check${frame.suffix}`,
      comment: 'Mistakes in the files; the merge request shows those that it would bring.',
      value: job([`vaultwright check${frame.directory} --format codequality --out check.json`, ...more], {
        codequality: 'check.json',
      }),
    },
    {
      key: `promises${frame.suffix}`,
      comment: 'What test/access promises of who can do what, and who cannot.',
      value: job([`vaultwright test${frame.directory} --format junit --out promises.xml`], { junit: 'promises.xml' }),
    },
  ]
}

/** GitLab shows ten exposed artifacts of a merge request at most. */
const mostExposed = 10

interface Planning {
  readonly spread: Spread
  /** How many jobs the spread makes; unknown in a component. */
  readonly count: number | undefined
  /** Posts the plan: a line that runs also where it is refused. Absent where nobody does. */
  readonly note?: string | undefined
}

export function planJob(frame: Frame, { spread, count, note }: Planning): GitlabEntry {
  const { name } = spread
  return {
    key: `plan${frame.suffix}`,
    comment: [
      'What would change, for the merge request and to be applied from there on the default branch. GitLab shows the counts',
      'in the merge request, and plan/ has the whole of it for those who review.',
    ].join('\n'),
    value: {
      extends: frame.base,
      stage: frame.stage('plan'),
      parallel: spread.parallel,
      ...loggedIn(spread),
      script: ['mkdir -p plan', ...planning(frame, spread, note)],
      artifacts: {
        name: `plan-${name}`,
        // Also of a plan that must not be applied, which fails.
        when: 'always',
        access,
        expire_in: '30 days',
        ...(count !== undefined && count <= mostExposed ? { expose_as: 'Vault plan' } : {}),
        paths: ['plan/'],
        reports: { terraform: `plan/${name}.terraform.json` },
      },
      rules: [{ if: ownMergeRequest }, { if: defaultBranch }],
    },
  }
}

/** A refused plan fails the job, but is posted before: the merge request is where its reasons are needed. */
function planning({ directory }: Frame, { choice, name }: Spread, note: string | undefined): readonly string[] {
  const command = `vaultwright plan${directory} ${choice} --out "plan/${name}.json" ${planReports(name)}`
  if (note === undefined) return [`${command} || test $? -eq 2`]
  return [`code=0; ${command} || code=$?`, note, 'test "$code" -eq 0 || test "$code" -eq 2']
}

/**
 * Posts the plan to the merge request; without a token it says so and goes on. Of the report, because a refused plan is not
 * saved; a plan that could not be made has none.
 *
 * @param condition of a shell, besides
 */
export function noteLine({ name }: Spread, condition?: string): string {
  const report = `"plan/${name}.report.json"`
  const asked = condition === undefined ? '' : `${condition} && `
  return `if ${asked}[ -e ${report} ]; then vaultwright gitlab note --report ${report}; fi`
}

function planReports(name: string): string {
  const reports = [
    ['markdown', 'md'],
    ['terraform-report', 'terraform.json'],
    ['json', 'report.json'],
  ]
  return reports.map(([format, ending]) => `--report "${format}=plan/${name}.${ending}"`).join(' ')
}

/** For merge requests of forks, which get no ID token: the plan against what the default branch saw last. */
export function forkJob(frame: Frame, { parallel, choice, name, instance }: Spread): GitlabEntry {
  const [file, job] = [`snapshot/${name}.json`, `snapshot${frame.suffix}${instance}`]
  const url = `$CI_API_V4_URL/projects/$CI_MERGE_REQUEST_PROJECT_ID/jobs/artifacts/$CI_DEFAULT_BRANCH/raw/${file}`
  const fetching = [
    'curl --fail --silent --show-error --location --get --header "JOB-TOKEN: $CI_JOB_TOKEN"',
    `  --data-urlencode "job=${job}" --output snapshot.json`,
    `  "${url}" || {`,
  ]
  const script = [
    fetching.join(' \\\n'),
    '  echo "A merge request of a fork logs in to no Vault, and there is no snapshot to plan against, or none for this job." >&2',
    `  echo "${toPlanIt}" >&2`,
    '  exit 1',
    '}',
  ].join('\n')
  return {
    key: `plan:fork${frame.suffix}`,
    comment: [
      "A fork's merge request gets no ID token here, and Vault refuses one that it writes for itself. Its plan is made against",
      "the default branch's last snapshot, which a member's job may fetch (GitLab Premium); without one it fails.",
    ].join('\n'),
    value: {
      extends: frame.base,
      stage: frame.stage('plan'),
      parallel,
      script: [
        script,
        'mkdir -p plan',
        `vaultwright plan${frame.directory} --live snapshot.json ${choice} ${planReports(name)} || test $? -eq 2`,
      ],
      artifacts: {
        name: `plan-${name}`,
        when: 'always',
        access,
        expire_in: '30 days',
        paths: ['plan/'],
        reports: { terraform: `plan/${name}.terraform.json` },
      },
      rules: [{ if: forkMergeRequest }],
    },
  }
}

/** Where there is no snapshot for the plans of forks: a warning, so that nobody takes a check for a plan. */
export function forkNoticeJob(frame: Frame): GitlabEntry {
  return {
    key: `plan:fork${frame.suffix}`,
    comment: "A fork's merge request gets no ID token here, and Vault refuses one that it writes for itself.",
    value: {
      extends: frame.base,
      stage: frame.stage('plan'),
      before_script: [],
      script: [
        'echo "A merge request of a fork logs in to no Vault, so that this one is checked and not planned." >&2',
        `echo "${toPlanIt}" >&2`,
        'exit 1',
      ],
      allow_failure: true,
      rules: [{ if: forkMergeRequest }],
    },
  }
}

const toPlanIt = 'A member can push these commits to a branch of the project to plan them.'

/** What `forkJob` plans against. Every pipeline of the default branch has it: GitLab looks into the newest one only. */
export function snapshotJob(frame: Frame, spread: Spread): GitlabEntry {
  return {
    key: `snapshot${frame.suffix}`,
    comment:
      'What the server has after all that, for the plans of forks. It holds what the plan role can read, and no secret.',
    value: {
      extends: frame.base,
      stage: frame.stage('watch'),
      parallel: spread.parallel,
      ...loggedIn(spread),
      script: [
        'mkdir -p snapshot',
        `vaultwright snapshot${frame.directory} ${spread.choice} --out "snapshot/${spread.name}.json"`,
      ],
      artifacts: { name: `snapshot-${spread.name}`, access, paths: ['snapshot/'] },
      rules: [{ if: defaultBranchOrSchedule }],
    },
  }
}

interface Applying {
  readonly key: string
  readonly comment?: string
  readonly needs: JsonValue
  /** Absent where one job per part of the environments applies them. */
  readonly environment?: JsonObject
  readonly parallel?: number
  readonly login: Login
  /** The saved plan. */
  readonly plan: string
  readonly resourceGroup: string
  readonly rule: JsonObject
}

export function applyJob(frame: Frame, applying: Applying): GitlabEntry {
  const { key, comment, needs, environment, parallel, login, plan, resourceGroup, rule } = applying
  return {
    key,
    ...(comment === undefined ? {} : { comment }),
    value: {
      extends: frame.base,
      stage: frame.stage('apply'),
      ...(parallel === undefined ? {} : { parallel }),
      needs,
      id_tokens: idTokens(login.audience),
      variables: { VAULT_AUTH_PATH: login.mount, VAULT_AUTH_ROLE: login.role, VAULTWRIGHT_JOURNAL: 'journal/' },
      ...(environment === undefined ? {} : { environment }),
      resource_group: resourceGroup,
      interruptible: false,
      script: [`vaultwright apply${frame.directory} "${plan}"`],
      artifacts: {
        name: 'journal',
        // Most of all of an apply that failed: "vaultwright rollback" takes it back.
        when: 'always',
        access,
        expire_in: '90 days',
        paths: ['journal/'],
      },
      rules: [rule],
    },
  }
}

export function driftJob(frame: Frame, spread: Spread): GitlabEntry {
  const { name } = spread
  const reports = `--report "junit=drift/${name}.xml" --report "markdown=drift/${name}.md"`
  return {
    key: `drift${frame.suffix}`,
    comment:
      "What changed behind the files' back. Exit code 2 says that something did: a warning, whose report is kept.",
    value: {
      extends: frame.base,
      stage: frame.stage('watch'),
      parallel: spread.parallel,
      ...loggedIn(spread),
      script: [`vaultwright drift${frame.directory} ${spread.choice} ${reports}`],
      allow_failure: { exit_codes: [2] },
      artifacts: {
        name: `drift-${name}`,
        when: 'always',
        access,
        expire_in: '90 days',
        paths: ['drift/'],
        reports: { junit: `drift/${name}.xml` },
      },
      rules: [{ if: schedule }],
    },
  }
}

function loggedIn({ audience, variables }: Spread): JsonObject {
  return { id_tokens: idTokens(audience), variables }
}

function idTokens(audience: string): JsonObject {
  return { VAULT_ID_TOKEN: { aud: audience } }
}
