import { nearest } from '../../../core/nearest.ts'
import type { JobRole } from '../../job-role.ts'
import type { LoginPart, Said } from '../login.ts'
import { shown } from '../pattern.ts'
import {
  type CheckedJob,
  type CiFinding,
  type CiRule,
  eachLogin,
  type JobLogin,
  named,
  roleWords,
  soft,
} from '../rule.ts'

/** Who the job is to Vault: role, mount, server, namespace and audience. */

const saidOf: Readonly<Record<LoginPart, (role: JobRole) => string | undefined>> = {
  role: ({ name }) => name,
  mount: ({ mount }) => mount,
  server: ({ environment }) => environment.address,
  namespace: ({ environment }) => environment.namespace ?? '',
}

/** Comparing with more of them, job by job, takes longer than it helps. */
const mostCompared = 2_000

function near(said: string, part: LoginPart, roles: readonly JobRole[], rest: string): string {
  const values = [...new Set(roles.flatMap((role) => saidOf[part](role) ?? []))]
  const meant =
    (values.length <= mostCompared ? nearest(said, values) : undefined) ??
    values.find((value) => said.length > 3 && value.startsWith(said))
  if (meant !== undefined) return `Did you mean ${JSON.stringify(meant)}?`
  return values.length > 0 && values.length <= 8
    ? `There is: ${values.map((value) => value || '(the root)').join(', ')}.`
    : rest
}

/** The login came to an end at this part. */
function refusedAt(part: LoginPart, find: (said: Said, roles: readonly JobRole[], job: CheckedJob) => CiFinding) {
  return ({ login }: JobLogin, job: CheckedJob): readonly CiFinding[] => {
    const said = login.said[part]
    if (login.refused !== part || said === undefined) return []
    // A name may be of any environment: which one the job is in, or is not, says nothing about what was meant.
    const roles = part === 'role' ? login.eligible : login.roles
    return [{ ...soft(login), ...find(said, roles, job) }]
  }
}

const unknownRole: CiRule = {
  id: 'GLC01',
  title: 'the role does not exist',
  level: 'error',
  why: 'Vault refuses the login (400, role "…" could not be found), and the job fails before its script begins.',
  example: {
    bad: 'variables: { VAULT_AUTH_ROLE: myproject-prod }',
    good: 'variables: { VAULT_AUTH_ROLE: myproject-production }',
  },
  check: eachLogin(
    refusedAt('role', (said, roles, { job }) => ({
      place: said.at,
      message: `${named(job)} logs in by role ${JSON.stringify(shown(said.pattern))}, which no file describes`,
      help: near(shown(said.pattern), 'role', roles, 'Write it in roles/, or take the name of one that is there.'),
    })),
  ),
}

const wrongMount: CiRule = {
  id: 'GLC02',
  title: 'the role is not at this auth mount',
  level: 'error',
  why: 'Each mount has roles of its own and trusts one issuer. At a mount that does not exist, Vault answers 403 permission denied.',
  example: {
    bad: 'variables: { VAULT_AUTH_ROLE: nexus-ci, VAULT_AUTH_PATH: auth/jwt_cwiq }',
    good: 'variables: { VAULT_AUTH_ROLE: nexus-ci, VAULT_AUTH_PATH: jwt_cwiq }',
  },
  check: eachLogin(({ login, one }, job) => [
    ...refusedAt('mount', (said, roles) => mountFinding(said, roles, job))({ login, one }, job),
    ...(login.unsaid === 'mount' && job.job.whole ? [unsaidMount(login.roles, job)] : []),
  ]),
}

