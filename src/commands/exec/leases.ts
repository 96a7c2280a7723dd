import { formatDuration } from '../../core/duration.ts'
import type { VaultError } from '../../core/server.ts'
import type { Leftovers, SecretSession } from '../../vault/secret-session.ts'
import type { ReadLease } from './read.ts'
import type { Watched } from './terms.ts'

/**
 * What must not end before the command does: the leases, and the token, whose end is theirs. A token that counts its
 * requests has none to spare for renewals.
 * @param passed whether the command uses the token
 */
export function watchedTerms(session: SecretSession, leases: readonly ReadLease[], passed: boolean): Watched[] {
  const { token } = session
  if (leases.length === 0 && !passed) return []
  const spare = (term: Watched['term']) => (token.uses > 0 ? { ...term, renewable: false } : term)
  const what = leases.length === 0 ? 'the token of this login' : 'the token of this login, and with it every lease,'
  return [
    { what, term: spare(token), renew: () => session.renewToken() },
    ...leases.map((lease) => ({
      what: `the lease of ${lease.path} (${lease.names.join(', ')})`,
      term: spare(lease),
      renew: () => session.renewLease(lease.id),
    })),
  ]
}

interface Ending {
  readonly session: SecretSession
  readonly leases: readonly ReadLease[]
  readonly role: string
}

/** What lives on after the run: for how long, and what would have ended it. */
export function sayLeftovers(left: Leftovers, { session, leases, role }: Ending, say: (text: string) => void): void {
  if (left.token !== undefined)
    say(
      `the token could not be revoked (${left.token.message}); ${endsWithin(session.token.ttl)}${line(left.token, role)}`,
    )
  if (left.leases === undefined) return
  const longest = Math.max(...leases.map(({ ttl }) => ttl))
  const why = session.token.batch ? 'a batch token cannot be revoked, and ' : ''
  const paths = leases.map(({ path }) => path).join(', ')
  say(
    `${why}the leases of ${paths} could not be revoked (${left.leases.message}); ${endsWithin(longest)}${line(left.leases, role)}`,
  )
}

function endsWithin(ttl: number): string {
  return `it ends by itself within ${formatDuration(ttl)}`
}

function line({ status, path }: VaultError, role: string): string {
  return status === 403 ? `; a policy of role ${role} would need: path "${path}" { capabilities = ["update"] }` : ''
}
