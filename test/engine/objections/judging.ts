import type { Environment } from '../../../src/core/configuration.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Kind, Kinds } from '../../../src/core/kind.ts'
import type { Limits } from '../../../src/core/limits.ts'
import { type Address, addressOf } from '../../../src/core/resource.ts'
import type { Judged } from '../../../src/engine/objections/brake.ts'
import { brake } from '../../../src/engine/objections/index.ts'
import { planEnvironment } from '../../../src/engine/plan.ts'
import { readLive } from '../../../src/engine/read.ts'
import {
  desiredBook,
  desiredShelf,
  environmentOf,
  type ToyServer,
  toyKinds,
  toyServer,
} from '../../support/toy-kinds.ts'

/** The toys, where a shelf is of no use without books and a book may not lose its lock. */
const kinds: Kinds = toyKinds.map((kind): Kind => {
  if (kind.name === 'shelf')
    return { ...kind, delicate: ({ address }) => (address === 'shelf/main' ? 'the house stands on it' : undefined) }
  return {
    ...kind,
    emptyWithout: 'nobody finds anything there',
    unbound: (before: JsonObject, after: JsonObject) =>
      before['lock'] !== undefined && after['lock'] === undefined ? [['lock']] : [],
  }
})

export const names = (count: number, prefix = 'b') => Array.from({ length: count }, (_, index) => `${prefix}${index}`)

/** A server with these books on one shelf. */
export function library(books: readonly string[], spec: JsonObject = { text: 'old' }, shelf = 'a'): ToyServer {
  return toyServer({
    [`shelves/${shelf}`]: {},
    ...Object.fromEntries(books.map((name) => [`shelves/${shelf}/books/${name}`, spec])),
  })
}

/** An environment that owns all of a shelf and wants these books there; the rest goes. */
export function wanting(
  books: readonly string[],
  spec: JsonObject = { text: 'old' },
  more: Partial<Environment> & { readonly shelf?: string } = {},
): Environment {
  const { shelf = 'a', ...rest } = more
  return environmentOf([desiredShelf(shelf), ...books.map((name) => desiredBook(shelf, name, spec))], {
    owns: [{ kind: 'book', parent: addressOf('shelf', shelf), name: '*' }],
    unmanaged: 'delete',
    ...rest,
  })
}

export async function judged(
  server: ToyServer,
  environment: Environment,
  { limits = {}, elsewhere = new Set<Address>() }: { limits?: Limits; elsewhere?: ReadonlySet<Address> } = {},
): Promise<Judged & { readonly notices: readonly string[] }> {
  const live = await readLive({ kinds, server, environment })
  const input = { kinds, environment, live, server: server.server, limits, elsewhere }
  const { plan } = planEnvironment(input)
  return { input, plan, notices: plan.notices }
}

/** What has to be allowed, and what was. */
export function verdict(environments: readonly Judged[], ...allowed: readonly string[]) {
  const { refusals, released } = brake(environments, () => allowed)
  return { refused: refusals.map(({ allow }) => allow), released: released.map(({ allow }) => allow), refusals }
}
