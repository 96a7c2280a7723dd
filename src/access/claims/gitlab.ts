/**
 * What is known of the claims of GitLab's ID tokens, so that "not true" can mean "false". Sources: GitLab's
 * lib/gitlab/ci/jwt.rb and jwt_v2.rb, lib/json_web_token/user_project_token_claims.rb, and the ID token documentation.
 * A claim that is not here may be anything: text, number, boolean, list, or absent.
 */
export interface GitlabClaim {
  readonly name: string
  /** Of its JSON value. IDs are strings, and so is what looks like a boolean. */
  readonly type: 'string' | 'string or strings' | 'strings' | 'number' | 'object' | 'objects'
  /** There and not null in every token, or only where the job has an `environment:`, or sometimes. */
  readonly present: 'always' | 'environment' | 'sometimes'
  /** The first GitLab version that has it; absent where ID tokens always had it (15.7). */
  readonly since?: string
  /** All there are, where GitLab can issue no other. */
  readonly values?: readonly string[]
  /** It changes while what it names stays the same, and somebody else can get it: a path, a login, an address. */
  readonly mutable?: true
  /** A value to show, when anything may be shown. */
  readonly example?: string | number
}

const text = (example: string) => ({ type: 'string', present: 'always', example }) as const
const number = (example: number) => ({ type: 'number', present: 'always', example }) as const
const optional = { type: 'string', present: 'sometimes' } as const
const deploying = { type: 'string', present: 'environment' } as const
const mutable = { mutable: true } as const

export const gitlabClaims: readonly GitlabClaim[] = [
  { name: 'iss', ...text('https://gitlab.example.com') },
  // A project can choose other components than these.
  { name: 'sub', ...text('project_path:group/project:ref_type:branch:ref:feature'), ...mutable },
  { name: 'aud', type: 'string or strings', present: 'always', example: 'https://vault.example.com' },
  { name: 'jti', ...text('00000000-0000-4000-8000-000000000000') },
  { name: 'iat', ...number(0) },
  { name: 'nbf', ...number(0) },
  { name: 'exp', ...number(0) },
  // Since 18.2.2 of the project whose code runs: the fork, in a merge request of a fork.
  { name: 'project_id', ...text('1') },
  { name: 'project_path', ...text('group/project'), ...mutable },
  { name: 'namespace_id', ...text('1') },
  { name: 'namespace_path', ...text('group'), ...mutable },
  // Of the project that runs the job.
  { name: 'job_project_id', ...optional, since: '18.4' },
  { name: 'job_project_path', ...optional, ...mutable, since: '18.4' },
  { name: 'job_namespace_id', ...optional, since: '18.4' },
  { name: 'job_namespace_path', ...optional, ...mutable, since: '18.4' },
  { name: 'source_project_id', ...optional, since: '19.2' },
  { name: 'source_project_path', ...optional, ...mutable, since: '19.2' },
  { name: 'source_namespace_id', ...optional, since: '19.2' },
  { name: 'source_namespace_path', ...optional, ...mutable, since: '19.2' },
  { name: 'user_id', ...text('1') },
  // Null for a user who has none, and a null claim is an absent one (claims.go validateBoundClaims).
  { name: 'user_login', ...optional, ...mutable },
  { name: 'user_email', ...optional, ...mutable },
  { name: 'user_access_level', ...optional, since: '16.9' },
  { name: 'user_identities', type: 'objects', present: 'sometimes', since: '16.0' },
  { name: 'groups_direct', type: 'strings', present: 'sometimes' },
  { name: 'pipeline_id', ...text('1') },
  // Not closed: GitLab gains sources with almost every release (Enums::Ci::Pipeline.sources).
  { name: 'pipeline_source', ...text('push') },
  { name: 'job_id', ...text('1') },
  { name: 'job_source', ...optional, since: '18.9' },
  { name: 'job_config', type: 'object', present: 'sometimes', since: '18.9' },
  { name: 'ref', ...text('feature') },
  { name: 'ref_path', ...text('refs/heads/feature'), since: '16.0' },
  { name: 'ref_type', ...text('branch'), values: ['branch', 'tag'] },
  { name: 'ref_protected', ...text('false'), values: ['false', 'true'] },
  { name: 'environment', ...deploying },
  { name: 'environment_protected', ...deploying, values: ['false', 'true'] },
  {
    name: 'environment_action',
    ...deploying,
    values: ['start', 'prepare', 'stop', 'verify', 'access'],
    since: '16.5',
  },
  {
    name: 'deployment_tier',
    ...deploying,
    values: ['production', 'staging', 'testing', 'development', 'other'],
  },
  { name: 'runner_id', ...number(1) },
  { name: 'runner_environment', ...text('self-hosted'), values: ['gitlab-hosted', 'self-hosted'] },
  { name: 'sha', ...text('0000000000000000000000000000000000000000'), since: '16.0' },
  { name: 'project_visibility', ...text('private'), values: ['internal', 'private', 'public'], since: '16.3' },
  { name: 'ci_config_ref_uri', ...optional, ...mutable, since: '16.2' },
  { name: 'ci_config_sha', ...optional, since: '16.2' },
  { name: 'target_audience', ...optional },
]

const byName: ReadonlyMap<string, GitlabClaim> = new Map(gitlabClaims.map((claim) => [claim.name, claim]))

/** Undefined for what no ID token of GitLab has. */
export function gitlabClaim(name: string): GitlabClaim | undefined {
  return byName.get(name)
}

/** The claim at the top of a JSON pointer, or the name itself: `job_config` of `/job_config/sha`. */
export function topClaim(name: string): string {
  const first = name.startsWith('/') ? (name.split('/')[1] ?? '') : undefined
  return first === undefined ? name : first.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** What a claim of a token can be. */
export interface ClaimDomain {
  /** `text` is never a list; `texts` is text or a list of texts; `opaque` is an object or a list of objects. */
  readonly shape: 'text' | 'texts' | 'number' | 'opaque' | 'any'
  /** In every token. */
  readonly always: boolean
  /** All there are, where GitLab can issue no other. */
  readonly values?: readonly string[]
  /** A value to show, when anything may be shown. */
  readonly example?: string | number
}

const shapes: Readonly<Record<GitlabClaim['type'], ClaimDomain['shape']>> = {
  string: 'text',
  'string or strings': 'texts',
  strings: 'texts',
  number: 'number',
  object: 'opaque',
  objects: 'opaque',
}

const unknown: ClaimDomain = { shape: 'any', always: false }
const unsure: ClaimDomain = { shape: 'text', always: false }

const domains: ReadonlyMap<string, ClaimDomain> = new Map<string, ClaimDomain>([
  ...gitlabClaims.map(({ name, type, present, values, example }): [string, ClaimDomain] => [
    name,
    {
      shape: shapes[type],
      always: present === 'always',
      ...(values === undefined ? {} : { values }),
      ...(example === undefined ? {} : { example }),
    },
  ]),
  ['/job_config/url', unsure],
  ['/job_config/sha', unsure],
])

/** By name; a JSON pointer that goes deeper than the top begins with `/`. */
export function domainOf(claim: string): ClaimDomain {
  return domains.get(claim) ?? unknown
}

const timesAndToken = new Set(['jti', 'iat', 'nbf', 'exp'])

/** The claims of a token of which nothing is known, times and token id left out. */
export const ordinaryClaims: Readonly<Record<string, string | number>> = Object.fromEntries(
  gitlabClaims
    .filter(({ name, present }) => present === 'always' && !timesAndToken.has(name))
    .map(({ name, example }) => [name, example as string | number]),
)
