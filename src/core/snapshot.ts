import { problem, UserError } from './diagnostic.ts'
import { isObject, type JsonObject } from './json.ts'
import { type Listing, type ServerInfo, VaultError, type VaultReader } from './server.ts'

/** Raised when the shape below changes in a way that an older reader would misunderstand. */
export const snapshotFormat = 'vaultwright-snapshot/1'

/**
 * What a server answered, as a file: enough to plan against without reaching the server, and what the sandbox can begin
 * with. Holds no secret, because the server gives none back. Paths are as `VaultReader` takes them.
 */
export interface Snapshot {
  readonly format: typeof snapshotFormat
  readonly server: ServerInfo
  /** The `data` of each GET. */
  readonly read: Readonly<Record<string, JsonObject>>
  readonly list: Readonly<Record<string, Listing>>
  /**
   * Paths at which the server said that there is nothing. Missing in snapshots of a server that was seen whole, such as
   * the sandbox's own, and in older ones: then nothing is at every path that is not above.
   */
  readonly absent?: readonly string[]
  /** Paths that the token which took it may neither read nor list: of what is there, and below it, nothing is known. */
  readonly forbidden?: readonly string[]
}

/** Throws one UserError with everything that is wrong with the shape. */
export function parseSnapshot(value: unknown): Snapshot {
  if (!isObject(value) || typeof value['format'] !== 'string' || !value['format'].startsWith('vaultwright-snapshot/'))
    throw new UserError([
      problem('not-a-snapshot', 'this is not a snapshot', 'Write one with "vaultwright snapshot --out <file>".'),
    ])
  if (value['format'] !== snapshotFormat)
    throw new UserError([
      problem(
        'snapshot-format',
        `this snapshot has the format ${value['format']}; this version reads ${snapshotFormat}`,
        'Take the snapshot anew with this version.',
      ),
    ])
  const wrong = [
    ...wrongServer(value['server']),
    ...wrongMembers('read', value['read'], (data) => (isObject(data) ? undefined : 'is not an object')),
    ...wrongMembers('list', value['list'], wrongListing),
    ...wrongPaths('absent', value['absent']),
    ...wrongPaths('forbidden', value['forbidden']),
  ]
  if (wrong.length > 0)
    throw new UserError(
      wrong.map((message) =>
        problem('damaged-snapshot', `the snapshot is damaged: ${message}`, 'Take the snapshot anew.'),
      ),
    )
  return value as unknown as Snapshot
}

function wrongServer(server: unknown): string[] {
  if (!isObject(server)) return ['"server" is not an object']
  const texts = ['version', 'address', 'namespace', 'clusterId']
    .filter((name) => typeof server[name] !== 'string')
    .map((name) => `server.${name} is not a string`)
  const known = server['product'] === 'vault' || server['product'] === 'openbao'
  return known ? texts : ['server.product is neither "vault" nor "openbao"', ...texts]
}

function wrongMembers(name: string, members: unknown, wrong: (member: unknown) => string | undefined): string[] {
  if (!isObject(members)) return [`"${name}" is not an object`]
  return Object.entries(members).flatMap(([path, member]) => {
    const message = wrong(member)
    return message === undefined ? [] : [`"${name}" of ${path} ${message}`]
  })
}

function wrongPaths(name: string, paths: unknown): string[] {
  const right = paths === undefined || (Array.isArray(paths) && paths.every((path) => typeof path === 'string'))
  return right ? [] : [`"${name}" is not a list of paths`]
}

/** Strict, so that no misspelt detail of a listing is taken for "the server gave none". */
function wrongListing(listing: unknown): string | undefined {
  if (!isObject(listing)) return 'is not an object'
  const { keys, keyInfo, ...rest } = listing
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) return 'has no list of keys'
  if (keyInfo !== undefined && !(isObject(keyInfo) && Object.values(keyInfo).every(isObject)))
    return 'has a keyInfo that is not a map of objects'
  const [unknown] = Object.keys(rest)
  return unknown === undefined ? undefined : `has an unknown member "${unknown}"`
}

/**
 * Answers as the server did when the snapshot was taken. What it does not hold is absent only where the server said so, or
 * where a listing does not name it. What was never asked, and what a listing names and nobody could read, is neither there
 * nor absent: both throw VaultError.
 */
export function snapshotReader(snapshot: Snapshot): VaultReader {
  const listed = new Set(
    Object.entries(snapshot.list).flatMap(([folder, { keys }]) => keys.map((key) => `${plain(folder)}/${key}`)),
  )
  const known = new Set([...(snapshot.absent ?? []), ...Object.keys(snapshot.list)].map(plain))
  const forbidden = new Set(snapshot.forbidden)
  const whole = snapshot.absent === undefined
  return {
    server: snapshot.server,
    async read(path) {
      const data = own(snapshot.read, path)
      if (data !== undefined) return data
      if (listed.has(path))
        throw silent(
          'GET',
          path,
          403,
          'lists it and does not hold it; the token that took the snapshot may not read it',
        )
      if (foldersOf(path).some((folder) => forbidden.has(folder)))
        throw silent('GET', path, 403, 'does not hold it; the token that took the snapshot may not read it')
      if (whole || foldersOf(path).some((folder) => known.has(folder))) return undefined
      throw silent('GET', path, 404, 'does not say whether it exists; take it anew')
    },
    async list(path) {
      const listing = own(snapshot.list, path)
      if (listing === undefined && forbidden.has(path))
        throw silent('LIST', path, 403, 'does not hold it; the token that took the snapshot may not list it')
      if (listing !== undefined || whole || snapshot.absent?.includes(path)) return listing
      throw silent('LIST', path, 404, 'does not say what is there; take it anew')
    },
  }
}

function silent(method: string, path: string, status: number, reason: string): VaultError {
  return new VaultError(status, method, path, [`the snapshot ${reason}`])
}

/** A listing with details is one of the same folder as that without. */
function plain(path: string): string {
  return path.replace(/^sys\/policies\/detailed\//, 'sys/policies/')
}

/** The path itself, and each folder above it. */
function foldersOf(path: string): string[] {
  const parts = path.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
