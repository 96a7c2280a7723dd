import type { Hasher } from './hash.ts'
import { type InventoryVariable, type Place, variableId } from './inventory.ts'
import { namedLikeSecret, type Signs, signsOf } from './signs.ts'

/** A variable as a source gives it. Lives between the source and `takeVariable`, and nowhere else. */
export interface SourceVariable {
  readonly key: string
  /** Null where GitLab keeps it to itself. */
  readonly value: string | null
  readonly variable_type?: 'env_var' | 'file' | undefined
  readonly protected?: boolean | undefined
  readonly masked?: boolean | undefined
  readonly hidden?: boolean | undefined
  readonly raw?: boolean | undefined
  readonly environment_scope?: string | undefined
}

/** What is kept of a variable before it is compared with the others. */
export interface Taken
  extends Omit<InventoryVariable, 'overridden' | 'overridden_by' | 'duplicates' | 'warnings' | 'mentions'> {
  /** Hashes of the names that its value may mention: a name that is no variable's could be a part of the secret. */
  readonly mentionHashes: readonly string[]
}

/** GitLab's own rule for keys (app/models/concerns/ci/has_variable.rb). */
export function isKey(key: string): boolean {
  return /^[A-Za-z0-9_]{1,255}$/.test(key)
}

/** The boundary: what comes out holds nothing of the value but words about it and a keyed hash. */
export function takeVariable(place: Place, source: SourceVariable, { hash }: Hasher): Taken {
  const { key, value, environment_scope: scope = '*', variable_type: type = 'env_var' } = source
  const known = source.hidden === true || value === null ? undefined : value
  const signs = known === undefined ? undefined : signsOf(key, known)
  const flags = { masked: source.masked === true, hidden: source.hidden === true || value === null }
  return {
    id: variableId(place, key, scope),
    key,
    place,
    environment_scope: scope,
    type,
    protected: source.protected === true,
    ...flags,
    raw: source.raw === true,
    ...(known !== undefined && isExpanded({ value: known, raw: source.raw }) ? { expands: true as const } : {}),
    ...classOf(key, type, signs, flags),
    hash: known === undefined || known === '' ? null : hash(known),
    mentionHashes: known === undefined || source.raw === true ? [] : mentioned(known).map(hash),
  }
}

interface Flags {
  readonly masked: boolean
  readonly hidden: boolean
}

/**
 * What somebody hid or masked was meant as a secret, unless the value is plainly none. Where name and value disagree, it is
 * a secret: to move configuration is a nuisance, to leave a password behind is not found out.
 */
function classOf(
  key: string,
  type: 'env_var' | 'file',
  signs: Signs | undefined,
  { masked, hidden }: Flags,
): Pick<InventoryVariable, 'class' | 'signs'> {
  const secretClass = type === 'file' ? 'file' : 'secret'
  if (signs === undefined || hidden)
    return { class: secretClass, signs: ['hidden', ...(namedLikeSecret(key) ? ['its name'] : [])] }
  const { secret, configuration, plain } = signs
  const certain = secret.some((word) => word !== 'its name')
  const because = [...secret, ...(masked ? ['masked'] : []), ...(type === 'file' ? ['file'] : [])]
  if (certain) return { class: secretClass, signs: because }
  if (plain) return { class: 'configuration', signs: [...configuration] }
  if (because.length > 0) return { class: secretClass, signs: because }
  return configuration.length > 0
    ? { class: 'configuration', signs: [...configuration] }
    : { class: 'unknown', signs: [] }
}

/** Whether jobs get another text than the value: what a name stands for, or one dollar for two. */
export function isExpanded({ value, raw }: { readonly value: string; readonly raw?: boolean | undefined }): boolean {
  return raw !== true && (value.includes('$$') || mentioned(value).length > 0)
}

/** `$NAME`, `${NAME}`, `%NAME%`, as the runner expands them in a variable that is not raw; `$$` is a dollar. */
function mentioned(value: string): string[] {
  const names = [...value.replace(/\$\$/g, ' ').matchAll(/\$\{?([A-Za-z_]\w*)\}?|%([A-Za-z_]\w*)%/g)]
  return [...new Set(names.map(([, dollar, percent]) => dollar ?? percent ?? ''))]
}
