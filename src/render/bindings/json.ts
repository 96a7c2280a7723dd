import type { Binding, EnvironmentBindings } from '../../access/why/bindings.ts'
import { document, sourceReport } from '../plan/json.ts'

/** For programs. Durations are seconds. docs/report.md */
export function bindingsJson(environments: readonly EnvironmentBindings[]): string {
  return document({
    format: 'vaultwright-gitlab-bindings/1',
    environments: environments.map(({ server, bindings, ...environment }) => ({
      ...environment,
      server: `${server.product}@${server.version}`,
      roles: bindings.map(roleReport),
    })),
  })
}

function roleReport({ row: { source, ...row }, secrets, template }: Binding): object {
  return {
    ...row,
    secrets: Object.entries(secrets).map(([variable, { engine, apiPath, field, file = true }]) => ({
      ...{ variable, engine, path: apiPath, field, file },
    })),
    ...(template === undefined ? {} : { template }),
    ...(source === undefined ? {} : { source: sourceReport(source) }),
  }
}
