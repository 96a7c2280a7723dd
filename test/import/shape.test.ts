import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { writtenYaml } from '../../src/config/written-yaml.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Address } from '../../src/core/resource.ts'
import { VaultError, type VaultReader } from '../../src/core/server.ts'
import { snapshotReader } from '../../src/core/snapshot.ts'
import { readServer, type Wanted } from '../../src/import/read.ts'
import { shape } from '../../src/import/shape.ts'
import type { Source } from '../../src/import/take.ts'
import { kinds } from '../../src/kinds/index.ts'
import { type Contents, everything, role, snapshotOf, sourceOf } from './servers.ts'

interface Given {
  readonly wanted?: Wanted
  readonly fold?: boolean
  readonly apart?: readonly string[]
  readonly source?: Partial<Source>
}

/** Each environment on a server of its own; files as texts by path. */
async function imported(
  contents: Readonly<Record<string, Contents>>,
  { wanted = everything, fold = true, apart = [], source = {} }: Given = {},
) {
  const sources = await Promise.all(
    Object.entries(contents).map(async ([name, one]) => ({
      ...(await sourceOf(name, snapshotOf(one, { address: `https://${name}.example.com` }), wanted)),
      ...source,
    })),
  )
  const shaped = shape(sources, { kinds, wanted, fold, apart: new Set(apart as Address[]) })
  const files = shaped.files.map((file) => [file.path, 'text' in file ? file.text : writtenYaml(file.documents)])
  return {
    ...shaped,
    files: Object.fromEntries(files) as Record<string, string>,
    paths: shaped.files.map(({ path }) => path),
  }
}

const jwt = { jwt: { type: 'jwt' } }
const text = (path: string) => `path "${path}" {\n  capabilities = ["read"]\n}\n`

describe('what no file can say is left out by name, and is not owned', () => {
  const bound = { bound_claims: { x: '1' } }
  test.each<[string, Contents, string, string]>([
    [
      'a role that today would be refused',
      { mounts: jwt, roles: { jwt: { old: { role_type: 'jwt', user_claim: 'x' } } } },
      'jwt-role/jwt/old',
      'bound',
    ],
    [
      'a claim whose key is filled in',
      { mounts: jwt, roles: { jwt: { odd: role({ bound_claims: { '${x}': '1' } }) } } },
      'jwt-role/jwt/odd',
      '"${x}"',
    ],
    [
      'a claim with a map',
      { mounts: jwt, roles: { jwt: { map: role({ bound_claims: { x: { y: '1' } } }) } } },
      'jwt-role/jwt/map',
      'bound_claims.x',
    ],
    [
      'a number that is not exact',
      { mounts: jwt, roles: { jwt: { big: role({ bound_claims: { x: 2 ** 60 } }) } } },
      'jwt-role/jwt/big',
      'not exact',
    ],
    ['a policy with a NUL byte', { mounts: jwt, policies: { nul: '# \0\n' } }, 'policy/nul', 'NUL'],
    ['a policy with a byte-order mark', { mounts: jwt, policies: { bom: '\ufeff# a\n' } }, 'policy/bom', 'byte-order'],
    [
      'a policy that is no valid one any more',
      { mounts: jwt, policies: { broken: 'path "a" { capabilities = ["fly"] }' } },
      'policy/broken',
      'would refuse',
    ],
    ['a policy that reads like base64', { mounts: jwt, policies: { encoded: 'YWJj' } }, 'policy/encoded', ''],
    ['a mount of another type', { mounts: { ...jwt, ldap: { type: 'ldap' } } }, 'auth-mount/ldap', 'ldap'],
    [
      'a configuration with two sources of keys',
      { mounts: jwt, configs: { jwt: { jwks_url: 'https://a', oidc_discovery_url: 'https://b' } } },
      'jwt-config/jwt',
      'exactly one',
    ],
    [
      'a role in such a mount',
      { mounts: { 'a${b}': { type: 'jwt' } }, roles: { 'a${b}': { ci: role(bound) } } },
      'jwt-role/a${b}/ci',
      'mount',
    ],
  ])('%s', async (_, contents, address, reason) => {
    const { leftOut, files } = await imported({
      production: { ...contents, policies: { kept: text('a'), ...contents.policies } },
    })
    const left = leftOut.find((object) => object.address === address)
    expect(left?.reason).toContain(reason)
    if (address.startsWith('policy/'))
      expect(files['environments/production.yaml']).toContain(`external_policies: [${address.slice('policy/'.length)}]`)
    expect(files['policies/kept.hcl']).toBe(text('a'))
  })

  test('an expiry, which a policy would lose', async () => {
    const snapshot = snapshotOf({ mounts: jwt, policies: { short: text('a') } })
    const read = {
      ...snapshot.read,
      'sys/policies/acl/short': { name: 'short', policy: text('a'), expiration: '2030-01-01T00:00:00Z', version: 3 },
    }
    const source = await sourceOf('production', { ...snapshot, read })
    const { leftOut, files } = shape([source], { kinds, wanted: everything, fold: true, apart: new Set() })
    expect(leftOut).toEqual([
      { environment: 'production', address: 'policy/short', reason: expect.stringContaining('expiration') },
    ])
    expect(files.map(({ path }) => path)).toEqual(['environments/production.yaml'])
  })

  test('beside a role that cannot be described the others are owned by name', async () => {
    const { files } = await imported({
      production: { mounts: jwt, roles: { jwt: { a: role(), b: role(), old: { role_type: 'jwt', user_claim: 'x' } } } },
    })
    expect(files['environments/production.yaml']).toContain('roles: { jwt: [a, b] }')
  })
})

