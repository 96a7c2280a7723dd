import type { Entity, EntityGroup } from '../../src/access/acl/template.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { type Client, must } from './client.ts'

/** Somebody with a name, metadata, an alias and groups, and a token role that makes tokens for them. */
export interface Somebody {
  readonly entity: Entity
  readonly groups: readonly EntityGroup[]
  readonly role: { readonly name: string; readonly alias: string }
  /** What policies may ask about them, and what they may not. */
  readonly directives: readonly string[]
}

const metadata = { team: 'a', slash: 'a/b', star: 'a*', bare: '*', plus: '+', empty: '', odd: 'é' }

export async function somebody(client: Client, prefix: string): Promise<Somebody> {
  const name = `${prefix}-somebody`
  const id = await idOf(client, 'identity/entity', { name, metadata })
  const accounts = (await must(client, 'GET', 'sys/auth')).data
  const mountAccessor = String((accounts['token/'] as JsonObject)['accessor'])
  const alias = { name: `${prefix}-alias`, mount_accessor: mountAccessor, custom_metadata: { team: 'ab' } }
  const aliasId = await idOf(client, 'identity/entity-alias', { ...alias, canonical_id: id })
  const direct = { name: `${prefix}-direct`, metadata: { team: 'b' } }
  const directId = await idOf(client, 'identity/group', { ...direct, member_entity_ids: [id] })
  const inherited = { name: `${prefix}-inherited`, metadata: { team: 'abc' } }
  const inheritedId = await idOf(client, 'identity/group', { ...inherited, member_group_ids: [directId] })
  await idOf(client, 'identity/group', { name: `${prefix}-strangers` })
  await must(client, 'POST', `auth/token/roles/${prefix}-role`, { allowed_entity_aliases: [alias.name] })
  return {
    entity: {
      id,
      name,
      metadata,
      aliases: [{ mountAccessor, id: aliasId, name: alias.name, metadata: {}, customMetadata: alias.custom_metadata }],
    },
    groups: [
      { id: directId, ...direct },
      { id: inheritedId, ...inherited },
    ],
    role: { name: `${prefix}-role`, alias: alias.name },
    directives: directives(prefix, mountAccessor, directId),
  }
}

function directives(prefix: string, accessor: string, group: string): readonly string[] {
  const known = Object.keys(metadata).map((key) => `identity.entity.metadata.${key}`)
  return [
    ...known,
    ...known,
    ...known,
    'identity.entity.metadata.absent',
    'identity.entity.id',
    ' identity.entity.name ',
    'identity.entity.metadata',
    'identity.entity.nothing',
    'identity.entity.groups.names',
    ...['id', 'name', 'metadata.team', 'custom_metadata.team', 'custom_metadata', 'nothing'].map(
      (field) => `identity.entity.aliases.${accessor}.${field}`,
    ),
    `identity.entity.aliases.${accessor}`,
    'identity.entity.aliases.auth_none.name',
    ...['id', 'name', 'metadata.team', 'metadata.absent', 'nothing'].map(
      (field) => `identity.groups.names.${prefix}-direct.${field}`,
    ),
    `identity.groups.ids.${group}.name`,
    `identity.groups.names.${prefix}-inherited.metadata.team`,
    `identity.groups.names.${prefix}-strangers.name`,
    'identity.groups.names',
    'identity.groups.members.x.name',
    'time.now.plus',
    'time.now.times.1h',
    'time.now.plus.soon',
    'time.then',
    'something else',
    '',
  ]
}

async function idOf(client: Client, path: string, body: JsonObject): Promise<string> {
  return String((await must(client, 'POST', path, body)).data['id'])
}
