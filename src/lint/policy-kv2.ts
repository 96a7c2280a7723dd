import type { Capability } from '../access/policy/policy.ts'
import { type PolicyBlock, pathOf } from './policy-blocks.ts'
import type { LintSubject } from './rule.ts'

/**
 * The API of a kv-v2 engine, below its mount (vault-plugin-secrets-kv backend.go): what each part of it can be asked. That
 * a mount is kv-v2 is known where a role reads a secret from it; of all other mounts nothing is known here.
 */
export const kv2Parts: Readonly<Record<string, readonly Capability[]>> = {
  data: ['create', 'read', 'update', 'patch', 'delete', 'recover', 'subscribe'],
  metadata: ['create', 'read', 'update', 'patch', 'delete', 'list', 'scan', 'recover', 'subscribe'],
  delete: ['create', 'update'],
  undelete: ['create', 'update'],
  destroy: ['create', 'update'],
  subkeys: ['read'],
  config: ['create', 'read', 'update'],
  'detailed-metadata': ['list', 'scan'],
}

export interface Kv2Path {
  readonly mount: string
  /** What follows the mount up to the next slash: `data`, or whatever stands in its place. */
  readonly part: string
  /** What follows that, without the slash between them. */
  readonly rest: string
}

const mountsBySubject = new WeakMap<LintSubject, readonly string[]>()

/** Longest first, because mounts may nest. */
function kv2Mounts(subject: LintSubject): readonly string[] {
  const known = mountsBySubject.get(subject)
  if (known !== undefined) return known
  const uses = Object.values(subject.environment.secrets).flatMap((secrets) => Object.values(secrets))
  const mounts = new Set(uses.filter(({ engine }) => engine === 'kv-v2').map(({ mount }) => mount))
  const sorted = [...mounts].sort((a, b) => b.length - a.length)
  mountsBySubject.set(subject, sorted)
  return sorted
}

/** Undefined where the block is about no kv-v2 mount, or begins with a wildcard before it. */
export function kv2Path(block: Pick<PolicyBlock, 'rule'>, subject: LintSubject): Kv2Path | undefined {
  const path = pathOf(block)
  const mount = kv2Mounts(subject).find((name) => path.startsWith(`${name}/`))
  if (mount === undefined) return undefined
  const [part = '', ...rest] = path.slice(mount.length + 1).split('/')
  return { mount, part, rest: rest.join('/') }
}

/** Whether the block is about a kv-v2 mount and has something else behind it than a part of the engine's API. */
export function missesData(block: Pick<PolicyBlock, 'rule'>, subject: LintSubject): boolean {
  const path = kv2Path(block, subject)
  return path !== undefined && isOther(path.part)
}

/** A part that is open, a wildcard or a template, may be one of the engine's. */
function isOther(part: string): boolean {
  if (part === '' || part === '+' || part.includes('{{')) return false
  const beginning = part.endsWith('*') ? part.slice(0, -1) : undefined
  return beginning === undefined
    ? !Object.hasOwn(kv2Parts, part)
    : !Object.keys(kv2Parts).some((known) => known.startsWith(beginning) || beginning.startsWith(known))
}
