import type { JsonObject } from '../../core/json.ts'
import type { Listing, VaultReader } from '../../core/server.ts'
import type { Snapshot } from '../../core/snapshot.ts'

/** A reader that remembers every answer it passes on, and what it remembers as a snapshot. */
export function record(reader: VaultReader): { readonly reader: VaultReader; snapshot(): Snapshot } {
  const reads: Record<string, JsonObject> = {}
  const lists: Record<string, Listing> = {}
  const absent = new Set<string>()
  const recording: VaultReader = {
    server: reader.server,
    async read(path) {
      const data = await reader.read(path)
      if (data === undefined) absent.add(path)
      else reads[path] = data
      return data
    },
    async list(path, options) {
      const listing = await reader.list(path, options)
      if (listing === undefined) absent.add(path)
      else lists[path] = listing
      return listing
    },
  }
  const snapshot = (): Snapshot => ({
    format: 'vaultwright-snapshot/1',
    server: reader.server,
    read: reads,
    list: lists,
    absent: [...absent].sort(),
  })
  return { reader: recording, snapshot }
}
