import type { JsonObject } from '../../core/json.ts'
import type { Listing, VaultReader } from '../../core/server.ts'
import type { Snapshot } from '../../core/snapshot.ts'

/** A reader that remembers every answer it passes on, and what it remembers as a snapshot. */
export function record(reader: VaultReader): { readonly reader: VaultReader; snapshot(): Snapshot } {
  const reads: Record<string, JsonObject> = {}
  const lists: Record<string, Listing> = {}
  const recording: VaultReader = {
    server: reader.server,
    async read(path) {
      const data = await reader.read(path)
      if (data !== undefined) reads[path] = data
      return data
    },
    async list(path) {
      const listing = await reader.list(path)
      if (listing !== undefined) lists[path] = listing
      return listing
    },
  }
  const snapshot = (): Snapshot => ({
    format: 'vaultwright-snapshot/1',
    server: reader.server,
    read: reads,
    list: lists,
  })
  return { reader: recording, snapshot }
}
