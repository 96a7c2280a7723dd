import type { Live } from '../core/resource.ts'
import { placeOf, type Target } from './assign.ts'
import { namesOf } from './names.ts'

/**
 * Names for variables of the run that hold secrets: the mount and the field, and the environment before them where there
 * are several servers. Environments on one server describe its mounts alike, so they share the name.
 */
export function secretNames(
  targets: readonly Target[],
): (environment: string, object: Live, field: readonly string[]) => string {
  const places = [...new Set(targets.map(placeOf))]
  const firstOf = (environment: string) => {
    const place = placeOf(targets.find((target) => target.environment === environment) as Target)
    return targets.find((target) => placeOf(target) === place)?.environment ?? environment
  }
  const names = new Map<string, string>()
  return (environment, object, field) => {
    const owner = places.length > 1 ? firstOf(environment) : ''
    const key = [owner, object.address, ...field].join('\0')
    const known = names.get(key)
    if (known !== undefined) return known
    const name = free(variableName([owner, ...namesOf(object), field.at(-1) as string]), new Set(names.values()))
    names.set(key, name)
    return name
  }
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
