import { problem, UserError } from '../../core/diagnostic.ts'
import { policyLine } from '../../core/policy-line.ts'
import type { Refusal } from '../../import/read.ts'
import type { AnsweredSource } from './sources.ts'

/** Throws UserError for objects that were listed and gone when they were read. */
export function refuseVanished(sources: readonly AnsweredSource[]): void {
  const vanished = sources.flatMap(({ environment, reading }) =>
    reading.vanished.map((address) => `${environment}: ${address}`),
  )
  if (vanished.length === 0) return
  throw new UserError(
    [...new Set(vanished)].map((object) =>
      problem(
        'vanished',
        `${object} was in the server's list, but reading it found nothing`,
        'Somebody is changing the server right now; try again.',
      ),
    ),
  )
}

/** Throws UserError with everything that the token may not read, and the lines of a policy that would let it. */
export function refuseForbidden(sources: readonly AnsweredSource[]): void {
  const forbidden = sources.flatMap(({ environment, reading }) =>
    reading.forbidden.map((refusal) => ({ environment, ...refusal })),
  )
  if (forbidden.length === 0) return
  const lines = [...new Set(forbidden.map(lineOf))].sort()
  throw new UserError([
    ...forbidden.map(({ environment, method, path }) =>
      problem('forbidden', `${environment}: this token may not ${method === 'LIST' ? 'list' : 'read'} ${path}`),
    ),
    {
      ...problem(
        'forbidden',
        'nothing was written, because what cannot be read would look as if it were not there',
        "Leave all of this out with --skip-forbidden, or add to the token's policy:",
      ),
      paste: lines,
    },
  ])
}

/** Many objects of one folder are one line. */
function lineOf({ method, path }: Refusal): string {
  if (method === 'LIST') return policyLine(path, ['list'])
  return policyLine(path.replace(/^(sys\/policies\/acl|auth\/.+\/role)\/.*$/s, '$1/*'), ['read'])
}
