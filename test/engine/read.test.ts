import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/core/diagnostic.ts'
import type { Kinds } from '../../src/core/kind.ts'
import { addressOf } from '../../src/core/resource.ts'
import { VaultError } from '../../src/core/server.ts'
import { readLive } from '../../src/engine/read.ts'
import { desiredBook, desiredShelf, environmentOf, type ToyServer, toyKinds, toyServer } from '../support/toy-kinds.ts'

const books = { 'shelves/a': {}, 'shelves/a/books/x': { text: '1' }, 'shelves/a/books/y': { text: '2' } }
const wanted = environmentOf([desiredShelf('a'), desiredBook('a', 'x'), desiredBook('a', 'y')])

async function codesOf(server: ToyServer, environment = wanted, kinds: Kinds = toyKinds): Promise<string[]> {
  const error = await readLive({ kinds, server, environment }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof UserError)) throw error ?? new Error('it was read')
  return error.diagnostics.map(({ code, message }) => `${code}: ${message}`)
}

/** A server whose lists leave this name out. */
function hiding(server: ToyServer, name: string): ToyServer {
  return {
    ...server,
    async list(path) {
      const listing = await server.list(path)
      return listing && { keys: listing.keys.filter((key) => key !== name) }
    },
  }
}

describe('what is not in a list', () => {
  test('is not believed to be absent: a described object that is there after all stops the run', async () => {
    expect(await codesOf(hiding(toyServer(books), 'y'))).toEqual([
      "inconsistent-list: book/a/y is on the server, but the server's list leaves it out",
    ])
  })

  test('is absent when reading it finds nothing', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': {} })
    const { objects } = await readLive({ kinds: toyKinds, server, environment: wanted })
    expect([...objects.keys()]).toEqual(['shelf/a', 'book/a/x'])
    expect(server.log.filter((line) => line.endsWith('books/y'))).toEqual(['GET shelves/a/books/y'])
  })

  test('is not asked for where the container is absent, or where everything was', async () => {
    const server = toyServer(books)
    await readLive({ kinds: toyKinds, server, environment: wanted })
    expect(server.log.filter((line) => line === 'GET shelves/a/books/x')).toHaveLength(1)

    const empty = toyServer()
    await readLive({ kinds: toyKinds, server: empty, environment: wanted })
    expect(empty.log.some((line) => line.includes('books'))).toBe(false)
  })

  test('is not absent because it may not be read', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': {} })
    server.intercept = (method, path) => {
      if (path === 'shelves/a/books/y') throw new VaultError(403, method, path, ['permission denied'])
    }
    await expect(readLive({ kinds: toyKinds, server, environment: wanted })).rejects.toThrow('permission denied')
  })

  test('is believed of a kind whose list asks for each object itself', async () => {
    const server = hiding(toyServer(books), 'y')
    const sure = toyKinds.map((kind) => ({ ...kind, listsAll: true as const }))
    const { objects } = await readLive({ kinds: sure, server, environment: wanted })
    expect(objects.has(addressOf('book', 'a', 'y'))).toBe(false)
  })
})

describe('what is in a list', () => {
  test('and cannot be found stops the run', async () => {
    const server = toyServer(books)
    server.intercept = (method, path) => {
      if (method === 'GET' && path === 'shelves/a/books/y') server.objects.delete(path)
    }
    expect(await codesOf(server)).toEqual([expect.stringMatching(/^vanished: book\/a\/y/)])
  })

  test('and cannot be listed stops the run', async () => {
    const server = toyServer(books)
    server.intercept = (method, path) => {
      if (method === 'LIST' && path === 'shelves/a/books')
        throw new VaultError(403, method, path, ['permission denied'])
    }
    await expect(readLive({ kinds: toyKinds, server, environment: wanted })).rejects.toThrow(
      'LIST shelves/a/books: 403 permission denied',
    )
  })

  test('is counted by container, whoever owns it', async () => {
    const environment = environmentOf([desiredShelf('a'), desiredBook('a', 'x')])
    const { contents, unmanaged } = await readLive({ kinds: toyKinds, server: toyServer(books), environment })
    expect(contents.get('book')?.get(addressOf('shelf', 'a'))).toBe(2)
    expect(unmanaged).toEqual([])
  })
})
