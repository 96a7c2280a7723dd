import { byText, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { type Answer, data, empty, listing, missing, refuse } from './answers.ts'
import type { Call, Operation, Route } from './routes.ts'
import type { Engine } from './secret-mounts.ts'
import { has, type State, systemTtl } from './state.ts'

/** A secret with its versions; version 1 of the engine keeps one. */
export interface StoredSecret {
  readonly versions: readonly Version[]
}

interface Version {
  readonly data: JsonObject
  readonly created: string
  /** Empty unless it was deleted. */
  readonly deleted: string
}

/**
 * The kv engine, so far as reading a secret after a login needs it: writing, reading, listing and deleting. Taking
 * deletions back, destroying versions, patching and settings of the engine are not here (vault-plugin-secrets-kv).
 */
export function kvRoutes(state: State, engine: Engine): Route[] {
  const { version } = (engine.info['options'] ?? {}) as JsonObject
  return version === '2' ? versioned(state, engine) : plain(engine)
}

function plain({ secrets }: Engine): Route[] {
  return [
    {
      pattern: /^(?<path>.*)$/,
      exists: ({ path = '' }) => secrets.has(path),
      handlers: {
        read: ({ names: { path = '' } }) => {
          const found = secrets.get(path)?.versions[0]
          return found === undefined ? missing : { kind: 'data', data: found.data, leaseDuration: systemTtl }
        },
        list: ({ names: { path = '' } }) => listing(childrenOf(secrets, path)),
        write: ({ names: { path = '' }, sent }) => {
          if (Object.keys(sent).length === 0) refuse('missing data fields')
          secrets.set(path, { versions: [{ data: sent, created: '', deleted: '' }] })
          return empty
        },
        delete: ({ names: { path = '' } }) => {
          secrets.delete(path)
          return empty
        },
      },
    },
  ]
}

function versioned(state: State, { secrets }: Engine): Route[] {
  const exists = ({ path = '' }: Call['names']) => secrets.has(path)
  return [
    {
      pattern: /^data\/(?<path>.+)$/,
      fields: { data: 'map', options: 'map', version: 'int' },
      exists,
      handlers: {
        read: (call) => readVersion(secrets, call),
        write: (call) => writeVersion(state, secrets, call),
        delete: ({ names: { path = '' } }) => deleteLatest(state, secrets, path),
        ...(state.product === 'vault' ? { list: () => invalidPath(state, 'list') } : {}),
      },
    },
    {
      pattern: /^metadata\/(?<path>.*)$/,
      handlers: {
        read: ({ names: { path = '' } }) => {
          const found = secrets.get(path)
          return found === undefined ? missing : data(metadataOf(state, found))
        },
        list: ({ names: { path = '' } }) => listing(childrenOf(secrets, path)),
        delete: ({ names: { path = '' } }) => {
          secrets.delete(path)
          return empty
        },
      },
      exists,
    },
    {
      pattern: /^config$/,
      handlers: {
        read: () => data({ cas_required: false, delete_version_after: '0s', max_versions: 0, ...casOfMetadata(state) }),
      },
    },
    { pattern: /^(undelete|destroy|delete|subkeys)\//, handlers: { read: notHere, write: notHere } },
    { pattern: /^/, handlers: notVersioned(state) },
  ]
}

function notHere(): never {
  return refuse('the sandbox keeps versions of secrets; it neither takes deletions back nor destroys versions', 501)
}

function notVersioned(state: State): Route['handlers'] {
  return {
    read: () => invalidPath(state, 'get'),
    list: () => invalidPath(state, 'list'),
    write: () => invalidPath(state, 'put'),
    delete: () => invalidPath(state, 'delete'),
  } satisfies Partial<Record<Operation, () => Answer>>
}

function invalidPath({ product }: State, command: string): Answer {
  const [name, program] = product === 'vault' ? ['Vault', 'vault'] : ['OpenBao', 'bao']
  const words =
    'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use.'
  const hint = `If using the ${name} CLI, use '${program} kv ${command}' for this operation.`
  return { kind: 'data', data: null, status: 404, warnings: [`${words} ${hint}`] }
}

type Secrets = Engine['secrets']

function readVersion(secrets: Secrets, { names: { path = '' }, input }: Call): Answer {
  const versions = secrets.get(path)?.versions ?? []
  const number = (input.get('version') as number | undefined) || versions.length
  const found = versions[number - 1]
  if (found === undefined) return missing
  const metadata = versionData(found, number)
  if (found.deleted !== '') return { kind: 'data', data: { data: null, metadata }, status: 404 }
  return data({ data: found.data, metadata })
}

function writeVersion(state: State, secrets: Secrets, { names: { path = '' }, input }: Call): Answer {
  const content = input.get('data')
  if (!isObject(content)) return refuse('no data provided')
  const versions = secrets.get(path)?.versions ?? []
  const options = (input.get('options') ?? {}) as JsonObject
  if (options['cas'] !== undefined && Number(options['cas']) !== versions.length)
    refuse('check-and-set parameter did not match the current version')
  const added = { data: content, created: moment(state), deleted: '' }
  secrets.set(path, { versions: [...versions, added] })
  return data(versionData(added, versions.length + 1))
}

/** The last version stays, without its data for whoever reads it. */
function deleteLatest(state: State, secrets: Secrets, path: string): Answer {
  const versions = secrets.get(path)?.versions ?? []
  const last = versions.at(-1)
  if (last !== undefined && last.deleted === '')
    secrets.set(path, { versions: [...versions.slice(0, -1), { ...last, deleted: moment(state) }] })
  return empty
}

function moment(state: State): string {
  return new Date(state.now()).toISOString()
}

function versionData({ created, deleted }: Version, version: number): JsonObject {
  return { created_time: created, custom_metadata: null, deletion_time: deleted, destroyed: false, version }
}

function casOfMetadata(state: State): JsonObject {
  return has(state, { openbao: '2.4' }) ? { metadata_cas_required: false } : {}
}

function metadataOf(state: State, { versions }: StoredSecret): JsonObject {
  const shown = versions.map(({ created, deleted }, at): [string, JsonValue] => [
    String(at + 1),
    { created_time: created, deletion_time: deleted, destroyed: false },
  ])
  return {
    cas_required: false,
    created_time: versions[0]?.created ?? '',
    current_version: versions.length,
    custom_metadata: null,
    delete_version_after: '0s',
    max_versions: 0,
    oldest_version: 0,
    updated_time: versions.at(-1)?.created ?? '',
    versions: Object.fromEntries(shown),
    ...(has(state, { openbao: '2.4' }) ? { current_metadata_version: 0 } : {}),
    ...casOfMetadata(state),
  }
}

/** Names right below a folder, those of folders with a slash. */
function childrenOf(secrets: Secrets, path: string): readonly string[] {
  const folder = path === '' || path.endsWith('/') ? path : `${path}/`
  const rests = [...secrets.keys()].filter((name) => name.startsWith(folder)).map((name) => name.slice(folder.length))
  return [...new Set(rests.map((rest) => rest.replace(/\/.*$/s, '/')))].sort(byText)
}
