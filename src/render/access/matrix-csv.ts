import type { EnvironmentMatrix, MatrixGrant, MatrixRow } from '../../access/why/matrix.ts'
import { stableStringify } from '../../core/json.ts'
import { csv } from '../csv.ts'
import { grantWords, whoWords } from './matrix-words.ts'

const header = [
  'environment',
  'server',
  'mount',
  'role',
  'who',
  'claims',
  'issuer',
  'audiences',
  'networks',
  'path',
  'capabilities',
  'policies',
  'token_type',
  'ttl_seconds',
  'max_ttl_seconds',
]

/** A line a role and path; a role without any has one line with both empty. */
export function matrixCsv(environments: readonly EnvironmentMatrix[]): string {
  const lines = environments.flatMap((matrix) => matrix.rows.flatMap((row) => linesOf(matrix, row)))
  return csv([header, ...lines])
}

function linesOf({ environment, server }: EnvironmentMatrix, row: MatrixRow): string[][] {
  const grants: readonly (MatrixGrant | undefined)[] = row.grants.length === 0 ? [undefined] : row.grants
  return grants.map((grant) => [
    environment,
    `${server.product}@${server.version}`,
    row.mount,
    row.role,
    whoWords(row),
    stableStringify(row.claims),
    row.issuer ?? '',
    row.audiences.join(' '),
    row.networks.join(' '),
    grant?.path ?? '',
    grant === undefined ? '' : grantWords(grant),
    (grant?.policies ?? row.policies).join(' '),
    row.type,
    String(row.ttl),
    String(row.maxTtl),
  ])
}
