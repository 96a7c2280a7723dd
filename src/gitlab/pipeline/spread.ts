import type { JsonObject, JsonValue } from '../../core/json.ts'

/** As what a job logs in. */
export interface Login {
  readonly audience: string
  /** Path of the auth mount, without `auth/`. */
  readonly mount: string
  readonly role: string
}

/** An environment, and as what its job logs in. */
export interface Member {
  readonly environment: string
  readonly login: Login
}

/** One job definition for several environments: how GitLab runs it in parallel, and what each of the jobs works on. */
export interface Spread {
  /** The value of `parallel`. */
  readonly parallel: JsonValue
  /** Of all the jobs alike. */
  readonly variables: JsonObject
  /** Of the ID token; a variable where it differs. */
  readonly audience: string
  /** What chooses the environments on the command line. */
  readonly choice: string
  /** Names the files of one of the jobs. */
  readonly name: string
  /** What GitLab appends to the name of one of the jobs. */
  readonly instance: string
  /** `parallel` of an entry of `needs` that wants the one job of this environment; absent where it takes all of them. */
  of(environment: string): JsonObject | undefined
}

const variables = { audience: 'VAULT_AUDIENCE', mount: 'VAULT_AUTH_PATH', role: 'VAULT_AUTH_ROLE' } as const
const keys = ['mount', 'role', 'audience'] as const

/**
 * A job for each environment, in a variable of a name that is nobody else's: one of the project or group would win over it, and
 * every job would be for the same environment. What is the same for all of them stands beside the matrix, as GitLab names jobs by it.
 */
export function matrix(members: readonly Member[]): Spread {
  const differing = keys.filter((key) => new Set(members.map(({ login }) => login[key])).size > 1)
  const first = members[0]?.login as Login
  const entry = ({ environment, login }: Member): JsonObject => ({
    VAULTWRIGHT_ENVIRONMENT: environment,
    ...Object.fromEntries(differing.map((key) => [variables[key], login[key]])),
  })
  const all = members.map(({ environment }) => environment)
  return {
    parallel: { matrix: differing.length === 0 ? [{ VAULTWRIGHT_ENVIRONMENT: all }] : members.map(entry) },
    variables: loginVariables(first, differing),
    audience: differing.includes('audience') ? `$${variables.audience}` : first.audience,
    choice: '--environment "$VAULTWRIGHT_ENVIRONMENT"',
    name: '$VAULTWRIGHT_ENVIRONMENT',
    instance: `: [${['VAULTWRIGHT_ENVIRONMENT', ...differing.map((key) => variables[key])].map((name) => `$${name}`).join(', ')}]`,
    of: (environment) => ({
      matrix: members.filter((member) => member.environment === environment).map((member) => entry(member)),
    }),
  }
}

/** A job for each part of the environments, which all take the same login. */
export function shards(count: number, login: Login): Spread {
  return {
    parallel: count,
    variables: loginVariables(login, []),
    audience: login.audience,
    choice: '--shard "$CI_NODE_INDEX/$CI_NODE_TOTAL"',
    name: '$CI_NODE_INDEX',
    instance: ' $CI_NODE_INDEX/$CI_NODE_TOTAL',
    of: () => undefined,
  }
}

function loginVariables(login: Login, left: readonly (typeof keys)[number][]): JsonObject {
  const common = (['mount', 'role'] as const).filter((key) => !left.includes(key))
  return Object.fromEntries(common.map((key) => [variables[key], login[key]]))
}
