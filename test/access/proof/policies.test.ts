import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildAcl, rulesOf } from '../../../src/access/acl/acl.ts'
import { builtinPolicy } from '../../../src/access/acl/builtin.ts'
import type { MergedRule } from '../../../src/access/acl/decision.ts'
import { comparePaths, type PathComparison, type PathPiece } from '../../../src/access/paths/compare.ts'
import { patternKey } from '../../../src/access/paths/pattern.ts'
import { compareTouching, type Place } from '../../../src/access/paths/touching.ts'
import { parsePolicy } from '../../../src/access/policy/parse.ts'
import { policyStore } from '../../../src/access/proof/policies.ts'
import type { ServerVersion } from '../../../src/core/version.ts'
import { model, policyText } from '../../support/access-models.ts'
import { cases, seed } from '../../support/generated.ts'

const servers: readonly ServerVersion[] = [
  { product: 'vault', version: '1.21.0' },
  { product: 'vault', version: '1.15.0' },
  { product: 'openbao', version: '2.6.1' },
]

type Policies = Readonly<Record<string, string>>

/** Every rule of every token at once, as if all of them touched. */
function inFull(server: ServerVersion, policies: Policies, tokens: readonly (readonly string[])[]): PathComparison {
  const rules = tokens.map((names) =>
    rulesOf(
      buildAcl(
        names.map((name) => parsed(server, policies, name)),
        server,
      ),
    ),
  )
  const places = new Map<string, Place & { readonly rules: (MergedRule | undefined)[] }>()
  for (const [i, some] of rules.entries())
    for (const rule of some) {
      const { match, pattern } = rule
      const place = places.get(patternKey(rule)) ?? { match, pattern, rules: tokens.map(() => undefined) }
      place.rules[i] = rule
      places.set(patternKey(rule), place)
    }
  return compareTouching([server, ...tokens.slice(1).map(() => server)], [...places.values()])
}

function parsed(server: ServerVersion, policies: Policies, name: string) {
  const text = policies[name] ?? builtinPolicy('default', server)
  const result = parsePolicy(name, text, server)
  if ('refused' in result) throw new Error(result.refused.errors.join())
  const { policy } = result
  return { ...policy, rules: policy.rules.filter(({ templated }) => !templated) }
}

/** As plans do it: policy by policy, and only what touches. */
function inParts(server: ServerVersion, policies: Policies, tokens: readonly (readonly string[])[]): PathComparison {
  const store = policyStore()
  const asked = model({ server, policies })
  const [first, ...others] = tokens.map((names) => store.grantsFor(asked, names).grants)
  if (first === undefined) throw new Error('no token')
  return comparePaths(first, others)
}

function said(pieces: readonly PathPiece[]): readonly string[] {
  return pieces.map(({ capability, path, demands = '' }) => `${capability} on ${path} ${demands}`).sort()
}

const part = fc.constantFrom('a', 'b', '+', 'ab', 'sys', 'tools', 'auth')
const pattern = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '*', '/*', '/', '/b'))
  .map(([parts, end]) => (parts.at(-1) === '+' && end === '*' ? parts.join('/') : parts.join('/') + end))
const capabilities = fc.constantFrom('read', 'list', 'read list', 'update sudo', 'read update list', 'deny', '')
const wrapped = fc
  .tuple(pattern, fc.constantFrom(30, 60))
  .map(([path, ttl]) => `path "${path}" { capabilities = ["read"] min_wrapping_ttl = ${ttl} }`)
const text = fc
  .tuple(
    fc.dictionary(pattern, capabilities, { minKeys: 1, maxKeys: 3, noNullPrototype: true }).map(policyText),
    fc.array(wrapped, { maxLength: 1 }),
  )
  .map((texts) => texts.flat().join('\n'))
const names = fc.subarray(['default', 'p', 'q', 'r'], { minLength: 1 })

describe('policies in parts', () => {
  test('what one token has and others have not is the same, looked at in parts and as a whole', () => {
    let pieces = 0
    fc.assert(
      fc.property(
        fc.record({ p: text, q: text, r: text }),
        names,
        fc.array(names, { maxLength: 2 }),
        fc.constantFrom(...servers),
        (policies, first, others, server) => {
          const tokens = [first, ...others]
          const [parts, full] = [inParts(server, policies, tokens), inFull(server, policies, tokens)]
          expect(said(parts.gained)).toEqual(said(full.gained))
          expect(said(parts.altered)).toEqual(said(full.altered))
          pieces += parts.gained.length
        },
      ),
      { numRuns: cases(150), seed: seed() },
    )
    expect(pieces).toBeGreaterThan(cases(150))
  })

  test('policies that touch are merged in the order of their names, whatever a role calls first', () => {
    const [server] = servers as readonly [ServerVersion]
    const policies = { p: policyText({ 'a/*': 'read' }), q: policyText({ 'a/*': 'update', 'a/b': 'deny' }) }
    const { grants } = policyStore().grantsFor(model({ server, policies }), ['p', 'q'])
    expect(grants.parts).toHaveLength(1)
    const rule = grants.rules.find(({ pattern }) => pattern === 'a/')
    expect([...(rule?.capabilities ?? [])].sort()).toEqual(['read', 'update'])
    expect(rule?.from.map(({ policy }) => policy.name)).toEqual(['p', 'q'])
  })

  test('tokens share what they have of one policy', () => {
    const policies = { p: policyText({ 'a/*': 'read' }), q: policyText({ 'b/*': 'read' }) }
    const [store, asked] = [policyStore(), model({ policies })]
    const [one, two] = [
      ['default', 'p'],
      ['default', 'q'],
    ].map((names) => store.grantsFor(asked, names).grants)
    const common = one?.parts.filter((part) => two?.parts.includes(part))
    expect(common).toHaveLength((one?.parts.length ?? 0) - 1)
  })
})
