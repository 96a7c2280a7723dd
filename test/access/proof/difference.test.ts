import { describe, expect, test } from 'vitest'
import { builtinPolicy } from '../../../src/access/acl/builtin.ts'
import { difference, equivalent } from '../../../src/access/proof/difference.ts'
import type { AccessReport } from '../../../src/core/access-effect.ts'
import { assumedServer } from '../../../src/core/version.ts'
import { model, policyText, type Sketch } from '../../support/access-models.ts'

function texts(before: Sketch, after: Sketch): string[] {
  return linesOf(difference(model(before), model(after)))
}

function linesOf({ effects, beyond }: AccessReport): string[] {
  return [
    ...effects.map(({ effect, text }) => `${effect}: ${text}`),
    ...beyond.map(({ reason }) => `beyond: ${reason}`),
  ]
}

const protectedRefs = { bound_claims: { project_id: '42', ref_protected: 'true' } }
const read = policyText({ 'ops/data/*': 'read' })

describe('the difference between two models', () => {
  test('a widened policy is a gain of the tokens that get it', () => {
    const roles = { ci: { ...protectedRefs, token_policies: ['p'] } }
    const after = { 'ops/data/*': 'read', 'ops/data/production/*': 'read update' }
    expect(texts({ roles, policies: { p: read } }, { roles, policies: { p: policyText(after) } })).toEqual([
      'gain: tokens of project 42 on protected refs gain update on ops/data/production/*',
    ])
  })

  test('a new role is what its tokens gain, and taking it away what they lose', () => {
    const roles = { ci: { ...protectedRefs, token_policies: ['p'], token_no_default_policy: null } }
    const policies = { p: read }
    expect(texts({ policies }, { policies, roles })).toEqual([
      'gain: tokens of project 42 on protected refs gain read on ops/data/*',
    ])
    expect(texts({ policies, roles }, { policies })).toEqual([
      'loss: tokens of project 42 on protected refs lose read on ops/data/*',
    ])
  })

  test('a role that admits more says what more', () => {
    const policies = { p: read }
    const role = (sources: readonly string[]) => ({
      ci: { bound_claims: { project_id: '42', pipeline_source: sources }, token_policies: ['p'] },
    })
    const [pushes, both] = [role(['push']), role(['push', 'merge_request_event'])]
    expect(texts({ policies, roles: pushes }, { policies, roles: both })).toEqual([
      'gain: role jwt/ci now admits merge-request pipelines: tokens of project 42 in merge-request pipelines gain read on ops/data/*',
    ])
    expect(texts({ policies, roles: both }, { policies, roles: pushes })).toEqual([
      'loss: role jwt/ci no longer admits merge-request pipelines: tokens of project 42 in merge-request pipelines lose read on ops/data/*',
    ])
  })

  test('a bound that goes lets in what it kept out', () => {
    const policies = { p: read }
    const role = (claims: Record<string, string>) => ({
      ci: { bound_claims: { project_id: '42', ...claims }, token_policies: ['p'] },
    })
    expect(texts({ policies, roles: role({ ref_protected: 'true' }) }, { policies, roles: role({}) })).toEqual([
      'gain: role jwt/ci now admits unprotected refs: tokens of project 42 on unprotected refs gain read on ops/data/*',
    ])
    expect(texts({ policies, roles: role({ environment: 'staging' }) }, { policies, roles: role({}) })).toEqual([
      'gain: role jwt/ci now admits environments other than staging, or none: tokens of project 42 for environments other than staging, or none, gain read on ops/data/*',
    ])
  })

  test('renaming a role or a policy, rewording, and moving rules between policies change nothing', () => {
    const before = {
      roles: { ci: { ...protectedRefs, token_policies: ['p'] } },
      policies: { p: policyText({ 'a/*': 'read', 'b/*': 'list' }) },
    }
    const after = {
      roles: { deploy: { ...protectedRefs, token_policies: ['q', 'r'] } },
      policies: { q: `# the same\n${policyText({ 'a/*': 'read' })}`, r: policyText({ 'b/*': 'list' }) },
    }
    expect(texts(before, after)).toEqual([])
    expect(equivalent(model(before), model(after))).toBe(true)
  })

  test('a role that gives what another one gives already adds nothing', () => {
    const policies = { p: read }
    const one = { any: { bound_claims: { project_id: '42' }, token_policies: ['p'] } }
    const two = { ...one, ci: { ...protectedRefs, token_policies: ['p'] } }
    expect(texts({ policies, roles: one }, { policies, roles: two })).toEqual([])
  })

  test('two roles that together give what the old one gave take nothing away', () => {
    const policies = { p: read }
    const whole = { ci: { bound_claims: { project_id: '42' }, token_policies: ['p'] } }
    const halves = Object.fromEntries(
      ['true', 'false'].map((value) => [
        `ci-${value}`,
        { bound_claims: { project_id: '42', ref_protected: value }, token_policies: ['p'] },
      ]),
    )
    expect(texts({ policies, roles: whole }, { policies, roles: halves })).toEqual([])
  })

  test('many roles that gain the same are one line', () => {
    const roles = Object.fromEntries(
      ['7', '42', '100'].map((id) => [
        `p${id}`,
        { bound_claims: { project_id: id, job_project_id: id }, token_policies: ['p'] },
      ]),
    )
    const [effect, ...more] = difference(
      model({ roles, policies: { p: read } }),
      model({ roles, policies: { p: policyText({ 'ops/data/*': 'read list' }) } }),
    ).effects
    expect(more).toEqual([])
    expect(effect?.text).toBe('tokens of projects 7, 42 and 100 gain list on ops/data/*')
    expect(effect?.roles).toEqual(['jwt-role/jwt/p100', 'jwt-role/jwt/p42', 'jwt-role/jwt/p7'])
    expect(effect?.claims).toHaveLength(3)
  })

  test('what changes only how is told apart from what is gained', () => {
    const role = (fields: Sketch['tune']) => ({ ci: { ...protectedRefs, token_policies: ['p'], ...fields } })
    const policies = { p: read }
    const before = { policies, roles: role({ token_ttl: 300, token_num_uses: 1 }) }
    const after = { policies, roles: role({ token_ttl: 3600, token_bound_cidrs: ['10.0.0.0/8'] }) }
    expect(texts(before, after)).toEqual([
      'change: tokens of role jwt/ci now can be got and used only from 10.0.0.0/8 instead of from anywhere',
      'change: tokens of role jwt/ci now can be used any number of times instead of once',
      'change: tokens of role jwt/ci now live 1h instead of 5m',
    ])
  })

  test('a TTL of the mount changes the tokens of the roles that have none of their own', () => {
    const roles = { a: { ...protectedRefs }, b: { ...protectedRefs, token_ttl: 60 } }
    expect(texts({ roles, tune: { default_lease_ttl: 300 } }, { roles, tune: { default_lease_ttl: 600 } })).toEqual([
      'change: tokens of role jwt/a now live 10m instead of 5m',
    ])
  })

  test('a demand on parameters is a change, not a gain', () => {
    const roles = { ci: { ...protectedRefs, token_policies: ['p'] } }
    const bare = 'path "a" { capabilities = ["update"] }'
    const bound = 'path "a" { capabilities = ["update"] required_parameters = ["ttl"] }'
    expect(texts({ roles, policies: { p: bare } }, { roles, policies: { p: bound } })).toEqual([
      'change: tokens of project 42 on protected refs now have update on a with required_parameters ttl',
    ])
  })

  test('the default policy is one line where it comes or goes alone', () => {
    const role = (without: boolean) => ({
      ci: { ...protectedRefs, token_policies: ['p'], token_no_default_policy: without },
    })
    const policies = { p: read }
    expect(texts({ policies, roles: role(true) }, { policies, roles: role(false) })).toEqual([
      'gain: tokens of project 42 on protected refs gain what the policy "default" grants',
    ])
  })

  test('nothing is concluded from a policy that is not known', () => {
    const roles = { ci: { ...protectedRefs, token_policies: ['mystery'] } }
    expect(texts({}, { roles })).toContain(
      'beyond: the policy "mystery" is not described here, so what it grants or hides is not known',
    )
    expect(texts({ roles }, { roles: { ci: { ...roles.ci, bound_subject: '' } } })).toEqual([])
  })

  describe('of a policy that no role names', () => {
    const roles = { ci: { ...protectedRefs, token_policies: ['p'] } }
    const unknown = 'no role here names it, so whose tokens gain or lose what it grants is not known'
    const sudo = policyText({ '*': 'create read update patch delete list sudo' })
    const report = (before: Sketch['policies'], after: Sketch['policies'], others: Sketch['roles'] = roles) =>
      difference(
        model({ roles: others, policies: { p: read, ...before } }),
        model({ roles: others, policies: { p: read, ...after } }),
      )
    const beyond = { effects: [], beyond: [{ about: 'policy/oncall', reason: unknown }] }

    test.each([
      ['changed', { oncall: read }, { oncall: sudo }],
      ['new', {}, { oncall: read }],
      ['gone', { oncall: read }, {}],
    ])('%s, it is not known who gains and who loses', (_, before, after) => {
      expect(report(before, after)).toEqual(beyond)
      expect(report(before, after, {})).toEqual(beyond)
    })

    test('nothing is said of a rewording, nor of one that grants nothing', () => {
      expect(report({ oncall: read }, { oncall: `# people\n${read}` })).toEqual({ effects: [], beyond: [] })
      expect(report({}, { oncall: '# nothing yet' })).toEqual({ effects: [], beyond: [] })
    })

    test('a role that names it on either side is what it is judged by', () => {
      const people = { ci: { ...protectedRefs, token_policies: ['p', ' OnCall '] } }
      expect(report({ oncall: read }, { oncall: sudo }, people).beyond).toEqual([])
      const taken = difference(
        model({ roles: people, policies: { p: read, oncall: read } }),
        model({ roles, policies: { p: read } }),
      )
      expect(taken.beyond).toEqual([])
    })

    test('default is everybody else’s where no role here has it', () => {
      const own = policyText({ 'auth/token/lookup-self': 'read' })
      expect(report({}, { default: own }).beyond).toEqual([{ about: 'policy/default', reason: unknown }])
      expect(report({}, { default: own }, { ci: { token_no_default_policy: false } }).beyond).toEqual([])
      expect(report({}, { default: builtinPolicy('default', assumedServer) }).beyond).toEqual([])
    })

    test('it is said beside what the roles gain', () => {
      const after = { p: policyText({ 'ops/data/*': 'read list' }), oncall: sudo }
      expect(texts({ roles, policies: { p: read, oncall: read } }, { roles, policies: after })).toEqual([
        'gain: tokens of project 42 on protected refs gain list on ops/data/*',
        `beyond: ${unknown}`,
      ])
    })

    test('each of a thousand is named', () => {
      const names = Array.from({ length: 1000 }, (_, i) => `people-${i}`)
      const all = (text: string) => Object.fromEntries(names.map((name) => [name, text]))
      const many = Object.fromEntries(names.map((name) => [name, { ...protectedRefs, token_policies: ['p'] }]))
      expect(report(all(read), all(sudo), many).beyond).toHaveLength(1000)
    })
  })

  test('a role that admits nobody gives nothing', () => {
    const policies = { p: read }
    const dead = { ci: { bound_claims: { project_id: 42 }, token_policies: ['p'] } }
    expect(texts({ policies }, { policies, roles: dead })).toEqual([])
  })

  test('another issuer is one gain and one loss, however many roles there are', () => {
    const roles = { a: { ...protectedRefs }, b: { bound_claims: { project_id: '7' } } }
    const config = (url: string) => ({ oidc_discovery_url: url, bound_issuer: url })
    expect(
      texts({ roles, config: config('https://a.example.com') }, { roles, config: config('https://b.example.com') }),
    ).toEqual([
      'gain: mount jwt now takes tokens of https://b.example.com, and they get what its 2 roles give',
      'loss: mount jwt no longer takes tokens of https://a.example.com',
    ])
  })

  test('moving a role to another mount of the same issuer changes nothing', () => {
    const roles = { ci: { ...protectedRefs, token_policies: ['p'] } }
    const policies = { p: read }
    expect(texts({ roles, policies, mount: 'jwt' }, { roles, policies, mount: 'gitlab' })).toEqual([])
  })

  test('a path for whoever the token belongs to is named as it is written', () => {
    const roles = { ci: { ...protectedRefs, token_policies: ['p'] } }
    const policies = { p: policyText({ 'own/{{identity.entity.name}}/*': 'read' }) }
    expect(texts({ policies }, { policies, roles })).toEqual([
      'gain: tokens of project 42 on protected refs gain read on own/{{identity.entity.name}}/*',
    ])
  })
})