function mountFinding({ pattern, at }: Said, roles: readonly JobRole[], { job }: CheckedJob): CiFinding {
  const path = shown(pattern)
  const bare = path.replace(/^\/?auth\//, '')
  const doubled = bare !== path && roles.some(({ mount }) => mount === bare.replace(/\/+$/, ''))
  return {
    place: at,
    message: doubled
      ? `${named(job)} logs in at auth/${path}: VAULT_AUTH_PATH is the mount without "auth/"`
      : `${named(job)} logs in at auth/${path}, where ${roleWords(roles)} is not`,
    help: doubled ? `Write ${JSON.stringify(bare)}.` : near(path, 'mount', roles, 'Take the mount of the role.'),
  }
}

function unsaidMount(roles: readonly JobRole[], { job }: CheckedJob): CiFinding {
  return {
    place: job.at,
    level: 'warning',
    message: `${named(job)} says no VAULT_AUTH_PATH, which is then jwt, and ${roleWords(roles)} is not there`,
    help: `Set VAULT_AUTH_PATH: ${roles[0]?.mount}, unless a CI/CD variable of GitLab's settings does.`,
  }
}

const wrongNamespace: CiRule = {
  id: 'GLC03',
  title: 'the role is in another namespace',
  level: 'error',
  why: 'Vault looks for the mount in the namespace of the request only, and answers 403 permission denied where it is not.',
  example: { bad: 'variables: { VAULT_NAMESPACE: platfrom }', good: 'variables: { VAULT_NAMESPACE: platform }' },
  check: eachLogin(({ login, one }, job) => [
    ...refusedAt('namespace', (said, roles) => ({
      place: said.at,
      message: `${named(job.job)} logs in in namespace ${JSON.stringify(shown(said.pattern))}, where ${roleWords(roles)} is not`,
      help: near(shown(said.pattern), 'namespace', roles, 'Take the namespace of the environment.'),
    }))({ login, one }, job),
    ...(login.unsaid === 'namespace' && job.job.whole ? [unsaidNamespace(login.roles, job)] : []),
  ]),
}

function unsaidNamespace(roles: readonly JobRole[], { job }: CheckedJob): CiFinding {
  return {
    place: job.at,
    level: 'warning',
    message: `${named(job)} says no VAULT_NAMESPACE, and ${roleWords(roles)} is in namespace ${roles[0]?.environment.namespace}`,
    help: `Set VAULT_NAMESPACE: ${roles[0]?.environment.namespace}, unless a CI/CD variable of GitLab's settings does.`,
  }
}

const wrongServer: CiRule = {
  id: 'GLC04',
  title: 'the server is another one',
  level: 'error',
  why: 'The ID token is sent to whatever server stands there, and this one has no such role.',
  example: {
    bad: 'variables: { VAULT_SERVER_URL: "https://vault.example.com:8200" }',
    good: 'variables: { VAULT_SERVER_URL: "https://vault.example.com" }',
  },
  check: eachLogin(
    refusedAt('server', (said, roles, { job }) => ({
      place: said.at,
      message: `${named(job)} talks to ${shown(said.pattern)}, and ${roleWords(roles)} is at ${addresses(roles)}`,
      help: `Set ${said.by} to the address of the environment, or leave it out where a CI/CD variable has it.`,
    })),
  ),
}

function addresses(roles: readonly JobRole[]): string {
  return [...new Set(roles.flatMap(({ environment }) => environment.address ?? []))].slice(0, 3).join(', ')
}

const wrongAudience: CiRule = {
  id: 'GLC05',
  title: 'the audience is not one that the role takes',
  level: 'error',
  why: 'The texts must be equal to the letter: scheme, port and a slash at the end count. Vault refuses the login (400, invalid audience).',
  example: {
    bad: 'id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com/ } }',
    good: 'id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }',
  },
  check: eachLogin(({ login }, { job, idTokens }) => {
    if (login.audienceFits || login.refused !== undefined) return []
    const token = login.idToken ?? idTokens[0]
    const given = login.audiences.map((pattern) => JSON.stringify(shown(pattern))).join(' or ')
    const taken = [...new Set(login.eligible.flatMap(({ audiences }) => audiences))]
    const takes =
      taken.length === 0
        ? 'none'
        : taken
            .slice(0, 4)
            .map((one) => JSON.stringify(one))
            .join(' or ')
    return [
      {
        ...soft(login),
        place: token?.audiences[0]?.at ?? job.at,
        message: `the ID token of ${named(job)} is for ${given}, and ${roleWords(login.eligible)} takes ${takes}`,
        help: taken[0] === undefined ? 'Give the role bound_audiences.' : `Write aud: ${taken[0]}`,
      },
    ]
  }),
}

export const loginRules: readonly CiRule[] = [unknownRole, wrongMount, wrongNamespace, wrongServer, wrongAudience]
