import { patternOf } from '../../../src/access/policy/pattern.ts'
import type { Capability, PathRule, Policy } from '../../../src/access/policy/policy.ts'

type Rest = Partial<Omit<PathRule, 'capabilities' | 'written'>>

/** A block as the parser would give it, without a text: `rule('a/*', 'read update')`. */
export function rule(path: string, capabilities: string, rest: Rest = {}): PathRule {
  const key = patternOf(path, '')
  if ('error' in key) throw new Error(key.error)
  const words = capabilities === '' ? [] : (capabilities.split(' ') as Capability[])
  return {
    written: path,
    ...key,
    capabilities: new Set(words.includes('deny') ? ['deny'] : words),
    templated: path.includes('{{'),
    position: { line: 1, column: 1 },
    ...rest,
  }
}

export function policy(name: string, ...rules: readonly PathRule[]): Policy {
  return { name, rules }
}
