import { byText, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath, Kind } from '../core/kind.ts'
import type { Live } from '../core/resource.ts'
import type { ServerInfo } from '../core/server.ts'
import { assumedServer } from '../core/version.ts'
import { literal } from './fold.ts'
import { ownNameOf } from './names.ts'
import { fits, type Wanted } from './read.ts'
import { literalText } from './template-text.ts'
import { type Written, withValue } from './written.ts'

/** A secret that the server never gives back, and the variable of the run's environment that has to hold it. */
export interface SecretReference {
  readonly object: Live
  readonly field: FieldPath
  readonly variable: string
}

/** A line for whoever has to do something, above what it is about. */
export interface Comment {
  readonly path: FieldPath
  readonly text: string
}

export interface EnvironmentInput {
  readonly server: ServerInfo
  /** Whether a namespace is said although it is the root. */
  readonly sayNamespace: boolean
  /** Objects that environment files describe, with their kinds. */
  readonly objects: readonly (Written & { readonly kind: Kind })[]
  readonly roles: readonly Live[]
  readonly wanted: Wanted
  readonly policies: readonly JsonValue[]
  /** Names of policies that are there or are named, and that no file here describes. */
  readonly external: readonly string[]
  /** Names of the policies that files describe. */
  readonly described: readonly string[]
  /** Mounts that are not described, of roles that are. */
  readonly bare: readonly string[]
  readonly complete: Complete
  readonly secretName: (object: Live, field: FieldPath) => string
}

/** Of what nothing that was asked for was left out. */
interface Complete {
  readonly mounts: boolean
  readonly policies: boolean
  /** By the path of the mount. */
  readonly roles: (mount: string) => boolean
}

export interface EnvironmentFile {
  readonly value: JsonObject
  readonly comments: readonly Comment[]
  readonly secrets: readonly SecretReference[]
}

/** What an environment's file says: where it is, its mounts, and exactly what was imported as owned. */
export function environmentFile(input: EnvironmentInput): EnvironmentFile {
  const { server, sayNamespace, policies, external } = input
  const sections: Sections = { value: {}, comments: [], secrets: [] }
  for (const object of input.objects) addObject(object, sections, input)
  const { product, version, address, namespace } = server
  const assumed = product === assumedServer.product && version === assumedServer.version
  const owns = ownsOf(input)
  return {
    comments: sections.comments,
    secrets: sections.secrets,
    value: {
      ...(address === '' ? {} : { address: literalText(address) }),
      ...(namespace === '' && !sayNamespace ? {} : { namespace: literalText(namespace) }),
      ...(assumed || version === '' ? {} : { server: `${product}@${version}` }),
      ...sections.value,
      ...(policies.length === 0 ? {} : { policies: [...policies].sort((a, b) => byText(nameIn(a), nameIn(b))) }),
      ...(external.length === 0 ? {} : { external_policies: [...external].sort(byText).map(literalText) }),
      ...(Object.keys(owns).length === 0 ? {} : { owns }),
    },
  }
}

function nameIn(entry: JsonValue): string {
  return isObject(entry) ? String(entry['name']) : String(entry)
}

interface Sections {
  value: JsonObject
  readonly comments: Comment[]
  readonly secrets: SecretReference[]
}

/** At the place where its kind is written. */
function addObject(
  object: EnvironmentInput['objects'][number],
  sections: Sections,
  { secretName }: EnvironmentInput,
): void {
  const { kind, live, names, value, secrets, perhaps } = object
  if (kind.written.in !== 'environment') return
  const left = [...names]
  const at = kind.written.at.map((key) => (key === '*' ? (left.shift() ?? '') : key))
  let written = literal(value) as JsonObject
  for (const field of secrets) {
    const variable = secretName(live, field)
    written = withValue(written, field, `\${env:${variable}}`)
    sections.secrets.push({ object: live, field, variable })
    sections.comments.push({
      path: [...at, ...field],
      text: `The server never gives this back: set ${variable} before the mount's configuration is written.`,
    })
  }
  const [first] = perhaps
  if (first !== undefined)
    sections.comments.push({
      path: [...at, first[0] as string],
      text: `The server never gives ${perhaps.map((field) => field.at(-1)).join(' or ')} back: where there is one, name it here as a reference, such as \${env:${secretName(live, first)}}.`,
    })
  sections.value = withValue(sections.value, at, written)
}

/**
 * The patterns that were asked for, where everything that they cover is described; else the names of what is. What is left
 * out must not look as if somebody had forgotten it.
 */
function ownsOf({ wanted, roles, objects, complete, described, bare }: EnvironmentInput): JsonObject {
  const mounts = [
    ...objects.filter(({ kind }) => kind.parent === undefined).map(({ names }) => names[0] as string),
    ...bare,
  ]
  const all = (patterns: readonly string[]) => patterns.includes('*')
  const inMount = (mount: string) => {
    const names = roles.filter(({ parent }) => parent === `auth-mount/${mount}`).map(ownNameOf)
    return complete.roles(mount) ? [...wanted.roles] : names.sort(byText)
  }
  const everyRole = all(wanted.roles) && mounts.every((mount) => complete.roles(mount))
  const owned = {
    auth: complete.mounts ? wanted.mounts : [],
    policies: wanted.policies !== undefined && complete.policies ? wanted.policies : described,
  }
  return {
    ...(owned.auth.length === 0 ? {} : { auth: tidy(owned.auth) }),
    ...(owned.policies.length === 0 ? {} : { policies: tidy(owned.policies) }),
    ...(everyRole || mounts.length === 0
      ? {}
      : { roles: Object.fromEntries(mounts.map((mount) => [mount, tidy(inMount(mount))])) }),
  }
}

/** Without what another pattern covers. */
function tidy(patterns: readonly string[]): JsonValue {
  const distinct = [...new Set(patterns)].sort(byText)
  const kept = distinct.filter(
    (name) => !distinct.some((other) => other !== name && other.includes('*') && fits([other], name)),
  )
  return kept.map(literalText)
}
