import { formatDuration } from '../../core/duration.ts'
import { enumerated, forJobRoles } from '../gitlab-roles.ts'
import { lifeOf } from '../gitlab-tokens.ts'
import type { Rule } from '../rule.ts'

/** GitLab's default timeout of a job, in seconds; the files do not say another. */
const jobTimeout = 3600

export const glv22: Rule = {
  id: 'GLV22',
  title: 'credentials that end before the job',
  level: 'error',
  why: 'Credentials that an engine makes for a job, such as those of a database, end with the token that asked for them, and the runner never renews it. A token of one use takes them back as soon as they are made.',
  example: {
    bad: 'token_ttl: 60s\nsecrets: { DB: { engine: generic, mount: database, path: creds/app, field: password } }',
    good: 'token_ttl: 1h\nsecrets: { DB: { engine: generic, mount: database, path: creds/app, field: password } }',
  },
  check: forJobRoles(function* (role) {
    const names = Object.keys(role.secrets).filter((name) => role.secrets[name]?.engine === 'generic')
    if (names.length === 0) return
    const { first } = lifeOf(role)
    if (first < jobTimeout)
      yield {
        field: [shortest(role.role, first)],
        message: `tokens of role ${role.label} live ${formatDuration(first)}, and with them the credentials in ${enumerated(names)}; a job may run for ${formatDuration(jobTimeout)}`,
        help: 'Let token_ttl and every limit of it be the timeout of the jobs, 1h unless the project says otherwise; read what needs no lease through another role.',
      }
    if (role.role['token_num_uses'] === 1)
      yield {
        field: ['token_num_uses'],
        message: `tokens of role ${role.label} have one use, so the server takes the credentials in ${enumerated(names)} back at once`,
        help: 'Take token_num_uses out; 1 suits secrets of a KV engine only.',
      }
  }),
}

/** The field that says how short: the mount does where the role has none. */
function shortest(role: Readonly<Record<string, unknown>>, seconds: number): string {
  const fields = ['token_explicit_max_ttl', 'token_max_ttl', 'token_period', 'token_ttl']
  return fields.find((name) => role[name] === seconds) ?? 'token_ttl'
}
