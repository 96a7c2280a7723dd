import { byText } from '../core/json.ts'
import { type Kinds, kindOf } from '../core/kind.ts'
import type { Address } from '../core/resource.ts'
import type { Draft, ParentReference } from './draft.ts'
import type { Problems } from './problems.ts'
import { suggestName } from './suggest.ts'
import { quoted } from './text.ts'

/**
 * A role's mount is one that a file of this server describes, or one under `owns.roles`, which somebody else describes.
 * An environment without any mount of its own says nothing about which there are.
 * @param described what all environments of this server describe
 */
export function checkParents(draft: Draft, described: ReadonlySet<Address>, problems: Problems): void {
  const dropped = new Set(draft.dropped.map(({ address }) => address))
  const owned = new Set(draft.owns.map(({ parent }) => parent))
  const unknown = draft.parents.filter(
    ({ parent }) => !described.has(parent) && !dropped.has(parent) && !owned.has(parent),
  )
  const known = unknown[0] === undefined ? [] : mountsOf(draft, unknown[0])
  for (const reference of known.length === 0 ? [] : unknown) {
    const { parent } = reference
    const name = nameOf(parent)
    const rest = `Mounts of ${draft.name} are: ${known.join(', ')}. One that exists and is described elsewhere can be named by owns: { ${reference.kind.ownedAs}: { ${name}: [${quoted('name-of-the-role')}] } }.`
    problems.error('unknown-mount', `${draft.name} has no mount ${quoted(name)}`, reference.place, {
      ...reference.details,
      help: suggestName(name, known, rest),
    })
  }
}

/** What files of this environment put into a mount has to be what such a mount takes. */
export function checkContainers(draft: Draft, kinds: Kinds, problems: Problems): void {
  for (const { desired } of draft.objects.values()) {
    const parent = desired.parent === undefined ? undefined : draft.objects.get(desired.parent)
    const refusal = parent && kindOf(kinds, desired.kind).refuseParent?.(parent.desired.spec)
    if (parent && refusal)
      problems.error('wrong-mount-type', refusal.reason, parent.locate(refusal.field), { help: refusal.help })
  }
}

function mountsOf(draft: Draft, { parent }: ParentReference): string[] {
  const prefix = parent.slice(0, parent.indexOf('/') + 1)
  const mounts = [...draft.objects.keys()].filter((address) => address.startsWith(prefix))
  return mounts.map(nameOf).sort(byText)
}

function nameOf(address: Address): string {
  return address.slice(address.indexOf('/') + 1)
}
