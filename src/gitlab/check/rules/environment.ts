import type { JobRole } from '../../job-role.ts'
import { boundClaims, inWords } from '../../jobs/conditions.ts'
import { environmentName } from '../cases.ts'
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
import { neverHolds } from '../rules-of-role.ts'
import { flatItems, get, textOf } from '../value.ts'

/** When and where the job runs, against what the role binds. */

const needEnvironment = ['environment', 'environment_action', 'environment_protected', 'deployment_tier']

const wrongEnvironment: CiRule = {
  id: 'GLC22',
  title: 'the environment is not the one that the role binds',
  level: 'error',
  why: 'The ID token has these claims only where the job has that environment. Vault refuses the login (400, error validating claims).',
  example: {
    bad: '# the role binds environment: production\ndeploy: { script: [./deploy] }',
    good: 'deploy: { environment: production, script: [./deploy] }',
  },
  check: eachLogin((login, checked) => {
    const { refused, roles } = login.login
    if (refused !== undefined || roles.length === 0) return []
    const finding = nameFinding(login, checked) ?? keyFinding(login, checked)
    return finding === undefined ? [] : [{ ...soft(login.login), ...finding }]
  }),
}

function nameFinding({ login, one }: JobLogin, { job }: CheckedJob): CiFinding | undefined {
  const { roles } = login
  if (one.environment === undefined) {
    const claims = needEnvironment.filter((claim) => roles.every(({ role }) => boundClaims(role).has(claim)))
    if (claims.length === 0 || !job.whole || get(job.keys, 'environment') !== undefined) return undefined
    return {
      place: job.at,
      message: `${named(job)} has no environment, and ${roleWords(roles)} binds ${claims.join(', ')}`,
      help: `Add ${environmentLine(roles[0] as JobRole)}.`,
    }
  }
  if (login.environmentFits) return undefined
  const bound = boundClaims((roles[0] as JobRole).role).get('environment')
  return {
    place: environmentName(job)?.at ?? job.at,
    message: `the environment of ${named(job)} is ${JSON.stringify(shown(one.environment))}, and ${roleWords(roles)} binds ${inWords([...(bound?.values ?? [])])}`,
    help: 'Log in by the role of that environment, or run the job in the one that the role binds.',
  }
}

function environmentLine({ role }: JobRole): string {
  const bound = boundClaims(role).get('environment')
  const [only] = bound?.values ?? []
  return only === undefined || bound?.glob ? 'environment: with the name that the role binds' : `environment: ${only}`
}

const keys = [
  ['environment_action', 'action'],
  ['deployment_tier', 'deployment_tier'],
] as const

/** `action` is start where the job does not say it; the tier is then GitLab's guess, which is not made here. */
function keyFinding({ login: { roles } }: JobLogin, { job }: CheckedJob): CiFinding | undefined {
  const environment = get(job.keys, 'environment')
  if (environment === undefined) return undefined
  for (const [claim, key] of keys) {
    const written = get(environment, key)
    const value = textOf(written) ?? (key === 'action' ? 'start' : undefined)
    if (value === undefined || value.includes('$')) continue
    const bounds = roles.map(({ role }) => boundClaims(role).get(claim))
    if (bounds.some((bound) => bound === undefined || bound.glob || bound.values.includes(value))) continue
    return {
      place: written?.at ?? environment.at,
      message: `the environment of ${named(job)} has ${key}: ${value}, and ${roleWords(roles)} binds ${inWords([...(bounds[0]?.values ?? [])])}`,
      help: `Write ${key}: ${bounds[0]?.values[0]}, or give such jobs a role of their own.`,
    }
  }
  return undefined
}

const neverRuns: CiRule = {
  id: 'GLC23',
  title: 'a rule runs the job where the role refuses it',
  level: 'warning',
  why: 'By this rule the job runs only in pipelines whose tokens the role does not take, and it fails in every one of them.',
  example: {
    bad: '# the role binds pipeline_source: [push]\nrules:\n  - if: $CI_PIPELINE_SOURCE == "merge_request_event"',
    good: 'rules:\n  - if: $CI_PIPELINE_SOURCE == "push"',
  },
  check: eachLogin(function* ({ login: { roles, refused, vague } }, { job }) {
    if (refused !== undefined || vague || roles.length === 0) return
    for (const rule of flatItems(get(job.keys, 'rules'))) {
      const condition = get(rule, 'if')
      const text = textOf(condition)
      if (condition === undefined || text === undefined || textOf(get(rule, 'when')) === 'never') continue
      if (!roles.every(({ role }) => neverHolds(text, boundClaims(role), new Set(job.variables.keys())))) continue
      yield {
        place: condition.at,
        message: `by this rule ${named(job)} runs only where ${roleWords(roles)} refuses it`,
        help: 'Take the rule away, or log in by a role that is bound to such pipelines.',
      }
    }
  }),
}

export const environmentRules: readonly CiRule[] = [wrongEnvironment, neverRuns]
