import { formatDuration } from '../../core/duration.ts'
import { forJobRoles } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv34: Rule = {
  id: 'GLV34',
  title: 'tokens that the mount cuts short',
  level: 'warning',
  why: 'The server takes a token_ttl above max_lease_ttl of the mount without a word and gives every token the shorter one, so jobs lose access long before what stands in the files.',
  example: {
    bad: '# tune of the mount: { max_lease_ttl: 1h }\ntoken_ttl: 5h',
    good: '# tune of the mount: { max_lease_ttl: 1h }\ntoken_ttl: 1h',
  },
  check: forJobRoles(function* ({ label, role, mount }) {
    const [wanted, most] = [role['token_ttl'], mount.tune['max_lease_ttl']]
    // A period takes the place of the TTL.
    if (typeof wanted !== 'number' || typeof most !== 'number' || most <= 0 || role['token_period'] !== undefined)
      return
    if (wanted > most)
      yield {
        field: ['token_ttl'],
        message: `role ${label} has token_ttl ${formatDuration(wanted)}, and its mount max_lease_ttl ${formatDuration(most)}: no token lives longer`,
        help: `Write token_ttl: ${formatDuration(most)} or less, or raise max_lease_ttl under tune of the mount.`,
      }
  }),
}
