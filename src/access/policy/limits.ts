import { HclError } from '../hcl/errors.ts'
import { goLower } from '../hcl/go-text.ts'
import type { GoValue } from '../hcl/go-value.ts'
import { atField, type Block, textIn, textsIn } from './block.ts'
import { checkControlGroup } from './control-group.ts'
import { durationOf } from './duration.ts'
import { checkKeyFilter } from './key-filter.ts'
import type { ParameterValue, ParameterValues, PathRule } from './policy.ts'

/** What a rule says besides its path and its capabilities. */
export type Limits = Pick<
  PathRule,
  | 'allowedParameters'
  | 'deniedParameters'
  | 'requiredParameters'
  | 'minWrappingTtl'
  | 'maxWrappingTtl'
  | 'mfaMethods'
  | 'controlGroup'
  | 'subscribeEventTypes'
  | 'paginationLimit'
  | 'listScanResponseKeysFilterPath'
>

/** In the server's order, which decides what of several mistakes it names. `granted` are the capabilities as listed. */
export function limitsOf(block: Block, granted: readonly string[]): Limits {
  const [min, max] = [ttlIn(block, 'min_wrapping_ttl'), ttlIn(block, 'max_wrapping_ttl')]
  atField(block, 'control_group', () => checkControlGroup(block.values.get('control_group'), granted))
  if (min !== 0n && max !== 0n && max < min)
    atField(block, 'max_wrapping_ttl', () => refuse('max_wrapping_ttl cannot be less than min_wrapping_ttl'))
  return {
    ...parametersIn(block, 'allowed_parameters', 'allowedParameters'),
    ...parametersIn(block, 'denied_parameters', 'deniedParameters'),
    ...listIn(block, 'required_parameters', 'requiredParameters'),
    ...(min === 0n ? {} : { minWrappingTtl: inSeconds(min) }),
    ...(max === 0n ? {} : { maxWrappingTtl: inSeconds(max) }),
    ...listIn(block, 'mfa_methods', 'mfaMethods'),
    ...controlGroupIn(block),
    ...listIn(block, 'subscribe_event_types', 'subscribeEventTypes'),
    ...keyFilterIn(block, granted),
    ...paginationIn(block),
  }
}

function refuse(message: string): never {
  throw new HclError(message)
}

function ttlIn(block: Block, field: string): bigint {
  return atField(block, field, () => durationOf(block.values.get(field), field))
}

function inSeconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e9
}

function listIn(block: Block, field: string, name: keyof Limits): Limits {
  const texts = textsIn(block, field)
  return texts.length === 0 ? {} : { [name]: texts }
}

function controlGroupIn({ values }: Block): Limits {
  const group = values.get('control_group')
  return group === undefined ? {} : { controlGroup: parameterValue(group) }
}

function paginationIn({ values }: Block): Limits {
  const limit = values.get('pagination_limit')
  return limit?.is === 'int' && limit.value !== 0n ? { paginationLimit: Number(limit.value) } : {}
}

function keyFilterIn(block: Block, granted: readonly string[]): Limits {
  const field = 'list_scan_response_keys_filter_path'
  const template = textIn(block, field)
  if (template === '') return {}
  atField(block, field, () => {
    if (!granted.includes('list')) refuse(`${field} needs to be used on a path with the list capability`)
    checkKeyFilter(template)
  })
  return { listScanResponseKeysFilterPath: template }
}

function parametersIn({ values }: Block, field: string, name: keyof Limits): Limits {
  const parameters = values.get(field)
  if (parameters?.is !== 'map') return {}
  const found = new Map<string, readonly ParameterValue[]>()
  for (const [key, list] of parameters.entries)
    found.set(goLower(key), list.is === 'list' ? list.items.map(parameterValue) : [])
  return { [name]: found satisfies ParameterValues }
}

/** Lists of blocks are a type that no request's JSON has. */
function parameterValue(value: GoValue): ParameterValue {
  switch (value.is) {
    case 'string':
    case 'bool':
      return value.value
    case 'int':
    case 'float':
      return Number(value.value)
    case 'list':
      return value.of.is === 'map' ? Number.NaN : value.items.map(parameterValue)
    case 'map':
      return members(value.entries)
    case 'struct':
      return members(value.values)
  }
}

function members(values: ReadonlyMap<string, GoValue>): ParameterValue {
  return Object.fromEntries([...values].map(([key, item]) => [key, parameterValue(item)]))
}
