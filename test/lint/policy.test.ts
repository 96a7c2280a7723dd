import { describe, expect, test } from 'vitest'
import type { SecretUse } from '../../src/core/configuration.ts'
import { rules } from '../../src/lint/index.ts'
import type { Finding } from '../../src/lint/rule.ts'
import { subjectOf, type World } from './glv.ts'

const password: SecretUse = { engine: 'kv-v2', mount: 'ops', path: 'app/db', field: 'password' }
const legacy: SecretUse = { engine: 'kv-v1', mount: 'old', path: 'app', field: 'password' }

/** Findings of the policy rules in one policy, which the role "ci" names. */
function findingsIn(text: string, world: World = {}): (Finding & { readonly id: string })[] {
  const subject = subjectOf({
    role: { token_policies: ['app'] },
    secrets: { PASSWORD: password, LEGACY: legacy },
    ...world,
    policies: { app: text, ...world.policies },
  })
  const policyRules = rules.filter(({ id }) => id.startsWith('VWP'))
  return policyRules.flatMap((rule) => [...rule.check(subject)].map((finding) => ({ ...finding, id: rule.id })))
}

const idsIn = (text: string, world?: World) => findingsIn(text, world).map(({ id }) => id)
const block = (path: string, capabilities: string) => `path "${path}" { capabilities = [${capabilities}] }\n`
const reading = (path: string) => block(path, '"read"')

describe.each([
  [
    'VWP01',
    'a path that no request can have',
    ['//x', '/ops//x', 'a//b/*', 'a/./b', '../a', 'v1/ops/data/x', '/v1/a', ''],
  ],
  ['VWP02', '"*" that is no wildcard', ['ops/data/*/db', 'ops/data/a*b', 'ops/data/**', '+/*/a']],
  ['VWP03', '"+" that is no wildcard', ['ops/data/app-+/db', 'ops/data/+db', 'ops/data/a+b', '+a/b']],
  ['VWP04', 'a regular expression', ['ops/data/.*', 'a/(b|c)', 'a/[bc]', 'a/b?', '^a/b', 'a/b$', 'a/{b,c}']],
  ['VWP05', 'a slash at the end', ['ops/data/app/', 'a/+/']],
  ['VWP10', 'a rule for every path', ['*', '/*', '+/*', '+/+/*']],
  ['VWP11', 'a kv-v2 path without data/', ['ops/app/db', 'ops/app/*', 'ops/app', '/ops/app/+', 'ops/app*']],
])('%s: %s', (id, _title, paths) => {
  test.each(paths)('is found in %j', (path) => {
    expect(idsIn(reading(path))).toContain(id)
  })
})

describe.each([
  ['VWP01', ['/ops/data/x', 'a.b/..c/d', 'v1x/a', 'secret/v1/a', 'a/']],
  ['VWP02', ['ops/data/*', 'ops/data/app*', 'ops/data/+/db', 'a/+/*']],
  ['VWP03', ['+', '+/a', 'a/+', 'a/+/b', 'a/+/b*']],
  ['VWP04', ['a/b.c', 'a/b-c_d', 'a/{{identity.entity.id}}/b', 'a/b=c,d', 'auth/token/lookup-self']],
  ['VWP05', ['ops/data/app', 'ops/data/app/*']],
  ['VWP10', ['ops/*', 'o*', '+', '+/data/*', '+/a*']],
  [
    'VWP11',
    [
      'ops/data/app',
      'ops/*',
      'ops/d*',
      'ops/+/app',
      'ops/metadata/app',
      'opsy/app',
      'old/app',
      'ops/data*',
      'ops/{{identity.entity.id}}/a',
    ],
  ],
])('%s finds nothing', (id, paths) => {
  test.each(paths)('in %j', (path) => {
    expect(idsIn(reading(path))).not.toContain(id)
  })
})

test('VWP11 names the jobs that it costs their secret, and GLV30 leaves that block to it', () => {
  const text = reading('ops/app/*')
  const more: SecretUse = { ...password, path: 'app/other' }
  const world = { role: { token_policies: ['app'] }, policies: { app: text }, secrets: { A: password, B: more } }
  const found = rules.flatMap(({ id, check }) => (id === 'GLV30' || id === 'VWP11' ? [...check(subjectOf(world))] : []))
  expect(found.map(({ message }) => message)).toEqual([
    '"ops/app/*" is no path of kv-v2, which the mount "ops" is: behind it comes "data/"; jobs of role jwt/ci read the secret A at "ops/data/app/db" and are refused, and 1 more',
  ])
})

