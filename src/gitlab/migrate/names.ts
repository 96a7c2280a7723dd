import type { Place } from './inventory.ts'

/** Where a variable of all environments goes. */
const shared = 'shared'

/**
 * The path in the mount: the project or group, then the environment. Nothing that a policy would read as a pattern.
 * @param project the only one there is, for files that nobody assigned
 */
export function vaultPath(place: Place, scope: string, project?: string): string {
  const owner = place.kind === 'instance' ? 'instance' : plainPath(ownerOf(place, project))
  return `${owner}/${scope === '*' ? shared : scopeSlug(scope)}`
}

/** A file's variables go where its project's are. */
function ownerOf({ kind, name, project }: Place, only: string | undefined): string {
  return kind === 'yaml' || kind === 'env-file' ? (project ?? only ?? name) : name
}

function plainPath(path: string): string {
  const parts = path.split('/').map((part) => part.replace(/[^\w.-]+/g, '-').replace(/^\.+$/, ''))
  return parts.filter((part) => part !== '').join('/') || 'variables'
}

/** An environment scope as a part of names: `review/*` is `review`. Vault takes role and policy names in lower case. */
export function scopeSlug(scope: string): string {
  return slug(scope) || 'any'
}

/** `company/App` as a part of names: `company-app`. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
}

/** A name for each, alike only where the texts are; what would collide gets a number. */
export function uniqueNames(texts: readonly string[], nameOf: (text: string) => string): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const text of new Set(texts)) {
    const base = nameOf(text)
    let name = base
    for (let number = 2; taken.has(name); number++) name = `${base}-${number}`
    taken.add(name)
    names.set(text, name)
  }
  return names
}
