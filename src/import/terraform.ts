import { UserError } from '../core/diagnostic.ts'
import { assumedServer } from '../core/version.ts'
import {
  asText,
  type DescribedObject,
  type DescribedOptions,
  type DescribedServers,
  describeServers,
  isPossible,
} from './sources/described.ts'
import { collectFindings, type Findings } from './sources/findings.ts'
import { own } from './sources/shapes.ts'
import { resourcesOf } from './terraform/formats.ts'
import { enablesMount, genericEndpoint, type TypeOf } from './terraform/generic-endpoint.ts'
import { authBackend, jwtBackend, jwtRole, policy, type Reader, targetOf } from './terraform/objects.ts'
import type { Resource } from './terraform/resource.ts'

/**
 * The servers that a Terraform or OpenTofu state or plan describes, from what `show -json` prints or a raw state of version 4.
 * Nothing that is secret in it comes out: of a client secret only that there is one.
 * @param json as JSON.parse gives it
 * @param file its name, for messages
 * Throws UserError with everything that is wrong.
 */
export function terraformSnapshots(json: unknown, file: string, options: DescribedOptions = {}): DescribedServers {
  const findings = collectFindings()
  const resources = resourcesOf(json, file, findings)
  const objects = objectsOf(resources, findings)
  const servers = describeServers(objects, options.server ?? assumedServer, findings)
  if (servers.length === 0 && findings.problems().length === 0) reportNothing(resources, file, findings)
  if (findings.problems().length > 0) throw new UserError(findings.problems())
  return { servers, notices: findings.notices() }
}

function reportNothing(resources: readonly Resource[], file: string, findings: Findings): void {
  const rest = resources.length === 0 ? 'no resource of the Vault provider' : findings.notices().join('; ')
  findings.problem(
    'nothing-to-import',
    `${file} describes no mount, role or policy: ${rest}`,
    'Print the state or plan of the configuration that has them, such as vault_jwt_auth_backend and vault_policy.',
  )
}

const readers: ReadonlyMap<string, Reader> = new Map([
  ['vault_jwt_auth_backend', jwtBackend],
  ['vault_auth_backend', authBackend],
  ['vault_jwt_auth_backend_role', jwtRole],
  ['vault_policy', policy],
])

/** Types of resources that say nothing of their own, and why. */
const others: ReadonlyMap<string, string> = new Map([
  ['vault_mount', 'not taken over: secrets engines are not described by files here'],
  ['vault_namespace', 'not taken over: namespaces have to exist; what is in them is taken over for each'],
])

function objectsOf(resources: readonly Resource[], findings: Findings): DescribedObject[] {
  const usable = resources.filter((resource) => isInstance(resource, findings))
  const first = usable.filter((resource) => !isGeneric(resource) || enablesMount(resource))
  const found = first.flatMap((resource) => read(resource, () => undefined, findings))
  // What lies in a mount can be read once it is known of which type the mount is.
  const typeOf = mountTypes(usable, found)
  const rest = usable.filter((resource) => isGeneric(resource) && !enablesMount(resource))
  found.push(...rest.flatMap((resource) => read(resource, typeOf, findings)))
  return found.filter((object) => {
    if (isPossible(object)) return true
    findings.note(object.from, 'left out, because no server can have an object of this name')
    return false
  })
}

function isGeneric({ type }: Resource): boolean {
  return type === 'vault_generic_endpoint'
}

function isInstance({ address, data, type, deposed, tainted }: Resource, findings: Findings): boolean {
  if (data) {
    findings.note(address, 'a data source: Terraform reads it, and does not make it')
    return false
  }
  if (deposed) findings.note(address, 'what is left of an instance that was replaced is left out')
  else if (tainted && readers.has(type))
    findings.note(address, 'tainted: Terraform would destroy it and make it anew; it is taken over as it is')
  return !deposed
}

function read(resource: Resource, typeOf: TypeOf, findings: Findings): readonly DescribedObject[] {
  const { type, address, pending } = resource
  const reader = readers.get(type)
  if (reader === undefined && !isGeneric(resource)) {
    findings.note(address, others.get(type) ?? 'not taken over: files here do not describe such objects')
    return []
  }
  const objects = reader?.(resource, findings) ?? genericEndpoint(resource, typeOf, findings)
  if (pending && objects.length > 0)
    findings.note(address, 'taken over as the plan wants it; the server has it so only after the plan is applied')
  return objects
}

/** Of the mounts that are taken over, and of those of other types, whose roles and configurations must not be. */
function mountTypes(resources: readonly Resource[], objects: readonly DescribedObject[]): TypeOf {
  const keyOf = ({ provider, address, namespace }: Resource['target'], mount: string) =>
    JSON.stringify([address || provider, namespace, mount])
  const enabled = resources
    .filter(({ type }) => type === 'vault_auth_backend')
    .map(
      (resource) =>
        [
          keyOf(targetOf(resource), asText(own(resource.values, 'path'))),
          asText(own(resource.values, 'type')),
        ] as const,
    )
  const taken = objects.flatMap((object) =>
    object.kind === 'auth-mount' ? [[keyOf(object.target, object.mount), asText(object.data['type'])] as const] : [],
  )
  const types = new Map([...enabled, ...taken])
  return (target, mount) => types.get(keyOf(target, mount))
}