test('a careful policy has no findings', () => {
  const text = `${reading('ops/data/app/*')}${block('ops/metadata/app/*', '"read", "list"')}${block('old/app', '"create", "update"')}`
  expect(findingsIn(text)).toEqual([])
})

describe('VWP01', () => {
  test('says what was probably meant', () => {
    expect(findingsIn(reading('/v1/ops//data/./app'))[0]?.help).toContain('"ops/data/app"')
    expect(findingsIn(reading('ops/data/x/../app'))[0]?.help).toContain('"ops/data/app"')
  })
})

test('VWP05 is silent about lists, which do have the slash', () => {
  expect(idsIn(block('ops/metadata/app/', '"list"'))).not.toContain('VWP05')
})

describe('VWP06: a block that grants nothing', () => {
  test.each(['path "a/b" { }', 'path "a/b" { capabilities = [] }', 'path "a/b" { required_parameters = ["x"] }'])(
    'is found in %s',
    (text) => {
      expect(idsIn(text)).toEqual(['VWP06'])
    },
  )

  test('is not one that denies in so many words', () => {
    expect(idsIn(block('a/b', '"deny"'))).toEqual([])
  })
})

describe('VWP07: deny beside other capabilities', () => {
  test('leaves deny in the list, because that is what counts', () => {
    const text = `${reading('a')}path "a/b" {\n  capabilities = ["read", "deny", "list"] # why\n}\n`
    expect(findingsIn(text)).toMatchObject([
      { id: 'VWP07', position: { line: 2 }, fix: { lines: [3, 3], text: '  capabilities = ["deny"] # why' } },
    ])
  })

  test('has no fix for a list on several lines', () => {
    expect(findingsIn('path "a/b" {\n  capabilities = ["read",\n    "deny"]\n}\n')).toEqual([
      expect.not.objectContaining({ fix: expect.anything() }),
    ])
  })

  test('is not found in JSON, nor where deny stands alone', () => {
    expect(idsIn(block('a/b', '"deny"'))).toEqual([])
    expect(idsIn('{"path":{"a/b":{"capabilities":["deny"]}}}')).toEqual([])
  })
})

describe('VWP08: the old policy key', () => {
  test.each([
    ['read', ['read', 'list']],
    ['write', ['create', 'read', 'update', 'delete', 'list']],
    ['deny', ['deny']],
  ])('"%s" is %j', (word, capabilities) => {
    const [finding] = findingsIn(`path "a/b" { policy = "${word}" }`)
    const list = capabilities.map((name) => `"${name}"`).join(', ')
    expect(finding).toMatchObject({
      id: 'VWP08',
      fix: { lines: [1, 1], text: `path "a/b" { capabilities = [${list}] }` },
    })
  })

  test('is not the word in a comment or a path', () => {
    expect(idsIn(`# policy = "read"\n${reading('a/policy')}`)).toEqual([])
  })
})

describe('VWP09: a rule that never decides', () => {
  test.each([
    ['a/*', 'a/+/b*'],
    ['a/*', 'a/+/*'],
    ['a/+/*', 'a/+/+/*'],
    ['*', '+/a/*'],
  ])('%s wins wherever %s matches', (winner, loser) => {
    const found = findingsIn(`${reading(winner)}${block(loser, '"deny"')}`).filter(({ id }) => id === 'VWP09')
    expect(found).toMatchObject([{ position: { line: 2 }, message: expect.stringContaining(`"${winner}" on line 1`) }])
  })

  test.each([
    ['a/*', 'a/+'],
    ['a/*', 'a/b/+/*'],
    ['a/b*', 'a/+/*'],
    ['a/+/*', 'a/+/b/*'],
    ['a/+/*', 'a/+/+'],
    ['a/+/c*', 'a/+/b*'],
  ])('%s leaves something to %s', (other, rule) => {
    expect(idsIn(`${reading(other)}${reading(rule)}`)).not.toContain('VWP09')
  })

  test('the winner may be in another policy, if every role that has the one has the other', () => {
    const policies = { broad: reading('a/*') }
    const world = { role: { token_policies: ['app', 'broad'] }, policies }
    expect(findingsIn(reading('a/+/*'), world)).toMatchObject([
      { id: 'VWP09', message: expect.stringMatching(/policy "broad", which role jwt\/ci gives as well/) },
    ])
    expect(idsIn(reading('a/+/*'), { policies })).not.toContain('VWP09')
  })
})

