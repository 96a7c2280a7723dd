import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Operation } from '../../../src/access/acl/decision.ts'
import { contains } from '../../../src/access/claims/box.ts'
import type { AccessModel } from '../../../src/access/model.ts'
import { canAny } from '../../../src/access/proof/can.ts'
import { difference } from '../../../src/access/proof/difference.ts'
import { whoCan } from '../../../src/access/proof/reach.ts'
import type { AccessBeyond, AccessEffect, ClaimWords } from '../../../src/core/access-effect.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { canByAnyRole, confirms, loginRights, requestOf } from '../../support/access-decided.ts'
import { model, policyText } from '../../support/access-models.ts'
import { cases, seed } from '../../support/generated.ts'

const common = {
  iss: 'https://gitlab.example.com',
  aud: 'https://vault.example.com',
  user_id: '1',
}

/** All tokens that the roles below can tell apart. */
const tokens: readonly JsonObject[] = ['1', '2', '3'].flatMap((project_id) =>
  ['true', 'false'].flatMap((ref_protected) =>
    [undefined, 'production', 'staging', 'review/1'].flatMap((environment) =>
      [undefined, ['a'], ['b'], ['a', 'b']].map((groups_direct) => ({
        ...common,
        project_id,
        ref_protected,
        ...(environment && { environment }),
        ...(groups_direct && { groups_direct }),
      })),
    ),
  ),
)

const paths = ['a', 'b', 'a/', 'a/b', 'a/a', 'b/a', 'a/b/', 'a/b/c', 'a/a/c', 'ab', 'a/c/b', 'c', 'a/b/c/']
const operations: readonly Operation[] = ['read', 'update', 'list']

const rules = fc.dictionary(
  fc.constantFrom('a', 'a/*', 'a/b', 'a/+', 'a/+/c', '*', 'a/b/*', '+/a', 'a*', 'b/*'),
  fc.constantFrom('read', 'read list', 'update', 'read update list', 'deny', ''),
  { minKeys: 1, maxKeys: 3, noNullPrototype: true },
)
const policies = fc
  .record({ p: rules, q: rules, r: rules })
  .map((texts) => Object.fromEntries(Object.entries(texts).map(([name, rule]) => [name, policyText(rule)])))

const bound = {
  project_id: fc.constantFrom<readonly string[]>(['1'], ['2'], ['1', '2']),
  ref_protected: fc.constantFrom<readonly string[]>(['true'], ['false'], ['true', 'false']),
  environment: fc.constantFrom<readonly string[]>(['production'], ['staging', 'production'], ['review/*'], ['*']),
  groups_direct: fc.constantFrom<readonly string[]>(['a'], ['b'], ['a', 'b']),
}
const role = fc.record({
  bound_claims: fc.record(bound, { requiredKeys: ['project_id'] }),
  bound_claims_type: fc.constantFrom('glob', 'string'),
  token_policies: fc.constantFrom(['p'], ['q'], ['p', 'q'], ['r'], []),
})
const roles = fc.dictionary(fc.constantFrom('x', 'y', 'z'), role, { maxKeys: 3, noNullPrototype: true })
const anyModel = fc
  .tuple(
    roles,
    policies,
    fc.constantFrom(
      { product: 'vault', version: '1.21.0' } as const,
      { product: 'openbao', version: '2.6.1' } as const,
    ),
  )
  .map(([roles, policies, server]) => ({ roles, policies, server }))
const pair = fc.tuple(anyModel, anyModel, fc.boolean()).map(([a, b, samePolicies]) => {
  return [model(a), model({ ...b, server: a.server, policies: samePolicies ? a.policies : b.policies })] as const
})

interface Access {
  readonly claims: JsonObject
  readonly operation: Operation
  readonly path: string
}

function* everything(): Generator<Access> {
  for (const claims of tokens) {
    for (const operation of operations) {
      for (const path of paths) if (operation !== 'list' || path.endsWith('/')) yield { claims, operation, path }
    }
  }
}

/** Everything that any token can do through any role, one by one. */
function allOf(model: AccessModel): ReadonlySet<string> {
  const can = new Set<string>()
  for (const one of everything()) if (canByAnyRole(model, one.claims, one)) can.add(JSON.stringify(one))
  return can
}

