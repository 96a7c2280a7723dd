import type { EnvironmentMatrix, MatrixRow } from '../../access/why/matrix.ts'
import { document, sourceReport } from '../plan/json.ts'

/** For programs. Durations are seconds. */
export function matrixJson(environments: readonly EnvironmentMatrix[]): string {
  return document({
    format: 'vaultwright-access-matrix/1',
    environments: environments.map(({ environment, server, rows }) => ({
      environment,
      server: `${server.product}@${server.version}`,
      roles: rows.map(rowReport),
    })),
  })
}

function rowReport({ source, ...row }: MatrixRow): object {
  return { ...row, ...(source === undefined ? {} : { source: sourceReport(source) }) }
}
