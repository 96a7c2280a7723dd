import { formatDuration } from '../../core/duration.ts'
import { forJobRoles } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

/** Seconds that the server allows by itself (vault-plugin-auth-jwt path_role.go). */
const defaults = { clock_skew_leeway: 60, expiration_leeway: 150, not_before_leeway: 150 } as const

export const glv28: Rule = {
  id: 'GLV28',
  title: 'more leeway than the server gives by itself',
  level: 'info',
  why: 'clock_skew_leeway is 60 seconds where nobody sets it, and every second more keeps an expired token alive. The other two leeways count only for tokens without "exp" or "nbf", which GitLab never makes.',
  example: { bad: 'clock_skew_leeway: 5m', good: '# clock_skew_leeway: 60s is the default' },
  check: forJobRoles(function* ({ label, role }) {
    for (const [field, usual] of Object.entries(defaults)) {
      const leeway = role[field]
      if (typeof leeway === 'number' && leeway > usual)
        yield {
          field: [field],
          message: `role ${label} has ${field} ${formatDuration(leeway)}; the default is ${formatDuration(usual)}`,
          help:
            field === 'clock_skew_leeway'
              ? 'Take it out, and keep the clocks of both servers right.'
              : 'Take it out: tokens of GitLab have "exp" and "nbf", so it does nothing for them.',
        }
    }
  }),
}
