import type { JsonObject } from '../../src/core/json.ts'
import { kindOf } from '../../src/core/kind.ts'
import type { Desired } from '../../src/core/resource.ts'
import type { Listing, VaultWriter } from '../../src/core/server.ts'
import { VaultError } from '../../src/core/server.ts'
import { kinds } from '../../src/kinds/index.ts'
import { request, type Server } from '../support/live-vault.ts'

/** Plain requests as the kinds make them, without the program around: what a token may do is all that is asked here. */
export function writerTo(server: Server): VaultWriter {
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await request(server, method, path, body)
    if (answer.status === 404) return undefined
    if (answer.status >= 400) throw new VaultError(answer.status, method, path, answer.body?.['errors'] as string[])
    return answer.body
  }
  return {
    server: { product: 'vault', version: '1.21.0', address: server.address, namespace: '', clusterId: '' },
    read: async (path) => (await ask('GET', path))?.['data'] as JsonObject | undefined,
    list: async (path) => (await ask('LIST', path))?.['data'] as unknown as Listing | undefined,
    write: async (path, body) => ((await ask('POST', path, body))?.['warnings'] ?? []) as string[],
    remove: async (path) => void (await ask('DELETE', path)),
  }
}

/** Writes the objects as this token, in the order of the kinds: each over what is there. Throws the server's refusal. */
export async function install(server: Server, objects: readonly Desired[]): Promise<void> {
  const writer = writerTo(server)
  for (const { name } of kinds) {
    const kind = kindOf(kinds, name)
    for (const object of objects.filter((candidate) => candidate.kind === name))
      await kind.write(writer, object, await kind.read(writer, object))
  }
}
