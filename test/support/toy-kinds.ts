import * as z from 'zod'
import type { Environment } from '../../src/core/configuration.ts'
import type { Demands } from '../../src/core/demand.ts'
import { isObject, type JsonObject } from '../../src/core/json.ts'
import type { Kind, Kinds } from '../../src/core/kind.ts'
import { type Address, addressOf, type Desired, type Identity } from '../../src/core/resource.ts'
import { VaultError, type VaultWriter } from '../../src/core/server.ts'
import { assumedServer } from '../../src/core/version.ts'
import { planEnvironment } from '../../src/engine/plan.ts'
import { readLive } from '../../src/engine/read.ts'

/**
 * Two kinds that Vault does not have, to show that the engine knows none: shelves, and books that stand on one. A book
 * has a write-only `note`, and `edition` exists from version 2 on.
 */
function toyKind(name: string, more: Partial<Kind>): Kind {
  return {
    name,
    written: { in: 'role' },
    after: [],
    schema: z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>,
    requires: {},
    writeOnly: [],
    unread: [],
    fromFile: [],
    identify: () => {
      throw new Error('not used')
    },
    refuseName: () => undefined,
    needs: () => [],
    canonical: (spec) => spec,
    list: async function* () {},
    read: async (server, object) => {
      const spec = await server.read(object.path)
      return spec === undefined ? undefined : { ...identityOf(object), spec }
    },
    write: (server, desired) => server.write(desired.path, desired.spec),
    remove: (server, live) => server.remove(live.path),
    demands: toyDemands,
    ...more,
  }
}

const toyDemands: Demands = {
  list: (parents) => parents.map(({ path }) => ({ path, capabilities: ['list'] })),
  read: ({ path }) => [{ path, capabilities: ['read'] }],
  create: ({ path }) => [{ path, capabilities: ['create'] }],
  update: ({ path }) => [{ path, capabilities: ['update'] }],
  remove: ({ path }) => [{ path, capabilities: ['delete'] }],
}

function identityOf({ kind, address, path, parent }: Identity): Identity {
  return { kind, address, path, ...(parent === undefined ? {} : { parent }) }
}

const shelf: Kind = toyKind('shelf', {
  identify: (name = '') => ({ kind: 'shelf', address: addressOf('shelf', name), path: `shelves/${name}` }),
  async *list(server) {
    for (const name of (await server.list('shelves'))?.keys ?? []) {
      const object = shelf.identify(name)
      const spec = await server.read(object.path)
      if (spec !== undefined) yield { ...object, live: { ...object, spec }, builtin: name === 'builtin' }
    }
  },
  refuse: (before, after) =>
    before['wood'] === after['wood'] ? [] : [{ field: ['wood'], reason: 'wood stays', help: 'Build another.' }],
  removalDestroys: 'its books',
})

const book: Kind = toyKind('book', {
  after: ['shelf'],
  parent: 'shelf',
  requires: { edition: { vault: '2.0' } },
  writeOnly: [['note']],
  unread: [['note']],
  identify: (on = '', name = '') => ({
    kind: 'book',
    address: addressOf('book', on, name),
    path: `shelves/${on}/books/${name}`,
    parent: addressOf('shelf', on),
  }),
  async *list(server, { parents }) {
    for (const parent of parents) {
      for (const name of (await server.list(`${parent.path}/books`))?.keys ?? [])
        yield book.identify(parent.path.slice('shelves/'.length), name)
    }
  },
  write: (server, { path, spec }) => {
    const { note: _, ...stored } = spec
    return server.write(path, stored)
  },
  sameMeaning: (before, after) => String(before['text']).trim() === String(after['text']).trim(),
})

export const toyKinds: Kinds = [shelf, book]

export interface ToyServer extends VaultWriter {
  readonly objects: Map<string, JsonObject>
  /** `METHOD path` of everything asked, in order. */
  readonly log: string[]
  /** What to do instead of answering; may throw. */
  intercept: (method: string, path: string) => void | Promise<void>
}

/** A server over a map of paths; a path's listing is what is stored directly below it. */
export function toyServer(objects: Readonly<Record<string, JsonObject>> = {}, version = '1.21.0'): ToyServer {
  const stored = new Map(Object.entries(objects))
  const log: string[] = []
  const ask = async (method: string, path: string) => {
    log.push(`${method} ${path}`)
    await server.intercept(method, path)
  }
  const server: ToyServer = {
    server: { product: 'vault', version, address: 'http://toy', namespace: '', clusterId: 'toy' },
    objects: stored,
    log,
    intercept: () => {},
    async read(path) {
      await ask('GET', path)
      return stored.get(path)
    },
    async list(path) {
      await ask('LIST', path)
      const keys = [...stored.keys()].filter(
        (key) => key.startsWith(`${path}/`) && !key.slice(path.length + 1).includes('/'),
      )
      return keys.length === 0 ? undefined : { keys: keys.map((key) => key.slice(path.length + 1)) }
    },
    async write(path, body) {
      await ask('POST', path)
      if (isObject(body)) stored.set(path, body as JsonObject)
      return []
    },
    async remove(path) {
      await ask('DELETE', path)
      stored.delete(path)
    },
  }
  return server
}

export function refuseWrites(server: ToyServer, ...paths: readonly string[]): void {
  server.intercept = (method, path) => {
    if ((method === 'POST' || method === 'DELETE') && paths.includes(path))
      throw new VaultError(403, method, path, ['permission denied'])
  }
}

const source = { file: 'toys.yaml', line: 1, column: 1 }

export function desiredShelf(name: string, spec: JsonObject = {}): Desired {
  return { ...shelf.identify(name), spec, needs: [], source }
}

export function desiredBook(
  on: string,
  name: string,
  spec: JsonObject = {},
  needs: readonly Address[] = [addressOf('shelf', on)],
): Desired {
  return { ...book.identify(on, name), spec, needs, source }
}

export function environmentOf(desired: readonly Desired[], more: Partial<Environment> = {}): Environment {
  const described = new Set(desired.map(({ address }) => address))
  return {
    name: 'toys',
    server: assumedServer,
    source,
    desired,
    owns: [],
    unmanaged: 'report',
    external: [],
    described,
    secrets: {},
    ...more,
  }
}

export async function planFor(server: ToyServer, environment: Environment) {
  const live = await readLive({ kinds: toyKinds, server, environment })
  return planEnvironment({ kinds: toyKinds, environment, live, server: server.server }).plan
}