describe('VWP12: data and metadata', () => {
  test.each([
    ['a list of data/', block('ops/data/app/*', '"read", "list"')],
    ['values sought below metadata/', reading('ops/metadata/app')],
    ['values written below metadata/', block('ops/metadata/app', '"create", "update"')],
  ])('finds %s', (_what, text) => {
    expect(idsIn(text)).toEqual(['VWP12'])
  })

  test.each([
    ['reading metadata beside the values', `${reading('ops/data/app')}${reading('ops/metadata/app')}`],
    ['reading metadata while listing', block('ops/metadata/*', '"read", "list"')],
    ['deleting all versions', block('ops/metadata/app', '"delete"')],
    ['a folder of that name', reading('ops/data/metadata/app')],
    ['a mount of which nothing is known', block('team/data/app', '"read", "list"')],
  ])('is silent about %s', (_what, text) => {
    expect(idsIn(text)).toEqual([])
  })
})

describe('VWP13: capabilities that the engine never asks for', () => {
  test.each([
    ['ops/undelete/app', '"read", "update"', '"update"'],
    ['ops/destroy/app', '"update", "delete", "list"', '"update"'],
    ['ops/subkeys/app', '"read", "list"', '"read"'],
  ])('on %s: %s is %s', (path, capabilities, kept) => {
    expect(findingsIn(block(path, capabilities))).toMatchObject([
      { id: 'VWP13', fix: { lines: [1, 1], text: `path "${path}" { capabilities = [${kept}] }` } },
    ])
  })

  test.each([
    ['ops/data/app', '"create", "read", "update", "patch", "delete"'],
    ['ops/undelete/app', '"update"'],
    ['ops/undelete/app', '"deny"'],
    ['old/undelete/app', '"read", "list"'],
  ])('is silent about %s: %s', (path, capabilities) => {
    expect(idsIn(block(path, capabilities))).toEqual([])
  })

  test('has no fix where nothing would be left', () => {
    expect(findingsIn(block('ops/undelete/app', '"read"'))).toEqual([
      expect.not.objectContaining({ fix: expect.anything() }),
    ])
  })
})

describe('VWP14: sudo where none is needed', () => {
  test.each(['ops/data/app', 'team/a/b/*', 'auth/jwt/role/ci', 'sys/mounts/auth/jwt/tune', 'team/+/a'])(
    'is found on %s',
    (path) => {
      expect(findingsIn(block(path, '"update", "sudo"')).filter(({ id }) => id === 'VWP14')).toMatchObject([
        { fix: { text: expect.stringContaining('["update"]') } },
      ])
    },
  )

  test.each([
    'sys/auth/jwt',
    'sys/auth/*',
    'sys/*',
    's*',
    '*',
    '+/auth/*',
    'auth/token/*',
    'pki/root',
    'pki/*',
    'sys/audit',
  ])('is not found on %s', (path) => {
    expect(idsIn(block(path, '"update", "sudo"'))).not.toContain('VWP14')
  })
})

describe('VWP15: writing to the server itself', () => {
  test.each([
    'sys/policies/acl/*',
    'auth/jwt/role/x',
    'identity/entity',
    'sys/*',
    'sys*',
    'sy*',
    '/sys/mounts/x',
    'auth/token/create',
  ])('is found on %s', (path) => {
    expect(idsIn(block(path, '"update"'))).toContain('VWP15')
  })

  test.each([
    ['sys/policies/acl/*', '"read", "list"'],
    ['auth/token/renew-self', '"update"'],
    ['sys/wrapping/unwrap', '"update"'],
    ['sys/tools/hash/sha2-256', '"update"'],
    ['identity/lookup/entity', '"update"'],
    ['system/a', '"update"'],
    ['sys/policies/acl/*', '"deny"'],
  ])('is not found on %s: %s', (path, capabilities) => {
    expect(idsIn(block(path, capabilities))).not.toContain('VWP15')
  })

  test('leaves the policies of administrators alone', () => {
    const text = block('sys/policies/acl/*', '"update"')
    expect(idsIn(reading('a/b'), { policies: { 'vaultwright-apply': text } })).toEqual([])
    expect(idsIn(reading('a/b'), { policies: { 'my-vaultwright': text } })).toEqual(['VWP15'])
  })
})

test('a policy that no server takes is an error of its own, and has no findings', () => {
  expect(idsIn('path "//x" { capabilities = ["reed"] }')).toEqual([])
})