describe('what is owned', () => {
  const contents: Contents = {
    mounts: { jwt: { type: 'jwt' }, 'jwt-b': { type: 'jwt' }, other: { type: 'jwt' } },
    roles: {
      jwt: { 'app-a': role({ token_policies: ['p'] }), 'job-a': role() },
      'jwt-b': { 'app-b': role() },
      other: { 'app-c': role() },
    },
    policies: { p: text('p'), q: text('q') },
  }
  test.each<[string, Wanted, string[], JsonObject]>([
    ['everything', everything, ['jwt', 'jwt-b', 'other'], { auth: ['*'], policies: ['*'] }],
    [
      'what the patterns say',
      { mounts: ['jwt*'], roles: ['app-*'], policies: ['p*', 'p'] },
      ['jwt', 'jwt-b'],
      { auth: ['jwt*'], policies: ['p*'], roles: { jwt: ['app-*'], 'jwt-b': ['app-*'] } },
    ],
    [
      'a mount with the policies that its roles name',
      { mounts: ['jwt'], roles: ['*'] },
      ['jwt'],
      { auth: ['jwt'], policies: ['p'] },
    ],
  ])('%s', async (_, wanted, mounts, owned) => {
    const { files } = await imported({ production: contents }, { wanted })
    const { auth, owns } = parse(files['environments/production.yaml'] as string)
    expect(Object.keys(auth)).toEqual(mounts)
    expect(owns).toEqual(owned)
    expect(Object.keys(files).includes('policies/q.hcl')).toBe(wanted === everything)
  })

  test('the policy "default" only where it is asked for by name', async () => {
    const wanted = (policies: string[]) => ({ wanted: { ...everything, policies } })
    expect((await imported({ production: { mounts: jwt } }, wanted(['*']))).paths).toEqual([
      'environments/production.yaml',
    ])
    expect((await imported({ production: { mounts: jwt } }, wanted(['default']))).paths).toEqual([
      'environments/production.yaml',
      'policies/default.hcl',
    ])
  })
})

describe('policies of several environments', () => {
  const naming = (...names: string[]) => ({ jwt: { ci: role({ token_policies: names }) } })

  test('that have one name and different texts have a file each, and the environments say which', async () => {
    const { files } = await imported({
      production: { mounts: jwt, roles: naming('read'), policies: { read: text('a') } },
      staging: { mounts: jwt, roles: naming('read'), policies: { read: text('b') } },
    })
    expect(files['policies/read.production.hcl']).toBe(text('a'))
    expect(files['policies/read.staging.hcl']).toBe(text('b'))
    expect(files['policies/read.hcl']).toBeUndefined()
    expect(files['environments/staging.yaml']).toContain('- { name: read, template: read.staging }')
    expect(files['roles/ci.yaml']).toContain('token_policies: [read]')
  })

  test('that one server does not have, although a role there names it, stay away from that server', async () => {
    const { files, dangling } = await imported({
      production: { mounts: jwt, roles: naming('read'), policies: { read: text('a') } },
      staging: { mounts: jwt, roles: naming('read') },
    })
    expect(dangling.map(({ environment, name }) => [environment, name])).toEqual([['staging', 'read']])
    expect(files['environments/staging.yaml']).toContain('external_policies: [read]')
    expect(files['environments/production.yaml']).not.toContain('external_policies')
  })

  test('never take the name of a file that means another policy', async () => {
    const { files } = await imported({
      production: { mounts: jwt, policies: { 'app-production': text('production/a'), app: text('x') } },
      staging: { mounts: jwt, policies: { 'app-staging': text('staging/a') } },
    })
    expect(files['policies/app.hcl']).toBe(text('x'))
    expect(files['policies/app-2.hcl']).toBe(text('${environment}/a'))
  })
})

