import type { MatrixGrant, MatrixRow } from '../../access/why/matrix.ts'
import { formatDuration } from '../../core/duration.ts'
import { valueText } from './words.ts'

/** The words of the access matrix; each format escapes them in its own way. */

/** "read", "deny", "nothing", "read (with parameters)". */
export function grantWords({ capabilities, conditions, templated }: MatrixGrant): string {
  const granted = capabilities.length === 0 ? 'nothing' : capabilities.join(', ')
  const notes = [
    ...(conditions.length === 0 ? [] : [`conditions on ${conditions.join(' and ')}`]),
    ...(templated ? ["path by the token's entity"] : []),
  ]
  return notes.length === 0 ? granted : `${granted} (${notes.join('; ')})`
}

/** "batch, 2m", "service, 30m, renewable up to 1h". */
export function tokenWords({ type, ttl, maxTtl, uses }: MatrixRow): string {
  const longer = maxTtl > ttl ? `, renewable up to ${formatDuration(maxTtl)}` : ''
  return `${type}, ${formatDuration(ttl)}${longer}${uses === 0 ? '' : `, ${uses} use${uses === 1 ? '' : 's'}`}`
}

/** "mount jwt, issuer …, audience …, any network". */
export function fromWords({ mount, issuer, audiences, networks }: MatrixRow): string {
  return [
    `mount ${mount}`,
    issuer === undefined ? 'any issuer' : `issuer ${issuer}`,
    audiences.length === 0 ? 'no audience' : `audience ${audiences.join(' or ')}`,
    networks.length === 0 ? 'any network' : `networks ${networks.join(', ')}`,
  ].join(', ')
}

export function whoWords({ who, nobody }: MatrixRow): string {
  return nobody === undefined ? who : `nobody: ${nobody}`
}

/** "environment: production, project_id: "42"". */
export function claimWords({ claims }: MatrixRow): string {
  return Object.entries(claims)
    .map(([claim, value]) => `${claim}: ${valueText(value)}`)
    .join(', ')
}

/** What is not in the rules: policies that nobody describes, and the server's own. */
export function besides({ unknown, default: own }: MatrixRow): readonly string[] {
  return [
    ...(unknown.length === 0 ? [] : [`whatever ${unknown.join(', ')} grants, described nowhere here`]),
    ...(own ? ["what the server's policy default grants"] : []),
  ]
}