const isVague = (path: string) => path.startsWith('part of ')

function covers(effect: AccessEffect, { claims, operation, path }: Access): boolean {
  if (effect.capabilities?.includes(operation) !== true) return false
  const held = effect.claims.some((box) => contains(new Map(Object.entries<ClaimWords>(box)), claims))
  return held && (effect.paths?.some((text) => means(text, path, operation === 'list')) ?? false)
}

function means(text: string, path: string, lists: boolean): boolean {
  const [whole = '', except] = text.replace(/^part of /, '').split(' except ')
  const matches = (pattern: string) => {
    const open = pattern.endsWith('*')
    const parts = (open ? pattern.slice(0, -1) : pattern).split('/').map((part) => (part === '+' ? '[^/]*' : part))
    const expression = new RegExp(`^${parts.join('/')}${open ? '.*' : ''}$`)
    return expression.test(path) || (lists && expression.test(path.replace(/\/$/, '')))
  }
  return matches(whole) && !(except?.split(', ').some(matches) ?? false)
}

const options = { numRuns: cases(60), seed: seed() }

describe('against every token, path and capability one by one', () => {
  test('gains and losses are all there are, but for policies that no role names, and each is shown by a token and a request', () => {
    let differing = 0
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const { effects, beyond } = difference(before, after)
        expectUnclaimed(beyond, before, after)
        const [old, now] = [allOf(before), allOf(after)]
        for (const one of everything()) {
          const key = JSON.stringify(one)
          const really = { gain: now.has(key) && !old.has(key), loss: old.has(key) && !now.has(key) }
          for (const direction of ['gain', 'loss'] as const) {
            const telling = effects.filter((effect) => effect.effect === direction && covers(effect, one))
            if (really[direction] && telling.length === 0) throw new Error(`${direction} of ${key} is not said`)
            const precise = telling.find(({ text, paths }) => !text.startsWith('role ') && !paths?.some(isVague))
            if (!really[direction] && precise) throw new Error(`${direction} of ${key} is none, but: ${precise.text}`)
          }
          if (really.gain || really.loss) differing++
        }
        expect(new Set(effects.map(({ effect, text }) => `${effect} ${text}`)).size).toBe(effects.length)
        for (const effect of effects) {
          expectShown(effect, before, after)
          expectNamed(effect, effect.effect === 'loss' ? before : after)
        }
      }),
      options,
    )
    expect(differing).toBeGreaterThan(cases(60) * 10)
  })

  test('a question is answered "never" only where nothing can, and else by something that can', () => {
    const answers = { never: 0, counterexample: 0, beyond: 0 }
    const questions = fc.record({
      protectedRef: fc.constantFrom('true', 'false'),
      environment: fc.option(fc.constantFrom('production', 'staging')),
      operation: fc.constantFrom(...operations),
      pattern: fc.constantFrom('a/*', 'a/b', '+/a', 'a/+/c', 'c', '*'),
    })
    fc.assert(
      fc.property(anyModel, questions, (sketch, { protectedRef, environment, operation, pattern }) => {
        const asked = model(sketch)
        const claims = [
          { claim: 'ref_protected', oneOf: [protectedRef] },
          ...(environment === null ? [] : [{ claim: 'environment', noneOf: [environment] }]),
        ]
        const found = canAny(asked, { claims, capabilities: [operation], paths: pattern })
        answers[found.answer]++
        const really = [...everything()].some(
          (one) =>
            one.operation === operation &&
            one.claims['ref_protected'] === protectedRef &&
            (environment === null || one.claims['environment'] !== environment) &&
            means(pattern, one.path, operation === 'list') &&
            canByAnyRole(asked, one.claims, one),
        )
        if (really) expect(found.answer).toBe('counterexample')
        if (found.answer !== 'counterexample') return
        const { counterexample } = found
        expect(confirms(asked, counterexample)).toBe(true)
        expect(counterexample.claims['ref_protected']).toBe(protectedRef)
        if (environment !== null) expect(counterexample.claims['environment']).not.toBe(environment)
        expect(means(pattern, counterexample.path, operation === 'list')).toBe(true)
      }),
      { ...options, numRuns: cases(300) },
    )
    expect(answers.never).toBeGreaterThan(cases(300) / 20)
    expect(answers.counterexample).toBeGreaterThan(cases(300) / 20)
  })

  test('who can do something is every role through which a token can, and no other', () => {
    fc.assert(
      fc.property(
        anyModel,
        fc.constantFrom(...operations),
        fc.constantFrom('a/*', 'a/b', 'a/+/c', '*'),
        (sketch, operation, pattern) => {
          const asked = model(sketch)
          const { roles, beyond } = whoCan(asked, operation, pattern)
          expect(beyond).toEqual([])
          for (const { witness } of roles) expect(confirms(asked, witness)).toBe(true)
          const named = new Set(roles.map(({ witness: { role } }) => role))
          for (const { path, claims, operation: other } of everything()) {
            if (other !== operation || !means(pattern, path, operation === 'list')) continue
            for (const name of asked.mounts.get('jwt')?.roles.keys() ?? []) {
              const only = { ...asked, mounts: new Map([['jwt', onlyRole(asked, name)]]) }
              if (!named.has(name)) expect(canByAnyRole(only, claims, { operation, path })).toBe(false)
            }
          }
        },
      ),
      { ...options, numRuns: cases(40) },
    )
  })
})

