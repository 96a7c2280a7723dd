import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { loadConfiguration } from '../../src/config/load.ts'
import type { Desired } from '../../src/core/resource.ts'
import { kinds } from '../../src/kinds/index.ts'

/** All that the repository's own files describe; what staging and production share is in it once. */
export async function repositoryObjects(): Promise<readonly Desired[]> {
  const directory = fileURLToPath(new URL('../..', import.meta.url))
  const { environments, diagnostics } = await loadConfiguration(directory, { kinds, env: {} })
  expect(diagnostics).toEqual([])
  const objects = environments.flatMap(({ desired }) => desired)
  return [...new Map(objects.map((object) => [object.address, object])).values()]
}
