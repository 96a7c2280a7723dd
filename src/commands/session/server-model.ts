import { type AccessModel, modelOf } from '../../access/model.ts'
import type { Environment } from '../../core/configuration.ts'
import { type Kind, type Kinds, kindOf } from '../../core/kind.ts'
import type { Address, Desired, Identity, Live } from '../../core/resource.ts'
import { VaultError, type VaultReader } from '../../core/server.ts'
import { readLive } from '../../engine/read.ts'

/** What a server's objects say about access, as far as environments describe or own them. */
export interface ServerModel {
  readonly model: AccessModel
  /** Owned objects that the run's token may not read. */
  readonly unread: readonly Address[]
}

export interface Reading {
  readonly kinds: Kinds
  readonly reader: VaultReader
}

/** What the server has now of these environments, which are all on it. Throws VaultError. */
export async function liveModel(environments: readonly Environment[], reading: Reading): Promise<ServerModel> {
  const { kinds, reader: server } = reading
  const states = await Promise.all(environments.map((environment) => readLive({ kinds, server, environment })))
  const objects = new Map(states.flatMap((state) => [...state.objects]))
  return completeModel(
    objects,
    states.flatMap(({ unmanaged }) => unmanaged),
    reading,
  )
}

/** The model of the objects, with the unmanaged ones beside them, and the policies of others that their roles name. */
export async function completeModel(
  objects: ReadonlyMap<Address, Desired | Live>,
  unmanaged: readonly Identity[],
  { kinds, reader }: Reading,
): Promise<ServerModel> {
  const all = new Map(objects)
  const unread: Address[] = []
  const others = unmanaged.filter(({ address }) => !all.has(address))
  await Promise.all(
    others.map(async (object) => {
      const live = await read(kindOf(kinds, object.kind), object, reader)
      if (live === 'forbidden') unread.push(object.address)
      else if (live !== undefined) all.set(object.address, live)
    }),
  )
  const options = { kinds, server: reader.server, namespace: reader.server.namespace }
  const named = await namedPolicies(modelOf(all.values(), options), { kinds, reader })
  return { model: modelOf([...all.values(), ...named], options), unread: unread.sort() }
}

/**
 * Policies that roles name and nobody here describes or owns, `default` among them. One that the server does not have
 * allows nothing; one that this token may not read stays unknown.
 */
async function namedPolicies(model: AccessModel, { kinds, reader }: Reading): Promise<Live[]> {
  const kind = kinds.find(({ written }) => written.in === 'policy')
  if (kind === undefined) return []
  const roles = [...model.mounts.values()].flatMap((mount) => [...mount.roles.values()])
  const names = new Set(roles.flatMap(({ role }) => (role['token_policies'] ?? []) as readonly string[]))
  if (roles.some(({ role }) => role['token_no_default_policy'] !== true)) names.add('default')
  // A name that is a template is the name of no policy yet.
  const missing = [...names].filter((name) => !model.policies.has(name) && !name.includes('{{'))
  const found = await Promise.all(
    missing.map(async (name): Promise<Live[]> => {
      const object = kind.identify(name)
      const live = await read(kind, object, reader)
      return live === 'forbidden' ? [] : [live ?? { ...object, spec: { policy: '' } }]
    }),
  )
  return found.flat()
}

async function read(kind: Kind, object: Identity, reader: VaultReader): Promise<Live | undefined | 'forbidden'> {
  try {
    return await kind.read(reader, object)
  } catch (error) {
    if (error instanceof VaultError && error.status === 403) return 'forbidden'
    throw error
  }
}
