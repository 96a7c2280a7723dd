import type { Ownership } from '../core/configuration.ts'
import { matchesGlob } from '../core/glob.ts'
import type { Identity } from '../core/resource.ts'

/** Whether one of the rules covers the object. `*` in a rule's name is any text, `/` included, as in Vault's own globs. */
export function owns(rules: readonly Ownership[], object: Identity): boolean {
  return rules.some(
    ({ kind, parent, name }) => kind === object.kind && parent === object.parent && matchesGlob(name, ownName(object)),
  )
}

/** The part of an address that names the object within its kind and parent. */
function ownName({ kind, address, parent }: Identity): string {
  const container = parent === undefined ? kind : `${kind}/${parent.slice(parent.indexOf('/') + 1)}`
  return address.slice(container.length + 1)
}
