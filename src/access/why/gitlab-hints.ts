import { nearest } from '../../core/nearest.ts'
import { compareVersions } from '../../core/version.ts'
import { gitlabClaim, gitlabClaims, topClaim } from '../claims/gitlab.ts'
import { actualOf, expectedOf, expectedTexts, type HintRule, type LoginCase, quoted } from './hint.ts'

const claims = ['bound_claims'] as const

const ofProject = /^(job_|source_)?(project|namespace)_(id|path)$/
const claimNames = gitlabClaims.map(({ name }) => name)
const ofRef = ['ref', 'ref_path', 'ref_type', 'ref_protected', 'environment_protected', 'pipeline_source']

/** Mistakes that come from what GitLab puts into its tokens, and when. */
export const gitlabHints: readonly HintRule[] = [
  {
    id: 'fork',
    checks: claims,
    when({ claim = '' }, login) {
      const [code, running] = forkOf(login) ?? []
      if (code === undefined || running === undefined || !ofProject.test(claim)) return undefined
      return `This is a fork's code: the pipeline of project ${running} runs the code of project ${code}${pathOf(login, code)}. Forks are kept out on purpose; run the pipeline on a branch of the project itself.`
    },
  },
  {
    id: 'renamed-project',
    checks: claims,
    when({ claim = '', actual }, login) {
      if (!/(project|namespace)_path$/.test(claim) || typeof actual !== 'string' || forkOf(login) !== undefined)
        return undefined
      const id = claim.replace(/_path$/, '_id')
      const value = login.claims[id]
      if (typeof value !== 'string') return undefined
      const same = expectedOf({ check: 'bound_claims', ok: false, expected: boundOf(login, id) ?? [] }).includes(value)
      const what = claim.includes('project') ? 'project' : 'group'
      return `${same ? `The ${what} was renamed or moved: its ID is the one that the role binds` : `Where the ${what} was renamed or moved, its path changed and its ID did not`}. Bind ${id}: ${quoted(value)} instead of ${claim}.`
    },
  },
  {
    id: 'other-project',
    checks: claims,
    when({ claim = '', actual }, login) {
      if (!/(project|namespace)_id$/.test(claim) || typeof actual !== 'string' || forkOf(login) !== undefined)
        return undefined
      return `The role does not admit this ${claim.includes('project') ? 'project' : 'group'}: the token is of ${actual}${pathOf(login, actual)}. Add it to the role's bound_claims if it is to get in, or use the role that is made for it.`
    },
  },
  {
    id: 'environment-missing',
    checks: claims,
    when: ({ claim = '', actual }, login) =>
      ofEnvironment(claim) && absent(actual) && absent(login.claims['environment'])
        ? `The job has no "environment:", so its token has no claim about one. Add "environment: { name: ${expectedName(login)} }" to the job.`
        : undefined,
  },
  {
    id: 'other-environment',
    checks: claims,
    when: ({ claim, actual }) =>
      claim === 'environment' && typeof actual === 'string'
        ? `The job is for the environment ${quoted(actual)}. Use the role of that environment (VAULT_AUTH_ROLE at the job).`
        : undefined,
  },
  {
    id: 'environment-unprotected',
    checks: claims,
    when: ({ claim, actual }) =>
      claim === 'environment_protected' && actual === 'false'
        ? 'The environment is not protected; GitLab Free has no protected environments, there it is always "false".'
        : undefined,
  },
  {
    id: 'newer-claim',
    checks: claims,
    when({ claim = '', actual }, { claims: token, gitlab }) {
      const since = gitlabClaim(claim)?.since
      if (!absent(actual) || since === undefined) return undefined
      if (ofEnvironment(claim) && absent(token['environment'])) return undefined
      const here = gitlab === undefined || compareVersions(gitlab, since) >= 0 ? '' : `, and this one is ${gitlab}`
      return `ID tokens have ${claim} since GitLab ${since}${here}. Upgrade GitLab, or bind a claim that it issues.`
    },
  },
  {
    id: 'groups-direct',
    checks: claims,
    when: ({ claim, actual }) =>
      claim === 'groups_direct' && absent(actual)
        ? 'ID tokens have groups_direct only where an administrator has enabled the feature flag ci_jwt_groups_direct, and the user is in no more than 200 groups. Bind namespace_id or project_id instead.'
        : undefined,
  },
  {
    id: 'unknown-claim',
    checks: claims,
    when({ claim = '', actual }) {
      const name = topClaim(claim)
      if (!absent(actual) || gitlabClaim(name) !== undefined) return undefined
      const near = nearest(name, claimNames, 5)
      return `GitLab issues no claim ${quoted(name)}${near === undefined ? '' : `; did you mean ${near}`}.`
    },
  },
  {
    id: 'merge-request',
    checks: claims,
    when: ({ claim = '' }, login) =>
      login.claims['pipeline_source'] === 'merge_request_event' && ofRef.includes(claim)
        ? "This is a merge request's pipeline: it carries the source branch, and the role is made for others. Run the job in a pipeline of the branch itself."
        : undefined,
  },
  {
    id: 'other-pipeline-source',
    checks: claims,
    when: (check, login) =>
      check.claim === 'pipeline_source' && login.claims['pipeline_source'] !== 'merge_request_event'
        ? `The pipeline was started by ${quoted(check.actual ?? '')}. Run the job only in pipelines that the role admits, with rules on CI_PIPELINE_SOURCE.`
        : undefined,
  },
  {
    id: 'unprotected-ref',
    checks: claims,
    when: ({ claim, actual, expected }, { claims: token }) =>
      claim === 'ref_protected' && actual === 'false' && expected !== true
        ? `The ${refText(token)} is not protected in GitLab. Protect it, or run the job on a protected one.`
        : undefined,
  },
  {
    id: 'full-ref',
    checks: claims,
    when(check) {
      if (check.claim === 'ref' && expectedTexts(check).some((text) => text.startsWith('refs/')))
        return 'ref is the short name, such as main; refs/heads/main is what ref_path has.'
      if (check.claim === 'ref_path' && expectedTexts(check).some((text) => !text.startsWith('refs/')))
        return 'ref_path is the full name, such as refs/heads/main; the short one is in ref.'
      return undefined
    },
  },
  {
    id: 'other-ref',
    checks: claims,
    when: (check, { claims: token }) =>
      ['ref', 'ref_path', 'ref_type'].includes(check.claim ?? '') && actualOf(check).length > 0
        ? `The pipeline runs on the ${refText(token)}, and the role is for ${expectedTexts(check).join(' or ')}.`
        : undefined,
  },
  {
    id: 'null-claim',
    checks: claims,
    when: ({ claim = '' }, { claims: token }) =>
      token[claim] === null ? 'The claim is null in this token, and the server takes that for missing.' : undefined,
  },
]

