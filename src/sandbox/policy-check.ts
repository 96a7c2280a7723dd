import type { Product } from '../core/server.ts'
import { severalErrors } from './answers.ts'
import { durationOf } from './durations.ts'
import { type Item, parseHcl } from './hcl.ts'

/** Why the server would not take a policy, in its words (vault policy.go); undefined when it would. */
export function policyProblem(text: string, product: Product): string | undefined {
  // Policies in JSON are taken as they are.
  if (text.trim().startsWith('{')) return undefined
  const parsed = parseHcl(text)
  if (parsed === 'unread') return undefined
  if ('error' in parsed) return parsed.error
  // OpenBao tolerates a key that stands twice.
  const twice = product === 'vault' ? repeated(parsed.items) : undefined
  if (twice !== undefined) return twice
  const strange = invalidKeys(parsed.items, ['name', 'path'], '')
  if (strange !== undefined) return strange
  for (const item of parsed.items) {
    const problem = item.key === 'path' ? pathProblem(item, product) : undefined
    if (problem !== undefined) return problem
  }
  return undefined
}

const keys = {
  both: 'comment policy capabilities allowed_parameters denied_parameters required_parameters min_wrapping_ttl max_wrapping_ttl mfa_methods',
  vault: 'control_group subscribe_event_types',
  openbao: 'pagination_limit expiration list_scan_response_keys_filter_path',
}

const capabilities = {
  both: 'create read update delete list sudo patch',
  vault: 'subscribe recover',
  openbao: 'scan',
}

function known(table: typeof keys, product: Product): string[] {
  return `${table.both} ${table[product]}`.split(' ')
}

function repeated(items: readonly Item[]): string | undefined {
  const seen = new Set<string>()
  for (const { key, line, position, value } of items) {
    if (line > 0 && seen.has(key))
      return `The argument ${JSON.stringify(key)} at ${position} was already set. Each argument can only be defined once`
    if (line > 0) seen.add(key)
    const inner = value.kind === 'object' ? repeated(value.items) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}

function invalidKeys(items: readonly Item[], valid: readonly string[], prefix: string): string | undefined {
  const strange = items.filter(({ key }) => !valid.includes(key))
  if (strange.length === 0) return undefined
  return severalErrors(...strange.map(({ key, line }) => `${prefix}invalid key ${JSON.stringify(key)} on line ${line}`))
}

function pathProblem({ label, key, value }: Item, product: Product): string | undefined {
  const quoted = JSON.stringify(label ?? key)
  const prefix = `path ${quoted}: `
  if (value.kind !== 'object') return `${prefix}cannot check HCL keys of type *ast.LiteralType`
  if (label === undefined) return undefined
  const strange = invalidKeys(value.items, known(keys, product), prefix)
  if (strange !== undefined) return strange
  if (label.split('{{').length !== label.split('}}').length)
    return 'failed to validate policy templating: unbalanced templating characters'
  if (label.includes('+*')) return `${prefix}invalid use of wildcards ('+*' is forbidden)`
  return ruleProblem(value.items, product, prefix)
}

function ruleProblem(items: readonly Item[], product: Product, prefix: string): string | undefined {
  const find = (name: string) => items.find(({ key }) => key === name)?.value
  const [shorthand, granted] = [find('policy'), find('capabilities')]
  if (shorthand?.kind === 'literal') {
    if (shorthand.text === 'deny') return undefined
    if (!['read', 'write', 'sudo'].includes(shorthand.text))
      return `${prefix}invalid policy ${JSON.stringify(shorthand.text)}`
  }
  if (granted?.kind === 'literal') return `${prefix}At ${granted.position}: unknown slice type: *ast.LiteralType`
  for (const capability of granted?.kind === 'list' ? granted.items : []) {
    // Nothing after a deny is looked at.
    if (capability === 'deny') return undefined
    if (!known(capabilities, product).includes(capability))
      return `${prefix}invalid capability ${JSON.stringify(capability)}`
  }
  return wrappingProblem(find)
}

function wrappingProblem(find: (name: string) => Item['value'] | undefined): string | undefined {
  const limits = ['min_wrapping_ttl', 'max_wrapping_ttl'].map((name) => {
    const value = find(name)
    return { name, result: durationOf(value?.kind === 'literal' ? value.text : null) }
  })
  for (const { name, result } of limits) if ('error' in result) return `error parsing ${name}: ${result.error}`
  const [min, max] = limits.map(({ result }) => ('seconds' in result ? result.seconds : 0)) as [number, number]
  return max !== 0 && max < min ? 'max_wrapping_ttl cannot be less than min_wrapping_ttl' : undefined
}