test('no name leads a file elsewhere, hides it or makes it another one', async () => {
  const names = [
    '..',
    '../../etc/passwd',
    'a/../b',
    '/a',
    '.git/config',
    'a/.env',
    'a//b',
    'con',
    'nul.txt',
    'a.hcl/b',
    '\u001b[2j',
    'a\nb',
    '~',
    '-rf',
    'a:b',
    'a\\b',
    '日本',
    'x'.repeat(300),
  ]
  const policies = Object.fromEntries(names.map((name) => [name, text('a')]))
  const { paths, leftOut } = await imported({ production: { mounts: { ...jwt, 'a/../b': { type: 'jwt' } }, policies } })
  for (const path of paths)
    expect(path).toMatch(/^(environments|policies)(\/[A-Za-z0-9_][\w .@+=,~-]{0,200})+\.(yaml|hcl)$/)
  expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length)
  expect(paths.length - 1 + leftOut.filter(({ address }) => address.startsWith('policy/')).length).toBe(names.length)
  expect(paths.some((path) => path.includes('..') || /\/(con|nul)\b/.test(path))).toBe(false)
})

describe('roles', () => {
  const family = (count: number, more: (at: number) => JsonObject = () => ({})) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [
        `app-${'abcdefghijklmnop'[at]}`,
        role({
          bound_claims: { project_id: String(at) },
          token_policies: [`app-${'abcdefghijklmnop'[at]}-read`],
          ...more(at),
        }),
      ]),
    )
  const policiesOf = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [
        `app-${'abcdefghijklmnop'[at]}-read`,
        text(`ops/app-${'abcdefghijklmnop'[at]}`),
      ]),
    )

  test('that are alike become a list, and so do the policies that each has to itself', async () => {
    const { files, paths } = await imported({
      production: { mounts: jwt, roles: { jwt: family(6) }, policies: policiesOf(6) },
    })
    expect(paths).toEqual(['environments/production.yaml', 'policies/app-read.hcl', 'roles/app.yaml'])
    expect(files['policies/app-read.hcl']).toBe(text('ops/${name}'))
    expect(files['roles/app.yaml']).toBe(
      [
        'name: ${name}',
        'environments: [production]',
        'role_type: jwt',
        'bound_audiences: [https://vault]',
        'bound_claims: { project_id: "${project_id}" }',
        'user_claim: project_id',
        'token_policies:',
        '  - { name: "${name}-read", template: app-read }',
        'for_each:',
        ...[...'abcdef'].map((letter, at) => `  - { name: app-${letter}, project_id: "${at}" }`),
        '',
      ].join('\n'),
    )
  })

  test('keep their own policies where somebody else names one of them', async () => {
    const roles = { ...family(6), other: role({ token_policies: ['app-a-read'], token_ttl: 60 }) }
    const { paths } = await imported({ production: { mounts: jwt, roles: { jwt: roles }, policies: policiesOf(6) } })
    expect(paths).toEqual([
      'environments/production.yaml',
      ...[...'abcdef'].map((letter) => `policies/app-${letter}-read.hcl`),
      'roles/app.yaml',
      'roles/other.yaml',
    ])
  })

  test('that differ in a value of few kinds are a list for each kind, and no variable', async () => {
    const { files } = await imported({
      production: { mounts: jwt, roles: { jwt: family(12, (at) => ({ token_ttl: at % 2 === 0 ? 60 : 300 })) } },
    })
    expect(files['roles/app.yaml']?.split('---\n')).toHaveLength(2)
    expect(files['roles/app.yaml']).not.toContain('${token_ttl}')
  })

  test.each<[string, Given]>([
    ['with --no-fold', { fold: false }],
    ['because folding one of them did not load', { apart: ['jwt-role/jwt/app-a', 'jwt-role/jwt/app-b'] }],
  ])('are written apart %s', async (_, given) => {
    const { files } = await imported({ production: { mounts: jwt, roles: { jwt: family(6) } } }, given)
    expect(files['roles/app-a.yaml']).toContain('project_id: "0"')
  })

  test('that have hardly anything in common do not share a file, only its name', async () => {
    const one = {
      jwt: { ci: role({ token_ttl: 60, bound_subject: 'a', token_num_uses: 1, max_age: 60, bound_audiences: ['x'] }) },
    }
    const other = {
      jwt: { ci: role({ user_claim: 'sub', bound_claims: { a: '1', b: '2' }, token_ttl: 90, groups_claim: 'g' }) },
    }
    const { files } = await imported({
      production: { mounts: jwt, roles: one },
      staging: { mounts: jwt, roles: other },
    })
    expect(files['roles/ci.yaml']?.split('---\n')).toHaveLength(2)
  })

  test('of several mounts have a folder for each', async () => {
    const { paths } = await imported({
      production: {
        mounts: { ...jwt, 'team/ci': { type: 'jwt' } },
        roles: { jwt: { a: role() }, 'team/ci': { a: role() } },
      },
    })
    expect(paths).toEqual(['environments/production.yaml', 'roles/jwt/a.yaml', 'roles/team-ci/a.yaml'])
  })
})

