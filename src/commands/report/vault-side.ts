import type { Environment } from '../../core/configuration.ts'
import { type Kinds, kindOf } from '../../core/kind.ts'
import type { Desired, Live } from '../../core/resource.ts'
import type { VaultWriter } from '../../core/server.ts'
import type { VaultObject, VaultRequest, VaultSide } from '../../render/report/facts.ts'

/** What an apply to an empty server would send, and for mounts also what it would send to one that has them. */
export async function vaultSideOf(environment: Environment, kinds: Kinds): Promise<VaultSide> {
  const { name, address, namespace, server, desired } = environment
  const ordered = kinds.flatMap((kind) => desired.filter((object) => object.kind === kind.name))
  const objects: VaultObject[] = []
  for (const object of ordered) objects.push(...(await objectOf(environment, kinds, object)))
  return {
    environment: name,
    program: server.product === 'openbao' ? 'bao' : 'vault',
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    objects,
  }
}

async function objectOf(environment: Environment, kinds: Kinds, object: Desired): Promise<VaultObject[]> {
  const fact = kindOf(kinds, object.kind).access?.(object)
  switch (fact?.as) {
    case undefined:
      return []
    case 'auth-mount': {
      const [enable, tune] = [await sent(environment, kinds, object), await sent(environment, kinds, object, object)]
      return [{ as: 'auth-mount', mount: fact.mount, enable, tune }]
    }
    case 'policy':
      return [{ as: 'policy', name: fact.name, path: object.path, text: fact.text }]
    case 'auth-config':
    case 'role': {
      const name = fact.as === 'role' ? fact.name : 'config'
      const write = await sent(environment, kinds, object)
      return [{ as: fact.as, mount: fact.mount, name, spec: object.spec, write }]
    }
  }
}

/** What the kind writes, caught on its way. */
async function sent(
  { server, address = '', namespace = '' }: Environment,
  kinds: Kinds,
  object: Desired,
  before?: Live,
): Promise<VaultRequest> {
  const requests: VaultRequest[] = []
  const writer: VaultWriter = {
    server: { ...server, address, namespace, clusterId: '' },
    read: async () => undefined,
    list: async () => undefined,
    remove: async () => {},
    write: async (path, body) => {
      requests.push({ path, body })
      return []
    },
  }
  await kindOf(kinds, object.kind).write(writer, object, before)
  const [only, ...more] = requests
  if (only === undefined || more.length > 0) throw new Error(`${object.address} is not written by one request`)
  return only
}