/** `branch "main"`; a token put together by hand may lack its name. */
function refText(token: LoginCase['claims']): string {
  const path = token['ref_path']
  const name = token['ref'] ?? (typeof path === 'string' ? path.replace(/^refs\/(heads|tags)\//, '') : undefined)
  return `${token['ref_type'] === 'tag' ? 'tag' : 'branch'}${name === undefined ? '' : ` ${quoted(name)}`}`
}

/** Whether tokens have it only where the job has `environment:`. */
function ofEnvironment(claim: string): boolean {
  return gitlabClaim(claim)?.present === 'environment'
}

function absent(value: unknown): boolean {
  return value === undefined || value === null
}

/**
 * The project whose code runs, and the one whose pipeline it is, where they differ: since GitLab 18.2.2 project_id is the
 * source of a merge request, and job_project_id the project that runs the job.
 */
function forkOf({ claims: token }: LoginCase): readonly [code: string, running: string] | undefined {
  const [project, job, source] = [token['project_id'], token['job_project_id'], token['source_project_id']]
  if (typeof project !== 'string') return undefined
  if (typeof job === 'string' && job !== project) return [project, job]
  if (typeof source === 'string' && source !== project) return [source, project]
  return undefined
}

/** ` (group/project)`, where the token tells the path that belongs to the ID. */
function pathOf({ claims: token }: LoginCase, id: string): string {
  const name = Object.keys(token).find((key) => key.endsWith('_id') && ofProject.test(key) && token[key] === id)
  const path = name === undefined ? undefined : token[name.replace(/_id$/, '_path')]
  return typeof path === 'string' ? ` (${path})` : ''
}

function boundOf({ role }: LoginCase, claim: string) {
  const bounds = role?.['bound_claims']
  return typeof bounds === 'object' && bounds !== null && !Array.isArray(bounds)
    ? (bounds as Readonly<Record<string, never>>)[claim]
    : undefined
}

function expectedName(login: LoginCase): string {
  const [name] = expectedTexts({ check: 'bound_claims', ok: false, expected: boundOf(login, 'environment') ?? [] })
  return name ?? 'NAME'
}
