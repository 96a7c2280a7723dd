import { randomUUID } from 'node:crypto'
import type { Entity as TemplateEntity } from '../access/acl/template.ts'
import { type Answer, data, empty, missing } from './answers.ts'
import { type Input, type Route, textOf } from './routes.ts'
import type { State } from './state.ts'

/**
 * Whom logins belong to: one entity a user of a mount, made at the first login (vault identity_store.go). Of the
 * `identity` engine only looking entities up and deleting them is here; groups are not.
 */
export interface Entity extends TemplateEntity {
  readonly id: string
  readonly name: string
  readonly aliases: readonly [Alias]
}

interface Alias {
  readonly mountAccessor: string
  readonly id: string
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
}

export function entityOf(state: State, id: string): Entity | undefined {
  return id === '' ? undefined : state.entities.get(id)
}

/** The entity of a user who logs in; what the role copies from the claims is the alias's metadata from now on. */
export function entityAt(state: State, user: Omit<Alias, 'id'>): Entity {
  const known = byAlias(state, user)
  const [alias] = known?.aliases ?? []
  if (known !== undefined && alias !== undefined && sameTexts(alias.metadata, user.metadata)) return known
  const id = known?.id ?? randomUUID()
  const entity: Entity = {
    id,
    name: known?.name ?? `entity_${randomUUID().slice(0, 8)}`,
    metadata: {},
    aliases: [{ ...user, id: alias?.id ?? randomUUID() }],
  }
  state.entities.set(id, entity)
  return entity
}

function sameTexts(a: Alias['metadata'], b: Alias['metadata']): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

function byAlias(state: State, { mountAccessor, name }: Pick<Alias, 'mountAccessor' | 'name'>): Entity | undefined {
  return [...state.entities.values()].find(
    ({ aliases: [alias] }) => alias.mountAccessor === mountAccessor && alias.name.toLowerCase() === name.toLowerCase(),
  )
}

export function identityRoutes(state: State): Route[] {
  return [
    {
      pattern: /^lookup\/entity$/,
      fields: { id: 'string', name: 'string', alias_name: 'string', alias_mount_accessor: 'string' },
      handlers: {
        write: ({ input }) => {
          const found = lookedUp(state, input)
          return found === undefined ? empty : entityData(found)
        },
      },
    },
    {
      pattern: /^entity\/id\/(?<id>[^/]+)$/,
      handlers: {
        read: ({ names }) => {
          const found = entityOf(state, names['id'] ?? '')
          return found === undefined ? missing : entityData(found)
        },
        delete: ({ names }) => {
          state.entities.delete(names['id'] ?? '')
          return empty
        },
      },
    },
  ]
}

function lookedUp(state: State, input: Input): Entity | undefined {
  const id = textOf(input, 'id')
  if (id !== '') return entityOf(state, id)
  return byAlias(state, { mountAccessor: textOf(input, 'alias_mount_accessor'), name: textOf(input, 'alias_name') })
}

function entityData({ id, name, aliases }: Entity): Answer {
  const shown = aliases.map(({ mountAccessor, ...alias }) => ({ ...alias, mount_accessor: mountAccessor }))
  return data({ id, name, aliases: shown, disabled: false, metadata: null, policies: [] })
}
