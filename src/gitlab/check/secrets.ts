import type { CiJob } from './jobs.ts'
import { type CiEntry, type CiPlace, type CiValue, entriesOf, flatItems, get, textOf } from './value.ts'

/** One of a job's `secrets:` that comes from Vault, taken apart as GitLab does it; texts still hold variables. */
export interface CiSecret {
  /** The variable that gets it. */
  readonly name: string
  readonly key: CiPlace
  readonly form: 'short' | 'long'
  readonly engine: string
  readonly mount: string
  readonly path: string
  readonly field: string
  /** Of `vault:`, or of its `path:` in the long form. */
  readonly at: CiPlace
  /** As written behind `vault:`, of the short form. */
  readonly written?: string
  readonly engineAt: CiPlace
  /** Without `$`, where it is a variable's name. */
  readonly token?: { readonly name: string | undefined; readonly written: string; readonly at: CiPlace }
  /** Whether the variable holds the path of a file; the default. */
  readonly file: boolean
}

export interface IdToken {
  readonly name: string
  readonly key: CiPlace
  /** What it is made for, with variables; empty where nothing is said. */
  readonly audiences: readonly { readonly text: string; readonly at: CiPlace }[]
}

export function secretsOf({ keys }: CiJob): readonly CiSecret[] {
  return entriesOf(get(keys, 'secrets')).flatMap(([name, entry]) => {
    const vault = get(entry.value, 'vault')
    const parts = vault && (vault.type === 'map' ? longForm(vault) : shortForm(vault))
    return parts === undefined ? [] : [{ name, key: entry.key, ...parts, ...tokenOf(entry), file: isFile(entry.value) }]
  })
}

type Parts = Pick<CiSecret, 'form' | 'engine' | 'mount' | 'path' | 'field' | 'at' | 'engineAt' | 'written'>

/** Split at the last `@`, then at the last `/`; no `@` means the mount `kv-v2`. Source: EE entry/vault/secret.rb. */
function shortForm(vault: CiValue): Parts | undefined {
  const written = textOf(vault)
  if (written === undefined) return undefined
  const mountAt = written.lastIndexOf('@')
  const [rest, mount] = mountAt === -1 ? [written, 'kv-v2'] : [written.slice(0, mountAt), written.slice(mountAt + 1)]
  const fieldAt = rest.lastIndexOf('/')
  const [path, field] = fieldAt === -1 ? ['', rest] : [rest.slice(0, fieldAt), rest.slice(fieldAt + 1)]
  return { form: 'short', engine: 'kv-v2', mount, path, field, at: vault.at, engineAt: vault.at, written }
}

/** Undefined where something that GitLab asks for is missing: it says so itself. */
function longForm(vault: CiValue): Parts | undefined {
  const name = get(vault, 'engine', 'name')
  const [engine, mount] = [textOf(name), textOf(get(vault, 'engine', 'path'))]
  const [path, field] = [get(vault, 'path'), textOf(get(vault, 'field'))]
  if (name === undefined || engine === undefined || mount === undefined || field === undefined) return undefined
  const text = textOf(path)
  return path === undefined || text === undefined
    ? undefined
    : { form: 'long', engine, mount, path: text, field, at: path.at, engineAt: name.at }
}

function tokenOf({ value }: CiEntry): Pick<CiSecret, 'token'> {
  const token = get(value, 'token')
  const written = textOf(token)
  if (token === undefined || written === undefined) return {}
  const [, braced, plain] = /^\$(?:\{(\w+)\}|([A-Za-z_]\w*))$/.exec(written) ?? []
  return { token: { name: braced ?? plain, written, at: token.at } }
}

function isFile(value: CiValue): boolean {
  const file = get(value, 'file')
  return !(file?.type === 'scalar' && (file.value === false || file.value === 'false'))
}

export function idTokensOf({ keys }: CiJob): readonly IdToken[] {
  return entriesOf(get(keys, 'id_tokens')).map(([name, { key, value }]) => ({
    name,
    key,
    audiences: flatItems(get(value, 'aud')).flatMap((item) => {
      const text = textOf(item)
      return text === undefined || text === '' ? [] : [{ text, at: item.at }]
    }),
  }))
}
