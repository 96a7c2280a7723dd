import { beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { Rule } from '../../src/lint/rule.ts'
import { glv03 } from '../../src/lint/rules/glv03-no-audience.ts'
import { glv04 } from '../../src/lint/rules/glv04-not-a-string.ts'
import { glv05 } from '../../src/lint/rules/glv05-not-a-number.ts'
import { glv06 } from '../../src/lint/rules/glv06-not-a-name.ts'
import { glv08 } from '../../src/lint/rules/glv08-issuer.ts'
import { glv10 } from '../../src/lint/rules/glv10-any-value.ts'
import { glv23 } from '../../src/lint/rules/glv23-batch-limits.ts'
import { glv24 } from '../../src/lint/rules/glv24-role-type.ts'
import { glv32 } from '../../src/lint/rules/glv32-literal-pattern.ts'
import { glv33 } from '../../src/lint/rules/glv33-metadata-key.ts'
import { glv34 } from '../../src/lint/rules/glv34-shortened-tokens.ts'
import { found } from '../lint/glv.ts'
import { type Claims, gitlab, otherGitlab, sign } from '../support/issuer.ts'
import { liveVault, request, type Server } from '../support/live-vault.ts'

/** What the lint rules say that a server does, shown on one. */

const mount = 'lint-facts'
let server: Server

const config: JsonObject = { oidc_discovery_url: gitlab, bound_issuer: gitlab }
const role: JsonObject = {
  role_type: 'jwt',
  user_claim: 'project_id',
  bound_audiences: ['https://vault.example.com'],
  bound_claims: { project_id: '22' },
}

beforeAll(async () => {
  server = await liveVault()
  await request(server, 'POST', `sys/auth/${mount}`, { type: 'jwt' })
  await configure(mount, config)
  return () => request(server, 'DELETE', `sys/auth/${mount}`)
})

async function configure(path: string, body: JsonObject): Promise<void> {
  expect((await request(server, 'POST', `auth/${path}/config`, body)).status).toBeLessThan(300)
}

/** `ok`, or the status and the server's words. */
type Answer = string

async function ask(path: string, body: JsonObject): Promise<Answer> {
  const answer = await request(server, 'POST', path, body)
  return answer.status < 300 ? 'ok' : `${answer.status} ${((answer.body?.['errors'] ?? []) as string[]).join('; ')}`
}

/** Writes a fresh role. */
async function write(name: string, changes: JsonObject): Promise<Answer> {
  await request(server, 'DELETE', `auth/${mount}/role/${name}`)
  return await ask(`auth/${mount}/role/${name}`, { ...role, ...changes })
}

async function logIn(name: string, claims: Claims = {}, path = mount): Promise<Answer> {
  return await ask(`auth/${path}/login`, { role: name, jwt: await sign(claims) })
}

/** What the rule says of a role with these fields. */
function said(rule: Rule, changes: JsonObject): string {
  return found(rule, { role: { bound_claims: role['bound_claims'] as JsonObject, ...changes } }).join('\n')
}

/** The server takes the role, and refuses a job of project 22. */
async function refusal(name: string, changes: JsonObject, claims?: Claims): Promise<Answer> {
  expect(await write(name, changes)).toBe('ok')
  return await logIn(name, claims)
}

test('a role as the rules want it lets the job in', async () => {
  expect(await refusal('good', {})).toBe('ok')
})

test('GLV03: without an audience every job is refused', async () => {
  const changes = { bound_audiences: [] }
  const words = 'audience claim found in JWT but no audiences bound to the role'
  expect(await refusal('glv03', changes)).toBe(`400 ${words}`)
  expect(said(glv03, changes)).toContain(words)
})

describe('GLV04: types are compared', () => {
  test.each<[string, JsonObject]>([
    ['project_id', { project_id: 22 }],
    ['ref_protected', { project_id: '22', ref_protected: true }],
  ])('a %s without quotes never matches', async (claim, bound_claims) => {
    expect(await refusal('glv04', { bound_claims })).toBe(
      `400 error validating claims: claim "${claim}" does not match any associated bound claim values`,
    )
    expect(said(glv04, { bound_claims })).toContain('that never matches')
  })

  test('with globs the server refuses the role', async () => {
    const changes = { bound_claims_type: 'glob', bound_claims: { project_id: 22 } }
    expect(await write('glv04-glob', changes)).toMatch(/^400 claim is not a string/)
    expect(said(glv04, changes)).toContain('the server refuses the role')
  })
})

describe('GLV05: runner_id is a number', () => {
  test.each<[string, JsonObject]>([
    ['a string', { bound_claims: { runner_id: '1' } }],
    ['a glob', { bound_claims: { runner_id: '1*' }, bound_claims_type: 'glob' }],
    ['the same text among globs', { bound_claims: { runner_id: '1' }, bound_claims_type: 'glob' }],
  ])('%s never matches', async (_, changes) => {
    expect(await refusal('glv05', changes)).toMatch(/^400 error validating claims: claim "runner_id" /)
    expect(said(glv05, changes)).not.toBe('')
  })

  test('a number does', async () => {
    expect(await refusal('glv05', { bound_claims: { runner_id: 1 } })).toBe('ok')
    expect(said(glv05, { bound_claims: { runner_id: 1 } })).toBe('')
  })
})

describe('GLV06: names are strings', () => {
  test.each<[string, JsonObject, Claims, string]>([
    ['a number', { user_claim: 'runner_id' }, {}, 'claim "runner_id" could not be converted to string'],
    [
      'a list',
      { user_claim: 'groups_direct' },
      { groups_direct: ['a'] },
      'claim "groups_direct" could not be converted to string',
    ],
    [
      'a mapped number',
      { claim_mappings: { runner_id: 'runner' } },
      {},
      "error converting claim 'runner_id' to string",
    ],
  ])('%s refuses the login', async (_, changes, claims, words) => {
    expect(await refusal('glv06', changes, claims)).toBe(`400 ${words}`)
    expect(said(glv06, changes)).toContain(words)
  })
})

describe('GLV08: the issuer', () => {
  const withIssuer = async (name: string, body: JsonObject) => {
    await request(server, 'POST', `sys/auth/${mount}-${name}`, { type: 'jwt' })
    try {
      await configure(`${mount}-${name}`, body)
      await ask(`auth/${mount}-${name}/role/app`, role)
      const jobs = {
        own: await logIn('app', {}, `${mount}-${name}`),
        other: await logIn('app', { iss: otherGitlab }, `${mount}-${name}`),
      }
      return { ...jobs, said: found(glv08, { config: body }).join('\n') }
    } finally {
      await request(server, 'DELETE', `sys/auth/${mount}-${name}`)
    }
  }
  const wrong = '400 error validating token: invalid issuer (iss) claim'

  test.each(['gitlab.example.com', `${gitlab}/`])('%s is no token’s', async (bound_issuer) => {
    const answers = await withIssuer('bare', { oidc_discovery_url: gitlab, bound_issuer })
    expect(answers).toMatchObject({ own: wrong, said: expect.stringContaining('invalid issuer (iss) claim') })
  })

  test('is not looked at where bound_issuer is unset', async () => {
    const answers = await withIssuer('unset', { oidc_discovery_url: gitlab })
    expect(answers).toMatchObject({ own: 'ok', other: 'ok', said: expect.stringContaining('is not checked') })
  })

  test('is the same URL as that of the discovery', async () => {
    expect(await withIssuer('same', config)).toEqual({ own: 'ok', other: wrong, said: '' })
  })
})

test('GLV10: "*" fits every value of a claim that is there', async () => {
  const changes = { bound_claims: { project_id: '*' }, bound_claims_type: 'glob', user_claim: 'user_id' }
  expect(await refusal('glv10', changes, { project_id: '666' })).toBe('ok')
  expect(await logIn('glv10', { project_id: null })).toBe('400 error validating claims: claim "project_id" is missing')
  expect(said(glv10, changes)).not.toBe('')
})

test.each<[string, JsonObject]>([
  ['token_num_uses', { token_num_uses: 1 }],
  ['token_period', { token_period: 300 }],
])('GLV23: a batch token with %s is refused', async (field, limit) => {
  const changes = { token_type: 'batch', ...limit }
  expect(await write('glv23', changes)).toMatch(/^400 .*batch/)
  expect(said(glv23, changes)).toContain(field)
})

test('GLV34: the server takes a token_ttl above max_lease_ttl of the mount, and its tokens live no longer', async () => {
  const [path, changes] = ['lint-facts-short', { token_ttl: '5h' }]
  await request(server, 'POST', `sys/auth/${path}`, { type: 'jwt', config: { max_lease_ttl: '1h' } })
  await configure(path, config)
  expect(await ask(`auth/${path}/role/glv34`, { ...role, ...changes })).toBe('ok')
  const answer = await request(server, 'POST', `auth/${path}/login`, { role: 'glv34', jwt: await sign({}) })
  await request(server, 'DELETE', `sys/auth/${path}`)
  expect(answer.body?.['auth']).toMatchObject({ lease_duration: 3600 })
  expect(found(glv34, { role: changes, tune: { max_lease_ttl: '1h' } })).toEqual([
    expect.stringContaining('token_ttl 5h, and its mount max_lease_ttl 1h'),
  ])
})

describe('GLV24: role_type falls back to oidc', () => {
  const { role_type: _, ...without } = role
  const words = 'role with oidc role_type is not allowed'

  test('where a write leaves it out, and jobs are refused', async () => {
    const redirect = { allowed_redirect_uris: ['https://vault.example.com/cb'] }
    expect(await ask(`auth/${mount}/role/glv24`, { ...without, ...redirect })).toBe('ok')
    expect(await logIn('glv24')).toBe(`400 ${words}`)
    expect(glv24.why).toContain(words)
  })

  test('also at an update', async () => {
    expect(await refusal('glv24-update', { allowed_redirect_uris: ['https://vault.example.com/cb'] })).toBe('ok')
    expect(await ask(`auth/${mount}/role/glv24-update`, without)).toBe('ok')
    expect(await logIn('glv24-update')).toBe(`400 ${words}`)
  })
})

describe('GLV32: patterns are text', () => {
  test.each<[string, JsonObject]>([
    ['a "*" without globs', { bound_claims: { ref: 'feature/*' } }],
    ['a regular expression without globs', { bound_claims: { ref: '^feature/.*$' } }],
    ['a regular expression with globs', { bound_claims: { ref: '^feature/.*' }, bound_claims_type: 'glob' }],
  ])('%s admits no job', async (_, changes) => {
    const words = '400 error validating claims: claim "ref" does not match any associated bound claim values'
    expect(await refusal('glv32', changes, { ref: 'feature/x' })).toBe(words)
    expect(said(glv32, changes)).not.toBe('')
  })

  test('with globs the "*" does', async () => {
    const changes = { bound_claims: { ref: 'feature/*' }, bound_claims_type: 'glob' }
    expect(await refusal('glv32-glob', changes, { ref: 'feature/x' })).toBe('ok')
    expect(said(glv32, changes)).toBe('')
  })

  test.each<[string, JsonObject, string]>([
    ['bound_subject', { bound_subject: '*' }, 'invalid subject (sub) claim'],
    ['bound_audiences', { bound_audiences: ['https://*'] }, 'invalid audience (aud) claim'],
  ])('%s is text with globs as well', async (_, field, words) => {
    const changes = { ...field, bound_claims_type: 'glob' }
    expect(await refusal('glv32-field', changes)).toContain(words)
    expect(said(glv32, changes)).toContain('whatever bound_claims_type is')
  })
})

describe('GLV33: keys of metadata', () => {
  const mapped = (key: string, claims: Claims): [JsonObject, Claims] => [
    { user_claim: 'user_id', claim_mappings: { project_path: key } },
    { project_id: '22', ...claims },
  ]

  test.each(['project.path', 'project path', 'vault-project', 'x'.repeat(129), 'größe'])(
    '%s is refused',
    async (key) => {
      const [changes, claims] = mapped(key, { user_id: `glv33-${key.length}-${key.slice(0, 9)}` })
      expect(await refusal('glv33', changes, claims)).toMatch(/^500 invalid alias metadata: /)
      expect(said(glv33, changes)).toContain('invalid alias metadata')
    },
  )

  test.each(['project_path', 'a/b', 'a=b+c-d', 'x'.repeat(128), 'vault_x'])('%s is taken', async (key) => {
    const [changes, claims] = mapped(key, { user_id: `glv33-good-${key.length}-${key.slice(0, 9)}` })
    expect(await refusal('glv33', changes, claims)).toBe('ok')
    expect(said(glv33, changes)).toBe('')
  })

  test('one that is refused does no harm to whom the server has seen before', async () => {
    const [good, claims] = mapped('project_path', { user_id: 'glv33-seen' })
    expect(await refusal('glv33', good, claims)).toBe('ok')
    expect(await refusal('glv33', mapped('project.path', {})[0], claims)).toBe('ok')
  })
})