describe('paths that depend on whose token it is', () => {
  const everything = 'path "kv/*" { capabilities = ["read", "update"] }\n'
  const own = (...capabilities: string[]) =>
    `path "kv/{{identity.entity.name}}/*" { capabilities = ${JSON.stringify(capabilities)} }\n`
  const doubt = (policy: string) =>
    `beyond: the policy "${policy}" has the path "kv/{{identity.entity.name}}/*", and for whom it is filled in is not known`
  const roles = { ci: { ...protectedRefs, token_policies: ['p'] } }
  const named = (...policies: string[]) => ({ ci: { ...protectedRefs, token_policies: policies } })
  const changed = (before: string, after: string) =>
    texts({ roles, policies: { p: before } }, { roles, policies: { p: after } })

  test.each([
    ['that denies goes', everything + own('deny'), everything],
    ['that denies comes', everything, everything + own('deny')],
    ['that grants nothing goes', everything + own(), everything],
    ['that grants less than what it hides goes', everything + own('read'), everything],
    ['that grants less than what it hides comes', everything, everything + own('read')],
  ])('a block %s: what it hid or hides is not known, and not called nothing', (_, before, after) => {
    expect(changed(before, after)).toEqual([doubt('p')])
  })

  test('a deny that may have hidden what such a block grants comes or goes: not known either', () => {
    const deny = 'path "kv/team/x" { capabilities = ["deny"] }\n'
    expect(changed(own('read') + deny, own('read'))).toEqual([doubt('p')])
    expect(changed(own('read'), own('read') + deny)).toEqual([doubt('p')])
  })

  test('a role that no longer has the policy with such a deny', () => {
    const policies = { p: everything, d: own('deny') }
    expect(texts({ roles: named('p', 'd'), policies }, { roles: named('p'), policies })).toEqual([doubt('d')])
  })

  test('a block that nothing touches is told as it is written', () => {
    expect(changed(own('read'), own('deny'))).toEqual([
      'loss: tokens of project 42 on protected refs lose read on kv/{{identity.entity.name}}/*',
    ])
  })

  test('the same block in other words, or beside a change elsewhere, is no change', () => {
    expect(changed(own('read', 'list'), own('list', 'read'))).toEqual([])
    expect(changed(own('read'), own('read').replace('"kv/', '"/kv/'))).toEqual([])
    expect(changed(own('read') + read, own('read'))).toEqual([
      'loss: tokens of project 42 on protected refs lose read on ops/data/*',
    ])
  })

  test('another role through which the token belongs to somebody else may open another path', () => {
    const person = { ...protectedRefs, user_claim: 'user_login', token_policies: ['p'] }
    const policies = { p: own('read') }
    expect(texts({ roles, policies }, { roles: { ...roles, person }, policies })).toEqual([doubt('p')])
  })
})

test('that somebody can now log in is shown by a token that could not', () => {
  const role = (refs: readonly string[]) => ({ bound_claims: { project_id: '42', ref: refs } })
  const other = { bound_claims: { project_id: '42', ref: 'v1' }, token_no_default_policy: true }
  const { effects } = difference(
    model({ roles: { ci: role(['main']), other } }),
    model({ roles: { ci: role(['main', 'v1', 'v2']), other } }),
  )
  expect(effects.map(({ witness }) => witness?.claims['ref'])).toEqual(['v2'])
})
