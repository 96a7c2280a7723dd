import type { JsonObject } from '../../core/json.ts'
import type { Listing, VaultReader } from '../../core/server.ts'
import type { Snapshot } from '../../core/snapshot.ts'

interface Recording {
  readonly reader: VaultReader
  /** @param forbidden paths that were refused, and that the caller does without */
  snapshot(forbidden?: readonly string[]): Snapshot
}

/** A reader that remembers every answer it passes on, and what it remembers as a snapshot. */
export function record(reader: VaultReader): Recording {
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
  const snapshot = (forbidden: readonly string[] = []): Snapshot => ({
    format: 'vaultwright-snapshot/1',
    server: reader.server,
    read: reads,
    list: lists,
    absent: [...absent].sort(),
    ...(forbidden.length === 0 ? {} : { forbidden: [...new Set(forbidden)].sort() }),
  })
  return { reader: recording, snapshot }
}