describe('reading', () => {
  test('says what vanished between the list and the read, and never takes it for absence', async () => {
    const snapshot = snapshotOf({ mounts: jwt, roles: { jwt: { a: role(), b: role() } } })
    const steady = snapshotReader(snapshot)
    const reader: VaultReader = {
      ...steady,
      read: async (path) => (path.endsWith('/role/a') ? undefined : steady.read(path)),
    }
    expect((await readServer(reader, kinds, everything)).vanished).toEqual(['jwt-role/jwt/a'])
  })

  test('collects every refusal, and gives up at anything else', async () => {
    const snapshot = snapshotOf({
      mounts: jwt,
      configs: { jwt: {} },
      roles: { jwt: { a: role() } },
      policies: { p: text('p') },
    })
    const steady = snapshotReader(snapshot)
    const failing = (status: number, ...words: readonly string[]): VaultReader => ({
      ...steady,
      read: (path) =>
        path === 'sys/auth' ? steady.read(path) : Promise.reject(new VaultError(status, 'GET', path, words)),
    })
    const { forbidden } = await readServer(failing(403), kinds, everything)
    expect(forbidden.map(({ path, address }) => [path, address]).sort()).toEqual([
      ['auth/jwt/config', 'auth-mount/jwt'],
      ['auth/jwt/role/a', 'jwt-role/jwt/a'],
      ['sys/policies/acl/p', 'policy/p'],
    ])
    await expect(readServer(failing(500), kinds, everything)).rejects.toThrow(VaultError)
    const unknown = failing(403, 'permission denied', 'invalid token')
    await expect(readServer(unknown, kinds, everything)).rejects.toThrow('invalid token')
    const untaken = new VaultError(403, 'GET', 'auth/jwt/config', ['permission denied'], true)
    const reader: VaultReader = {
      ...steady,
      read: (path) => (path === 'sys/auth' ? steady.read(path) : Promise.reject(untaken)),
    }
    await expect(readServer(reader, kinds, everything)).rejects.toBe(untaken)
  })
})

test('of another tool, its own names of variables and mounts that only roles speak of are kept', async () => {
  const contents: Contents = {
    mounts: jwt,
    configs: { jwt: { oidc_discovery_url: 'https://a', oidc_client_id: 'x' } },
    roles: { jwt: { a: role() } },
  }
  const writeOnly = [{ path: 'auth/jwt/config', field: ['oidc_client_secret'] }]
  const known = await imported({ production: contents }, { source: { writeOnly, undescribedMounts: [] } })
  expect(known.files['environments/production.yaml']).toContain('oidc_client_secret: ${env:JWT_OIDC_CLIENT_SECRET}')
  expect(known.files['environments/production.yaml']).toContain('owns: { roles: { jwt: [a] } }')
  const named = { source: { writeOnly: [{ ...writeOnly[0], variable: 'CI_OIDC' }] } } as Given
  const own = await imported({ production: contents }, named)
  expect(own.files['environments/production.yaml']).toContain('oidc_client_secret: ${env:CI_OIDC}')
  expect(own.secrets.map(({ variable }) => variable)).toEqual(['CI_OIDC'])
  // One variable of the run cannot be the secrets of two servers.
  const two = await imported({ production: contents, staging: contents }, named)
  expect(two.secrets.map(({ variable }) => variable)).toEqual([
    'PRODUCTION_JWT_OIDC_CLIENT_SECRET',
    'STAGING_JWT_OIDC_CLIENT_SECRET',
  ])
  const bare = await imported(
    { production: { ...contents, configs: {} } },
    { source: { writeOnly: [], undescribedMounts: ['jwt'] } },
  )
  expect(bare.files['environments/production.yaml']).not.toContain('auth:')
  expect(bare.files['environments/production.yaml']).toContain('owns: { roles: { jwt: [a] } }')
  expect(bare.leftOut.map(({ address }) => address)).toEqual(['auth-mount/jwt'])
})