function onlyRole(asked: AccessModel, name: string) {
  const mount = asked.mounts.get('jwt') as NonNullable<ReturnType<AccessModel['mounts']['get']>>
  return { ...mount, roles: new Map([...mount.roles].filter(([other]) => other === name)) }
}

/** Only policies that no role names are left open, and of those all that make a difference to whoever has them. */
function expectUnclaimed(beyond: readonly AccessBeyond[], before: AccessModel, after: AccessModel): void {
  const models = [before, after]
  const rolesOf = ({ mounts }: AccessModel) => [...(mounts.get('jwt')?.roles.values() ?? [])]
  const named = new Set(models.flatMap(rolesOf).flatMap(({ role }) => role['token_policies'] as readonly string[]))
  const said = beyond.map(({ about = '' }) => about.replace('policy/', ''))
  const text = (model: AccessModel, name: string) => model.policies.get(name)?.text
  for (const name of said) {
    expect(named).not.toContain(name)
    expect(text(before, name)).not.toBe(text(after, name))
  }
  for (const name of ['p', 'q', 'r'])
    if (!named.has(name) && grantedBy(name, before) !== grantedBy(name, after)) expect(said).toContain(name)
}

/** All that anybody can do who has this policy. */
function grantedBy(name: string, { server, policies }: AccessModel): string {
  const texts = Object.fromEntries([...policies].map(([other, { text }]) => [other, text]))
  const alone = model({ server, policies: texts, roles: { any: { token_policies: [name] } } })
  const claims = { ...common, project_id: '1' }
  return JSON.stringify(
    operations.map((operation) => paths.filter((path) => canByAnyRole(alone, claims, { operation, path }))),
  )
}

/** A line names the projects of the roles that it is about, or the roles themselves. */
function expectNamed({ roles, text }: AccessEffect, { mounts }: AccessModel): void {
  const named = roles.some((address) => {
    const name = address.replace('jwt-role/jwt/', '')
    const claims = mounts.get('jwt')?.roles.get(name)?.role['bound_claims'] as {
      readonly project_id: readonly string[]
    }
    return text.includes(`jwt/${name}`) || claims.project_id.some((id) => text.includes(id))
  })
  expect(named, text).toBe(true)
}

/** A gain is possible after and not before, a loss the other way round, whichever role is used. */
function expectShown(effect: AccessEffect, before: AccessModel, after: AccessModel): void {
  const { witness, text } = effect
  if (witness === undefined) throw new Error(`no witness: ${text}`)
  const [has, lacks] = effect.effect === 'loss' ? [before, after] : [after, before]
  expect(confirms(has, witness), `${text}: ${JSON.stringify(witness)}`).toBe(true)
  if (effect.effect === 'change') return
  const request = requestOf(witness)
  if (request !== undefined) expect(canByAnyRole(lacks, witness.claims, request), text).toBe(false)
  else {
    const names = [...(lacks.mounts.get('jwt')?.roles.keys() ?? [])]
    expect(
      names.some((name) => loginRights(lacks, 'jwt', name, witness.claims) !== undefined),
      text,
    ).toBe(false)
  }
}
