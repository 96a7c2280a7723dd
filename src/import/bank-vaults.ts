import { UserError } from '../core/diagnostic.ts'
import { isEmpty, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { assumedServer } from '../core/version.ts'
import { bankVaultsObjects } from './bank-vaults/objects.ts'
import { asMap, asText, type DescribedOptions, type DescribedServers, describeServers } from './sources/described.ts'
import { collectFindings, type Findings } from './sources/findings.ts'
import { own } from './sources/shapes.ts'

/**
 * The server that a configuration of bank-vaults describes: its `vault-config.yml`, or the same as `externalConfig` in a
 * custom resource of the Vault operator or in values of a Helm chart. Templates in it are never evaluated, and no secret in
 * it comes out.
 * @param value a document, or all documents of a file
 * @param file its name, for messages
 * Throws UserError with everything that is wrong.
 */
export function bankVaultsSnapshot(value: unknown, file: string, options: DescribedOptions = {}): DescribedServers {
  const findings = collectFindings()
  const documents = Array.isArray(value) ? (value as readonly unknown[]) : [value]
  const configurations = documents.map(configurationOf).filter((found) => found !== undefined)
  if (configurations.length === 0) reportForeign(documents, file, findings)
  for (const configuration of configurations) noteTheRest(configuration, findings)
  const objects = configurations.flatMap((configuration) => bankVaultsObjects(configuration, findings))
  const servers = describeServers(objects, options.server ?? assumedServer, findings)
  if (servers.length === 0 && findings.problems().length === 0) reportNothing(file, findings)
  if (findings.problems().length > 0) throw new UserError(findings.problems())
  return { servers, notices: findings.notices() }
}

/** What else bank-vaults configures, and why it stays where it is. */
const others: ReadonlyMap<string, string> = new Map([
  ['secrets', 'not taken over: secrets engines are not described by files here'],
  ['startupSecrets', 'not taken over: no secret is ever written to a file'],
  ['audit', 'not taken over: audit devices are not described by files here'],
  ['groups', 'not taken over: identity groups are not described by files here'],
  ['group-aliases', 'not taken over: identity groups are not described by files here'],
  ['plugins', 'not taken over: plugins are not described by files here'],
])

const taken = ['policies', 'auth', 'purgeUnmanagedConfig']

function configurationOf(document: unknown): JsonObject | undefined {
  if (!isObject(document)) return undefined
  const inside = own(asMap(own(document, 'spec')), 'externalConfig') ?? own(document, 'externalConfig')
  if (isObject(inside)) return inside
  const isKubernetes = 'apiVersion' in document || 'kind' in document
  return !isKubernetes && Object.keys(document).some((key) => taken.includes(key) || others.has(key))
    ? document
    : undefined
}

function reportForeign(documents: readonly unknown[], file: string, findings: Findings): void {
  const wrapped = documents.some((document) => ['ConfigMap', 'Secret'].includes(asText(asMap(document)['kind'])))
  findings.problem(
    'not-bank-vaults',
    `${file}: this is no configuration of bank-vaults`,
    wrapped
      ? 'It is one inside a ConfigMap or Secret: pass the file that it was made of.'
      : 'Pass its vault-config.yml, or the custom resource that has it as spec.externalConfig.',
  )
}

function reportNothing(file: string, findings: Findings): void {
  const rest = findings.notices().join('; ')
  findings.problem(
    'nothing-to-import',
    `${file} describes no mount, role or policy that can be taken over${rest === '' ? '' : `: ${rest}`}`,
    'Pass a configuration with policies, or with auth of type jwt or oidc.',
  )
}

function noteTheRest(configuration: JsonObject, findings: Findings): void {
  for (const [key, value] of Object.entries(configuration)) {
    if (taken.includes(key) || isEmpty(value)) continue
    findings.note(key, others.get(key) ?? 'not taken over: it is not known here')
  }
  notePurge(own(configuration, 'purgeUnmanagedConfig'), findings)
}

function notePurge(purge: JsonValue | undefined, findings: Findings): void {
  if (own(asMap(purge), 'enabled') !== true) return
  const exclude = asMap(own(asMap(purge), 'exclude'))
  const kept = ['policies', 'auth'].filter((name) => own(exclude, name) === true)
  const except = kept.length === 0 ? '' : ` (here not of ${kept.join(' and ')})`
  findings.note(
    'purgeUnmanagedConfig',
    `bank-vaults deletes what its file does not describe${except}. The same here is "unmanaged: delete" in the environment file, for what "owns" names; an import never writes it`,
  )
}
