import { parseDuration } from '../../core/duration.ts'
import { meets, type ServerVersion } from '../../core/version.ts'
import type { Policy } from '../policy/policy.ts'
import { trimSpace } from './trim-space.ts'

/** Whoever a token belongs to, as far as policies can ask for it. */
export interface Entity {
  readonly id?: string
  readonly name?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly aliases?: readonly EntityAlias[]
}

interface EntityAlias {
  /** Accessor of the auth mount, such as `auth_jwt_1a2b3c4d`. */
  readonly mountAccessor: string
  readonly id?: string
  readonly name?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly customMetadata?: Readonly<Record<string, string>>
}

export interface EntityGroup {
  readonly id?: string
  readonly name?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** Path of its namespace, when that is not the policy's: by name it is then not found. */
  readonly namespace?: string
}

export interface TemplateContext {
  readonly entity?: Entity
  /** Direct and inherited. */
  readonly groups?: readonly EntityGroup[]
  /** Milliseconds since 1970, for `{{time.now}}`. */
  readonly now: number
  /** Path of the policy's namespace; empty for the root namespace. */
  readonly namespace: string
  /** What a value may not hold; see `forbiddenInTemplates`. */
  readonly forbidden: readonly string[]
}

export type Filled = { readonly text: string } | { readonly error: string }

const notFound = 'no value could be found for one of the template directives'

/**
 * A policy's path with every `{{…}}` replaced by the entity's value, or why there is none; the server then leaves that
 * block out and says nothing. Source: sdk/helper/identitytpl/templating.go, ACL mode.
 */
export function fillTemplate(path: string, context: TemplateContext): Filled {
  const [first = '', ...rest] = path.split('{{')
  if (first.includes('}}')) return { error: 'unbalanced templating characters' }
  let text = first
  for (const piece of rest) {
    const [directive = '', tail, more] = piece.split('}}')
    if (tail === undefined || more !== undefined) return { error: 'unbalanced templating characters' }
    const value = valueFor(trimSpace(directive), context)
    if ('error' in value) return value
    const blocked = context.forbidden.find((character) => value.text.includes(character))
    if (blocked !== undefined) return { error: `template substitution contains forbidden value "${blocked}"` }
    text += value.text + tail
  }
  return { text }
}

/** OpenBao takes no value from an identity that would change what a path means, unless the policy allows it. */
export function forbiddenInTemplates(
  server: ServerVersion,
  policy: Pick<Policy, 'allowSlashesInIdentityTemplates' | 'allowWildcardsInIdentityTemplates'>,
): readonly string[] {
  if (!meets(server, { openbao: '2.6.0' })) return []
  return [
    ...(policy.allowSlashesInIdentityTemplates ? [] : ['/']),
    ...(policy.allowWildcardsInIdentityTemplates ? [] : ['*', '+']),
  ]
}

function valueFor(directive: string, context: TemplateContext): Filled {
  const ask = (prefix: string) => (directive.startsWith(prefix) ? directive.slice(prefix.length) : undefined)
  const entity = ask('identity.entity.')
  if (entity !== undefined) return entityValue(entity, context.entity)
  const group = ask('identity.groups.')
  if (group !== undefined) return groupValue(group, context)
  const time = ask('time.')
  return time === undefined ? { error: notFound } : timeValue(time, context.now)
}

function entityValue(selector: string, entity: Entity | undefined): Filled {
  if (entity === undefined) return { error: 'string contains entity template directives but no entity was provided' }
  if (selector === 'id') return text(entity.id)
  if (selector === 'name') return text(entity.name)
  if (selector.startsWith('metadata.')) return member(entity.metadata, selector.slice('metadata.'.length))
  return selector.startsWith('aliases.')
    ? aliasValue(selector.slice('aliases.'.length), entity.aliases ?? [])
    : { error: notFound }
}

function aliasValue(selector: string, aliases: readonly EntityAlias[]): Filled {
  const [accessor, field] = cut(selector)
  if (field === undefined) return { error: 'invalid alias selector' }
  const alias = aliases.find(({ mountAccessor }) => mountAccessor === accessor)
  if (alias === undefined) return { error: 'alias not found' }
  if (field === 'id') return text(alias.id)
  if (field === 'name') return text(alias.name)
  if (field.startsWith('metadata.')) return member(alias.metadata, field.slice('metadata.'.length))
  return field.startsWith('custom_metadata.')
    ? member(alias.customMetadata, field.slice('custom_metadata.'.length))
    : { error: notFound }
}

function groupValue(selector: string, { groups = [], namespace }: TemplateContext): Filled {
  if (groups.length === 0) return { error: 'string contains groups template directives but no groups were provided' }
  const [by, rest] = cut(selector)
  if (rest === undefined || (by !== 'ids' && by !== 'names')) return { error: 'invalid groups selector' }
  const [key, field] = cut(rest)
  if (field === undefined) return { error: 'invalid groups accessor' }
  const group = groups.find((one) =>
    by === 'ids' ? one.id === key : one.name === key && (one.namespace ?? namespace) === namespace,
  )
  if (group === undefined) return { error: `entity is not a member of group "${key}"` }
  if (field === 'id') return { text: group.id ?? '' }
  if (field === 'name') return text(group.name)
  return field.startsWith('metadata.') ? member(group.metadata, field.slice('metadata.'.length)) : { error: notFound }
}

/** Seconds since 1970: `now`, `now.plus.1h`, `now.minus.90`. */
function timeValue(selector: string, now: number): Filled {
  const [word, rest] = cut(selector)
  if (word !== 'now') return { error: `invalid time selector "${word}"` }
  if (rest === undefined) return { text: String(Math.floor(now / 1000)) }
  const [operator, operand] = cut(rest)
  if (operand === undefined) return { error: 'missing time operand' }
  const seconds = parseDuration(operand)
  if (seconds === undefined) return { error: 'invalid duration' }
  if (operator !== 'plus' && operator !== 'minus') return { error: `invalid time operator "${operator}"` }
  return { text: String(Math.floor(now / 1000 + (operator === 'plus' ? seconds : -seconds))) }
}

function text(value: string | undefined): Filled {
  return value === undefined || value === '' ? { error: notFound } : { text: value }
}

/** Metadata may be empty text, names and ids may not. */
function member(values: Readonly<Record<string, string>> | undefined, key: string): Filled {
  return values !== undefined && Object.hasOwn(values, key) ? { text: values[key] as string } : { error: notFound }
}

function cut(selector: string): readonly [string, string | undefined] {
  const dot = selector.indexOf('.')
  return dot < 0 ? [selector, undefined] : [selector.slice(0, dot), selector.slice(dot + 1)]
}
