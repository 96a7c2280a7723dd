import { readFileSync } from 'node:fs'
import type { JsonObject } from '../../src/core/json.ts'
import type { Live } from '../../src/core/resource.ts'
import type { VaultReader } from '../../src/core/server.ts'
import { snapshotReader } from '../../src/core/snapshot.ts'
import type { DescribedServers } from '../../src/import/sources/described.ts'
import { kinds } from '../../src/kinds/index.ts'

/** What a tool really wrote. */
export function fixture(name: string): string {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
}

export function jsonFixture(name: string): JsonObject {
  return JSON.parse(fixture(name)) as JsonObject
}

/** What of an object counts: everything but its version, which no file knows. */
export type Told = Pick<Live, 'spec' | 'unknown'>

/** Every object that the kinds find, by address; without those that the server makes itself. */
export async function objectsAt(reader: VaultReader): Promise<Record<string, Told>> {
  const objects: Record<string, Told> = {}
  const lives = new Map<string, Live[]>()
  for (const kind of kinds) {
    const parents = kind.parent === undefined ? [] : (lives.get(kind.parent) ?? [])
    const found: Live[] = []
    for await (const listed of kind.list(reader, { parents })) {
      const live = listed.builtin === true ? undefined : (listed.live ?? (await kind.read(reader, listed)))
      if (live !== undefined) found.push(live)
    }
    lives.set(kind.name, found)
    for (const { address, spec, unknown } of found) objects[address] = { spec, ...(unknown && { unknown }) }
  }
  return objects
}

/** The objects of the only server that is described. */
export async function objectsOf({ servers }: DescribedServers): Promise<Record<string, Told>> {
  const [server, ...more] = servers
  if (server === undefined || more.length > 0) throw new Error(`${servers.length} servers are described, not one`)
  return objectsAt(snapshotReader(server.snapshot))
}

export function specs(objects: Record<string, Told>): Record<string, JsonObject> {
  return Object.fromEntries(Object.entries(objects).map(([address, { spec }]) => [address, spec]))
}
