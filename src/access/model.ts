import type { AccessFact } from '../core/access-fact.ts'
import { normalNamespace } from '../core/address.ts'
import type { Source } from '../core/diagnostic.ts'
import type { JsonObject } from '../core/json.ts'
import { type Kinds, kindOf } from '../core/kind.ts'
import type { Desired, Live } from '../core/resource.ts'
import type { ServerVersion } from '../core/version.ts'

/** All that decides who may do what on one server and namespace, whether files say it or the server does. */
export interface AccessModel {
  readonly server: ServerVersion
  /** Empty for the root namespace. */
  readonly namespace: string
  /** By path, without the trailing slash. */
  readonly mounts: ReadonlyMap<string, ModelMount>
  /** By name. A policy that a role names and that is not here is not known: nothing may be concluded about it. */
  readonly policies: ReadonlyMap<string, ModelPolicy>
}

export interface ModelMount {
  readonly path: string
  readonly type: string
  /** As written under `tune`; canonical. */
  readonly tune: JsonObject
  /** Absent where nobody configured it: then nobody can log in. */
  readonly config?: JsonObject
  /** By name. */
  readonly roles: ReadonlyMap<string, ModelRole>
}

export interface ModelRole {
  readonly mount: string
  readonly name: string
  /** Canonical: what is left out has the server's default. */
  readonly role: JsonObject
  readonly source?: Source
}

interface ModelPolicy {
  readonly name: string
  readonly text: string
  /** Where the text stands, when it is a file of its own, line for line. */
  readonly file?: string
  readonly source?: Source
}

/** The model of everything that the objects say. Objects of kinds that decide nothing are left out. */
export function modelOf(
  objects: Iterable<Desired | Live>,
  { kinds, server, namespace }: { kinds: Kinds; server: ServerVersion; namespace?: string | undefined },
): AccessModel {
  const mounts = new Map<string, Writable<ModelMount>>()
  const policies = new Map<string, ModelPolicy>()
  const mountAt = (path: string) => {
    const mount = mounts.get(path) ?? { path, type: '', tune: {}, roles: new Map<string, ModelRole>() }
    mounts.set(path, mount)
    return mount
  }
  for (const object of objects) {
    const fact: AccessFact | undefined = kindOf(kinds, object.kind).access?.(object)
    const source = 'source' in object ? { source: object.source } : {}
    switch (fact?.as) {
      case undefined:
        break
      case 'auth-mount':
        Object.assign(mountAt(fact.mount), { type: fact.type, tune: fact.tune })
        break
      case 'auth-config':
        mountAt(fact.mount).config = fact.config
        break
      case 'role':
        ;(mountAt(fact.mount).roles as Map<string, ModelRole>).set(fact.name, {
          mount: fact.mount,
          name: fact.name,
          role: fact.role,
          ...source,
        })
        break
      case 'policy':
        policies.set(fact.name, { name: fact.name, text: fact.text, ...source, ...fileOf(source.source) })
        break
    }
  }
  return { server, namespace: normalNamespace(namespace), mounts, policies }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A policy's file is its text, line for line; one that was generated has the place of whoever asked for it. */
function fileOf(source: Source | undefined): { readonly file?: string } {
  return source?.file.endsWith('.hcl') ? { file: source.file } : {}
}
