import type { Live } from '../core/resource.ts'
import { placeOf, type Target } from './assign.ts'
import { namesOf } from './names.ts'
import type { WriteOnlyField } from './sources/fields.ts'

interface Owner extends Target {
  readonly writeOnly?: readonly WriteOnlyField[]
}

/** How the variable of the run is called that holds a secret. */
export type SecretName = (environment: string, object: Live, field: readonly string[]) => string

/**
 * The source's own name where it has one, and no other server's source has it: there it may hold something else. Otherwise the
 * mount and the field, and the environment before them where there are several servers. Environments on one server describe its
 * mounts alike, so they share the name.
 */
export function secretNames(owners: readonly Owner[]): SecretName {
  const several = new Set(owners.map(placeOf)).size > 1
  const own = ownNames(owners)
  const names = new Map<string, string>()
  const taken = new Set(own.values())
  return (environment, object, field) => {
    const first = firstOf(owners, environment)
    const key = keyOf(placeOf(first), object.path, field)
    const known = own.get(key) ?? names.get(key)
    if (known !== undefined) return known
    const words = [...(several ? [first.environment] : []), ...namesOf(object), field.at(-1) as string]
    const name = free(variableName(words), taken)
    taken.add(name)
    names.set(key, name)
    return name
  }
}

function keyOf(place: string, path: string, field: readonly string[]): string {
  return [place, path, ...field].join('\0')
}

/** Of the environments on one server the one that gives it its name. */
function firstOf(owners: readonly Owner[], environment: string): Owner {
  const place = placeOf(owners.find((owner) => owner.environment === environment) as Owner)
  return owners.find((owner) => placeOf(owner) === place) as Owner
}

function ownNames(owners: readonly Owner[]): ReadonlyMap<string, string> {
  const written = owners.flatMap((owner) =>
    (owner.writeOnly ?? []).flatMap(({ path, field, variable }) =>
      variable === undefined ? [] : [{ place: placeOf(owner), key: keyOf(placeOf(owner), path, field), variable }],
    ),
  )
  const isAlone = (one: (typeof written)[number]) =>
    written.every(({ variable, place }) => variable !== one.variable || place === one.place)
  return new Map(written.filter(isAlone).map(({ key, variable }) => [key, variable]))
}

/** `OIDC_CLIENT_SECRET` for oidc_client_secret of the mount oidc: a word is not said twice in a row. */
function variableName(parts: readonly string[]): string {
  const words = parts.flatMap((part) => part.toUpperCase().split(/[^A-Z0-9]+/)).filter((word) => word !== '')
  const name = words.filter((word, at) => word !== words[at - 1]).join('_')
  return /^\d/.test(name) ? `VAULT_${name}` : name
}

function free(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name
  for (let count = 2; ; count++) if (!taken.has(`${name}_${count}`)) return `${name}_${count}`
}
