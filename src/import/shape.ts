import { byText, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Kind, Kinds } from '../core/kind.ts'
import type { Address } from '../core/resource.ts'
import { foldAlike } from './alike.ts'
import { siblingsOf } from './assign.ts'
import { type Comment, environmentFile, type SecretReference } from './environment-file.ts'
import { fileNames } from './names.ts'
import { type FoundPolicy, type PolicyFiles, writePolicies } from './policies.ts'
import { namedPolicies, type Wanted } from './read.ts'
import { roleFiles } from './role-files.ts'
import { type FoundRole, type RoleDocument, writeRoles } from './roles.ts'
import { type SecretName, secretNames } from './secret-names.ts'
import { countShareable, shareTemplates, sharingOf } from './shared-templates.ts'
import { type Described, type LeftOut, type Source, type Taken, take } from './take.ts'
import type { Written } from './written.ts'

export interface ShapeOptions {
  readonly kinds: Kinds
  readonly wanted: Wanted
  readonly fold: boolean
  /** Objects that are written apart, whatever they look like: folding them did not load as it should. */
  readonly apart: ReadonlySet<Address>
}

/** A file to write. A path is relative to the configuration's folder, with `/`. */
export type ImportedFile = { readonly path: string; readonly describes: readonly Described[] } & (
  | { readonly text: string }
  | { readonly documents: readonly YamlPart[] }
)

interface YamlPart {
  readonly value: JsonObject
  readonly comments: readonly Comment[]
}

export interface Shaped {
  readonly files: readonly ImportedFile[]
  readonly leftOut: readonly LeftOut[]
  readonly secrets: readonly (SecretReference & { readonly environment: string })[]
  /** Fields inside which the server may keep a secret. */
  readonly perhaps: readonly (Described & { readonly fields: readonly string[] })[]
  /** Policies that roles name and no file describes. */
  readonly dangling: readonly (Described & { readonly name: string })[]
}

/** Servers as files. Pure: the same answers give the same files. */
export function shape(sources: readonly Source[], options: ShapeOptions): Shaped {
  const siblings = siblingsOf(sources)
  const taken = sources.map((source) => take(source, siblings.get(source.environment) ?? [], options.kinds))
  const policies = policyFiles(taken, options)
  const roles = roleDocuments(taken, policies, options)
  const shared = shareTemplates(roles, sharingOf(roles, policies, mayFoldPolicy(options)))
  const secretName = secretNames(sources)
  const environments = taken.map((each) =>
    environmentOf(each, { ...options, siblings, listed: policies.listed, secretName, sources: taken }),
  )
  const files: ImportedFile[] = [
    ...environments.map(({ file }) => file),
    ...roleFiles(shared.roles),
    ...shared.policies.map(({ name, text, describes }) => ({
      path: `policies/${name}.hcl`,
      text,
      describes: describes.map(({ environment, name }) => ({
        environment,
        address: kindFor('policy', options).identify(name).address,
      })),
    })),
  ]
  return {
    files: files.sort((a, b) => byText(a.path, b.path)),
    leftOut: taken.flatMap(({ leftOut }) => leftOut),
    secrets: environments.flatMap(({ secrets }) => secrets),
    perhaps: taken.flatMap(({ environment, objects }) =>
      objects
        .filter(({ perhaps }) => perhaps.length > 0)
        .map(({ live, perhaps }) => ({
          environment,
          address: live.address,
          fields: perhaps.map((field) => field.join('.')),
        })),
    ),
    dangling: taken.flatMap((each) => danglingOf(each, options)),
  }
}

function kindFor(where: 'role' | 'policy', { kinds }: Pick<ShapeOptions, 'kinds'>): Kind {
  const kind = kinds.find(({ written }) => written.in === where)
  if (kind === undefined) throw new Error(`no kind is written as a ${where}`)
  return kind
}

function policiesOf({ environment, objects }: Taken): FoundPolicy[] {
  return objects
    .filter(({ kind }) => kind.written.in === 'policy')
    .map(({ names, value }) => ({ environment, name: names[0] as string, text: String(value['policy']) }))
}

function policyFiles(taken: readonly Taken[], options: ShapeOptions): PolicyFiles {
  const policies = taken.flatMap(policiesOf)
  return writePolicies(policies, {
    byRoles: new Map(taken.map(({ environment, named }) => [environment, named])),
    names: fileNames(['default', ...policies.map(({ name }) => name), ...taken.flatMap(({ named }) => [...named])]),
    mayFold: mayFoldPolicy(options),
  })
}

