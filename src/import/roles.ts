import { groupBy } from '../core/group-by.ts'
import { byText, deepEqual, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Kind } from '../core/kind.ts'
import type { Address } from '../core/resource.ts'
import { type Folded, fold, literal, sizeOf, unfold } from './fold.ts'
import { withoutMask } from './policies.ts'
import { splitAtWords } from './template-text.ts'

/** A role as one environment's server has it. */
export interface FoundRole {
  readonly environment: string
  readonly address: Address
  readonly mount: string
  readonly name: string
  /** As in a role file, its policies as files name them, and without `name` and `mount`. */
  readonly value: JsonObject
}

/** A document of a role file: `name`, `mount` and the role's own fields, for one or more environments. */
export interface RoleDocument extends Folded {
  /** What the file would be called. */
  readonly file: string
  readonly mount: string
  readonly describes: readonly FoundRole[]
  /** The variables of each of many roles. */
  readonly entries?: readonly JsonObject[]
}

export interface RoleOptions {
  readonly kind: Kind
  readonly mayFold: (role: FoundRole) => boolean
}

/** A folded document must have less to read than this part of what it stands for. */
const worthwhile = 0.8

/**
 * One document for a role that several environments have, under the same name or under one that names the environment.
 * Folding is used only where unfolding gives exactly what was there, and where it leaves less to read.
 */
export function writeRoles(roles: readonly FoundRole[], options: RoleOptions): RoleDocument[] {
  const same = groupBy(roles, ({ mount, name }) => `${mount}/${name}`)
  const single = [...same.values()].filter((group) => group.length === 1).flat()
  const groups = [...[...same.values()].filter((group) => group.length > 1), ...groupBy(single, masked).values()]
  return groups.flatMap((group) => folded(group, options) ?? group.map(alone)).sort(byFile)
}

export function byFile(a: RoleDocument, b: RoleDocument): number {
  return byText(a.mount, b.mount) || byText(a.file, b.file) || byText(environmentsOf(a), environmentsOf(b))
}

function environmentsOf({ overrides }: RoleDocument): string {
  return [...overrides.keys()].join(' ')
}

/** The same for `app-staging` in staging and `app-production` in production. */
function masked({ mount, name, environment }: FoundRole): string {
  return `${mask(mount, environment)}/${mask(name, environment)}`
}

function mask(name: string, environment: string): string {
  return splitAtWords(name, [environment.toLowerCase(), environment])
    .map((part, at) => (at % 2 === 0 ? part : '\0'))
    .join('')
}

function written({ mount, name, value }: FoundRole): JsonObject {
  return { name, mount, ...value }
}

function alone(role: FoundRole): RoleDocument {
  const { environment, name, mount } = role
  const base = literal(written(role)) as JsonObject
  return { file: name, mount, base, overrides: new Map([[environment, {}]]), describes: [role] }
}

function folded(group: readonly FoundRole[], { kind, mayFold }: RoleOptions): RoleDocument | undefined {
  const [first] = group
  if (first === undefined || group.length < 2 || !group.every(mayFold)) return undefined
  const sorted = [...group].sort((a, b) => byText(a.environment, b.environment))
  const values = new Map(sorted.map((role) => [role.environment, written(role)]))
  const result = fold(values)
  const apart = [...values.values()].reduce((sum, value) => sum + sizeOf(value), 0)
  const together = sizeOf(result.base) + [...result.overrides.values()].reduce((sum, value) => sum + sizeOf(value), 0)
  if (together > apart * worthwhile) return undefined
  const exact = sorted.every((role) => isSame(kind, unfold(result, role.environment), written(role)))
  if (!exact) return undefined
  const same = group.every(({ name }) => name === first.name)
  return {
    ...result,
    file: same ? first.name : withoutMask(mask(first.name, first.environment)),
    mount: first.mount,
    describes: sorted,
  }
}

/** Equal to the loader; the order in a set is nobody's. */
function isSame(kind: Kind, a: JsonValue | undefined, b: JsonObject): boolean {
  if (!isObject(a)) return false
  const { name, mount, ...fields } = a
  const { name: otherName, mount: otherMount, ...others } = b
  return name === otherName && mount === otherMount && deepEqual(kind.canonical(fields), kind.canonical(others))
}
