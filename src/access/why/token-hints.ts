import { formatDuration } from '../../core/duration.ts'
import { nearest } from '../../core/nearest.ts'
import { failureOf } from './failures.ts'
import { expectedTexts, type HintRule, type LoginCase, quoted } from './hint.ts'

/** Mistakes around the token and the role as a whole: which role, which mount, when, and from where. */
export const tokenHints: readonly HintRule[] = [
  {
    id: 'not-configured',
    checks: ['configuration'],
    when: (_check, { mount, model }) =>
      model.mounts.has(mount)
        ? `The mount ${quoted(mount)} has no config. Describe it under auth.${mount}.config of the environment.`
        : `There is no mount ${quoted(mount)} here; there are ${[...model.mounts.keys()].map(quoted).join(', ') || 'none'}. A server answers 403 at such a path.`,
  },
  {
    id: 'role-of-other-mount',
    checks: ['role'],
    when(_check, { model, mount, name }) {
      const other = [...model.mounts.values()].find(({ path, roles }) => path !== mount && roles.has(name))
      return other === undefined
        ? undefined
        : `The role is at the mount ${quoted(other.path)}. Log in there: VAULT_AUTH_PATH: ${other.path}.`
    },
  },
  {
    id: 'role-name',
    checks: ['role'],
    when(_check, { model, mount, name }) {
      const near = nearestRole(name, [...(model.mounts.get(mount)?.roles.keys() ?? [])])
      return near === undefined ? undefined : `Did you mean ${quoted(near)}?`
    },
  },
  {
    id: 'missing-token',
    checks: ['token'],
    when: () => failureOf('missing-token').cause,
  },
  {
    id: 'oidc-role',
    checks: ['role_type'],
    when: () => 'Write role_type: jwt. A write without it makes the role one for logins by browser.',
  },
  {
    id: 'source-address',
    checks: ['token_bound_cidrs'],
    when: () =>
      'The login has to come from one of these networks: run the job on a runner there, or add its network. This is the one refusal with status 403.',
  },
  {
    id: 'algorithm',
    checks: ['alg'],
    when: ({ actual }) =>
      actual === 'RS256'
        ? "GitLab signs with RS256: leave jwt_supported_algs out of the mount's config, or add it there."
        : `GitLab signs with RS256; a token with alg ${quoted(actual ?? '')} is of another issuer.`,
  },
  {
    id: 'no-times',
    checks: ['times'],
    when: () => "An ID token of GitLab has iat, nbf and exp: these claims are not all of a token's.",
  },
  {
    id: 'expired',
    checks: ['exp'],
    when: (_check, login) =>
      `${ago(login, 'exp', -1)}An ID token lives as long as its job may run, or five minutes. Log in early in the job; where this is an old token, judge it as of then with --at issued.`,
  },
  {
    id: 'clock',
    checks: ['nbf', 'iat'],
    when: (check, login) =>
      `${ago(login, check.check, 1)}The server's clock is behind that of GitLab; up to 60 s are forgiven. Synchronise them.`,
  },
  {
    id: 'user-claim-null',
    checks: ['user_claim'],
    when({ actual, expected, claim }, { claims }) {
      const name =
        claim ??
        expectedTexts({ check: 'user_claim', ok: false, ...(expected === undefined ? {} : { expected }) })[0] ??
        ''
      if (typeof actual === 'number' || (typeof actual === 'object' && actual !== null))
        return 'A user_claim must be a string. Use project_id, which is one.'
      return `${quoted(name)} is ${claims[name] === null ? 'null' : 'absent'} in this token${name.startsWith('user_') ? ', as for users without one and for bots' : ''}. Use project_id, which every token has.`
    },
  },
  {
    id: 'mapped-claim',
    checks: ['claim_mappings'],
    when: () => 'Only strings can be mapped to metadata; numbers such as runner_id cannot.',
  },
  {
    id: 'groups-claim',
    checks: ['groups_claim'],
    when: () =>
      'GitLab has groups_direct only where an administrator switched it on, and for users in at most 200 groups. Leave groups_claim out.',
  },
  {
    id: 'unassignable-policy',
    checks: ['policies'],
    when: () =>
      'No login may give the policies root, response-wrapping and control-group. Take it out of token_policies.',
  },
]

/** By spelling; or the one whose name goes on where this one stops, as `myproject-production` for `myproject`. */
export function nearestRole(name: string, names: readonly string[]): string | undefined {
  return nearest(name, names) ?? names.find((other) => other.startsWith(`${name.toLowerCase()}-`))
}

function ago({ claims, now }: LoginCase, claim: string, sign: 1 | -1): string {
  const at = claims[claim]
  if (typeof at !== 'number') return ''
  const seconds = Math.round(sign * (at - now))
  if (seconds <= 0) return ''
  return sign < 0 ? `It expired ${formatDuration(seconds)} ago. ` : `That is ${formatDuration(seconds)} from now. `
}