function mayFoldPolicy({ kinds, fold, apart }: ShapeOptions): (policy: FoundPolicy) => boolean {
  const kind = kindFor('policy', { kinds })
  return ({ name }) => fold && !apart.has(kind.identify(name).address)
}

function roleDocuments(taken: readonly Taken[], policies: PolicyFiles, options: ShapeOptions): RoleDocument[] {
  const kind = kindFor('role', options)
  const roles = taken.flatMap(({ environment, objects }) =>
    objects.filter(({ kind }) => kind.written.in === 'role').map((object) => foundRole(environment, object, policies)),
  )
  const mayFold = ({ address }: FoundRole) => options.fold && !options.apart.has(address)
  const documents = writeRoles(roles, { kind, mayFold })
  const [alike, apart] = [
    documents.filter(({ describes }) => describes.every(mayFold)),
    documents.filter(({ describes }) => !describes.every(mayFold)),
  ]
  const sharing = sharingOf(documents, policies, mayFoldPolicy(options))
  return [...foldAlike(alike, (document) => countShareable(document, sharing)), ...apart]
}

/** Its policies by the files that they are in. */
function foundRole(environment: string, { live, names, value }: Written, policies: PolicyFiles): FoundRole {
  const named = new Set(namedPolicies(live))
  const written = value['token_policies']
  const entries = Array.isArray(written)
    ? written.map((name: JsonValue) =>
        typeof name === 'string' && named.has(name) ? policies.named(environment, name) : name,
      )
    : undefined
  return {
    environment,
    address: live.address,
    mount: names[0] as string,
    name: names[1] as string,
    value: entries === undefined ? value : { ...value, token_policies: entries },
  }
}

interface EnvironmentOptions extends ShapeOptions {
  readonly siblings: ReadonlyMap<string, readonly string[]>
  readonly listed: ReadonlyMap<string, readonly JsonValue[]>
  readonly secretName: SecretName
  readonly sources: readonly Taken[]
}

function environmentOf(
  taken: Taken,
  options: EnvironmentOptions,
): { readonly file: ImportedFile; readonly secrets: Shaped['secrets'] } {
  const { environment, server, objects, leftOut } = taken
  const { wanted, listed, secretName, sources } = options
  const inFile = objects.filter(({ kind }) => kind.written.in === 'environment')
  const missing = new Set(leftOut.map(({ address }) => address))
  const isMissing = (prefix: string) => [...missing].some((address) => address.startsWith(prefix))
  const described = policiesOf(taken).map(({ name }) => name)
  const { value, comments, secrets } = environmentFile({
    server,
    sayNamespace: sources.some((other) => other.server.namespace !== ''),
    objects: inFile,
    roles: objects.filter(({ kind }) => kind.written.in === 'role').map(({ live }) => live),
    wanted,
    policies: listed.get(environment) ?? [],
    external: [...new Set([...danglingOf(taken, options).map(({ name }) => name), ...unownedPolicies(taken, options)])],
    described,
    complete: {
      mounts: taken.whole && !isMissing('auth-mount/'),
      policies: taken.whole,
      roles: (mount) => taken.whole && !taken.bare.includes(mount) && !isMissing(`jwt-role/${mount}/`),
    },
    bare: taken.bare,
    secretName: (object, field) => secretName(environment, object, field),
  })
  const describes = inFile.map(({ live }) => ({ environment, address: live.address }))
  return {
    file: { path: `environments/${environment}.yaml`, documents: [{ value, comments }], describes },
    secrets: secrets.map((secret) => ({ ...secret, environment })),
  }
}

/** Policies that roles name and no file describes: somebody else's, left out, or not there at all. */
function danglingOf(taken: Taken, options: ShapeOptions): Shaped['dangling'] {
  const described = new Set(policiesOf(taken).map(({ name }) => name))
  const { identify } = kindFor('policy', options)
  return [...taken.named]
    .filter((name) => name !== 'default' && !described.has(name))
    .map((name) => ({ environment: taken.environment, name, address: identify(name).address }))
}

/** Left out although they were asked for: a pattern under `owns` covers them. */
function unownedPolicies({ leftOut }: Taken, { kinds, wanted }: ShapeOptions): string[] {
  if (wanted.policies === undefined) return []
  const prefix = `${kindFor('policy', { kinds }).name}/`
  return leftOut.filter(({ address }) => address.startsWith(prefix)).map(({ address }) => address.slice(prefix.length))
}
