import { formatDuration } from '../../core/duration.ts'
import { forJobRoles } from '../gitlab-roles.ts'
import { lifeOf } from '../gitlab-tokens.ts'
import type { Rule } from '../rule.ts'

/** GitLab's default timeout of a job, in seconds. */
const hour = 3600

export const glv21: Rule = {
  id: 'GLV21',
  title: 'tokens that outlive their job',
  level: 'warning',
  why: 'Neither GitLab nor the runner revokes a token when the job ends. Whoever finds it, in a log or a cache, can use and renew it until a limit ends it.',
  example: {
    bad: 'token_ttl: 5m',
    good: 'token_ttl: 5m\ntoken_explicit_max_ttl: 1h',
  },
  check: forJobRoles(function* (role) {
    const { longest } = lifeOf(role)
    if (longest <= hour) return
    const how = Number.isFinite(longest) ? `for up to ${formatDuration(longest)}` : 'for ever, as they are periodic'
    const explicit = role.role['token_explicit_max_ttl']
    yield {
      field: explicit === undefined ? [] : ['token_explicit_max_ttl'],
      message: `tokens of role ${role.label} can be kept alive ${how}`,
      help: 'Write token_explicit_max_ttl: 1h, or less: as long as the jobs may run. token_type: batch with a token_ttl does it as well.',
    }
  }),
}
