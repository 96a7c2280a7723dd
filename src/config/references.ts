import { readFileSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { problem, UserError } from '../core/diagnostic.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import type { FieldPath, Kind } from '../core/kind.ts'
import type { WriteOnly } from '../core/server.ts'
import { readText, refusePath } from './files.ts'
import type { Details, Problems } from './problems.ts'
import type { Place, TextFile } from './text.ts'
import { quoted } from './text.ts'

/** Reads files that other files mention, each once. */
export interface Library {
  readonly root: string
  readonly problems: Problems
  readonly files: Map<string, TextFile | undefined>
}

/** The text of a file of the configuration's folder; undefined once the reason is reported. */
export function fetchText(path: string, library: Library, place: Place, details?: Details): TextFile | undefined {
  const reason = refusePath(library.root, path)
  if (reason !== undefined) {
    library.problems.error('path-not-allowed', `the file ${quoted(path)} cannot be used: ${reason}`, place, details)
    return undefined
  }
  if (!library.files.has(path) && !isFile(join(library.root, path))) {
    library.problems.error('unreadable-file', `there is no file ${quoted(path)}`, place, {
      help: "Paths are relative to the configuration's folder.",
      ...details,
    })
    return undefined
  }
  if (!library.files.has(path)) library.files.set(path, readText(library.root, path, library.problems))
  return library.files.get(path)
}

/** Opening a pipe or a device would wait for ever. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * The text of a file for a field that takes certificates or public keys; undefined once the reason is reported. Only
 * such a text may come into a plan, where everybody reads it.
 */
export function fetchPem(path: string, library: Library, place: Place, details?: Details): string | undefined {
  const text = fetchText(path, library, place, details)?.text
  if (text === undefined || (text.includes('-----BEGIN ') && !/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(text)))
    return text
  const what = text.includes('-----BEGIN ') ? 'holds a private key' : 'holds no PEM'
  library.problems.error('invalid-value', `the file ${quoted(path)} ${what}`, place, {
    help: 'A certificate or a public key begins with "-----BEGIN ".',
    ...details,
  })
  return undefined
}

function matchesPath(pattern: FieldPath, path: FieldPath): boolean {
  return pattern.length === path.length && pattern.every((key, index) => key === '*' || key === path[index])
}

/** True for fields whose `${env:NAME}` stays a reference, in either spelling. */
export function isWriteOnly(kind: Pick<Kind, 'writeOnly'>, path: FieldPath): boolean {
  return kind.writeOnly.some((pattern) => matchesPath(pattern, path) || matchesPath([...pattern, 'file'], path))
}

/** The path of `{ file: path }`, when the value is just that. */
export function fileReference(value: JsonValue | undefined): string | undefined {
  if (!isObject(value) || Object.keys(value).length !== 1) return undefined
  return typeof value['file'] === 'string' ? value['file'] : undefined
}

/** Applies `change` to every value at a path that the pattern matches; the rest is shared with the original. */
export function changeAt(
  value: JsonValue,
  pattern: FieldPath,
  change: (value: JsonValue, path: FieldPath) => JsonValue,
  path: FieldPath = [],
): JsonValue {
  const [key, ...rest] = pattern
  if (key === undefined) return change(value, path)
  if (Array.isArray(value))
    return key === '*'
      ? value.map((item: JsonValue, index) => changeAt(item, rest, change, [...path, String(index)]))
      : value
  if (!isObject(value)) return value
  const keys = key === '*' ? Object.keys(value) : Object.hasOwn(value, key) ? [key] : []
  const changed = keys.map((name) => [name, changeAt(value[name] as JsonValue, rest, change, [...path, name])])
  return { ...value, ...Object.fromEntries(changed) }
}

const envReference = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/

export function isEnvReference(text: string): boolean {
  return envReference.test(text)
}

/**
 * The value behind a write-only reference. A path that comes from the run's environment may lie anywhere: CI puts
 * secrets of type "file" outside the working copy. One newline at a file's end is an editor's, not the secret's.
 * @throws UserError that names the reference, never the value
 */
export function readSecret(
  reference: WriteOnly['reference'],
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (typeof reference === 'string') return fromEnv(reference, env)
  const path = isEnvReference(reference.file) ? fromEnv(reference.file, env) : reference.file
  const reason = isEnvReference(reference.file) ? undefined : refusePath(root, path)
  if (reason !== undefined)
    throw new UserError([
      problem('path-not-allowed', `the secret's file ${quoted(reference.file)} cannot be used: ${reason}`),
    ])
  return fromFile(isAbsolute(path) ? path : join(root, path), reference.file)
}

function fromEnv(reference: string, env: Readonly<Record<string, string | undefined>>): string {
  const name = envReference.exec(reference)?.[1]
  const value = name === undefined || !Object.hasOwn(env, name) ? undefined : env[name]
  if (value !== undefined && value !== '') return value
  const what =
    name === undefined
      ? 'a write-only value is no reference'
      : `the environment variable ${name}, which holds a secret, is not set`
  throw new UserError([problem('secret-unset', what, 'Set it for this run; in CI, as a masked variable.')])
}

function fromFile(path: string, written: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new UserError([
      problem(
        'secret-unreadable',
        `the secret's file ${quoted(written)} cannot be read (${code})`,
        'Put it there before the run.',
      ),
    ])
  }
}
