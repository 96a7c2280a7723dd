import * as z from 'zod'
import type { Ownership } from '../core/configuration.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import { type Kind, type Kinds, kindOf } from '../core/kind.ts'
import { type Address, addressOf } from '../core/resource.ts'

const names = z.array(z.string().min(1))

/** `owns` of an environment file: a list of names, or for kinds that live in others, a map of such lists. */
export function ownsSchema(kinds: Kinds): z.ZodObject {
  const shape = ownable(kinds).map(({ ownedAs, parent }) => [
    ownedAs,
    (parent === undefined
      ? names.meta({ description: 'Names of objects that this environment owns; * is any text.' })
      : z.record(z.string(), names).meta({
          description: `For each ${parent}, names in it that this environment owns; * is any text.`,
        })
    ).optional(),
  ])
  return z.strictObject(Object.fromEntries(shape))
}

function ownable(kinds: Kinds): Kind[] {
  return kinds.filter(({ ownedAs }) => ownedAs !== undefined)
}

/**
 * What the environment owns. A kind that `owns` does not mention and that lives in another: everything in the containing
 * objects that this environment describes.
 */
export function readOwns(owns: JsonValue | undefined, kinds: Kinds, described: Iterable<Address>): Ownership[] {
  const written = isObject(owns) ? owns : {}
  const addresses = [...described]
  return ownable(kinds).flatMap((kind) => {
    const value = written[kind.ownedAs as string]
    if (kind.parent === undefined) return texts(value).map((name) => ({ kind: kind.name, name: spelled(kind, name) }))
    const parent = kindOf(kinds, kind.parent)
    if (value === undefined) {
      const parents = addresses.filter((address) => address.startsWith(`${parent.name}/`))
      return parents.map((address) => ({ kind: kind.name, parent: address, name: '*' }))
    }
    return Object.entries(isObject(value) ? value : {}).flatMap(([container, list]) =>
      texts(list).map((name) => ({
        kind: kind.name,
        parent: parent.identify(container).address,
        name: spelled(kind, name, parent.identify(container).address.slice(parent.name.length + 1)),
      })),
    )
  })
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** As the server spells names of this kind, so that a pattern in upper case is not one that never fits. */
function spelled(kind: Kind, name: string, ...parents: readonly string[]): string {
  return kind.identify(...parents, name).address.slice(addressOf(kind.name, ...parents).length + 1)
}
