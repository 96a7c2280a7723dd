import type { Binding, EnvironmentBindings } from '../../access/why/bindings.ts'
import { stableStringify } from '../../core/json.ts'
import { whoWords } from '../access/matrix-words.ts'
import { csv } from '../csv.ts'

const header = [
  'environment',
  'address',
  'namespace',
  'mount',
  'role',
  'who',
  'claims',
  'subject',
  'issuer',
  'audiences',
  'networks',
  'token_type',
  'ttl_seconds',
  'max_ttl_seconds',
  'policies',
  'template',
  'variable',
  'engine',
  'path',
  'field',
  'file',
]

/** A line a secret; a role without any has one line. */
export function bindingsCsv(environments: readonly EnvironmentBindings[]): string {
  const lines = environments.flatMap((environment) =>
    environment.bindings.flatMap((binding) => linesOf(environment, binding)),
  )
  return csv([header, ...lines])
}

function linesOf({ environment, address = '', namespace = '' }: EnvironmentBindings, binding: Binding): string[][] {
  const { row, secrets, template = '' } = binding
  const role = [
    ...[environment, address, namespace, row.mount, row.role, whoWords(row), stableStringify(row.claims)],
    ...[row.subject ?? '', row.issuer ?? '', row.audiences.join(' '), row.networks.join(' ')],
    ...[row.type, String(row.ttl), String(row.maxTtl), row.policies.join(' '), template],
  ]
  const read = Object.entries(secrets).map(([variable, { engine, apiPath, field, file = true }]) => [
    ...role,
    ...[variable, engine, apiPath, field, String(file)],
  ])
  return read.length > 0 ? read : [[...role, '', '', '', '', '']]
}
