import { isObject } from '../core/json.ts'
import { VaultError } from '../core/server.ts'
import type { Requester } from './requester.ts'

/** What the server says of a token at each path, in the words of policies: `deny` alone for nothing, `root` for everything. */
export type Capabilities = ReadonlyMap<string, readonly string[]>

/** OpenBao takes 1,000 strings in a body (http/json.go). */
const mostPaths = 500

/** Asks for some of the paths. Gives the `data` of the answer. */
type Ask = (paths: readonly string[]) => Promise<unknown>

/** As many requests as it takes. Throws VaultError, also for an answer that leaves a path out. */
export async function inParts(paths: readonly string[], ask: Ask): Promise<Capabilities> {
  const answers = new Map<string, readonly string[]>()
  for (let start = 0; start < paths.length; start += mostPaths) {
    const part = paths.slice(start, start + mostPaths)
    const data = await ask(part)
    for (const path of part) {
      const found = isObject(data) ? data[path] : undefined
      if (!Array.isArray(found)) throw new VaultError(200, 'POST', 'sys/capabilities', [`no answer for ${path}`])
      answers.set(
        path,
        found.filter((name) => typeof name === 'string'),
      )
    }
    // What may do everything once may do it everywhere.
    if ([...answers.values()].some((found) => found.includes('root'))) return allOf(paths)
  }
  return answers
}

function allOf(paths: readonly string[]): Capabilities {
  return new Map(paths.map((path) => [path, ['root']]))
}

/** Of the token itself. Throws VaultError with status 403 for one that may not even ask. */
export function ownCapabilities(ask: Requester, paths: readonly string[]): Promise<Capabilities> {
  return inParts(paths, async (part) => (await ask('POST', 'sys/capabilities-self', { paths: part }))?.['data'])
}
