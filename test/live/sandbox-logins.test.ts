import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isObject, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { fetchFromIssuer, gitlab, sign as signAsGitlab } from '../support/issuer.ts'
import { liveVault } from '../support/live-vault.ts'

/**
 * Logins, tokens and what they may, asked of the sandbox and of a real server: every answer must be the same but for what
 * is made up anew each time. `~` in a path or body is a name that no other test uses.
 */
interface Step {
  readonly ask: readonly [method: string, path: string, body?: JsonObject | string]
  /** Whose token goes along: `root` when absent, `nobody` for none, or one that an earlier step kept. */
  readonly as?: string
  /** Under which name the token of the answer is kept; in bodies, `<name>` is that token and `<name.accessor>` its accessor. */
  readonly keep?: string
}

interface Side {
  readonly address: string
  readonly kept: Map<string, string>
}

const own = `sl${randomBytes(4).toString('hex')}`
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pems = [rsa, ec, ed].map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }).toString())

let sides: readonly [real: Side, ours: Side]
let sandbox: Sandbox
beforeAll(async () => {
  const { address, token } = await liveVault()
  const health = (await (await fetch(`${address}/v1/sys/health`)).json()) as { version: string; enterprise?: boolean }
  const product = health.enterprise === undefined ? 'openbao' : 'vault'
  sandbox = await startSandbox({ product, version: health.version, fetchDocument: fetchFromIssuer })
  sides = [
    { address, kept: new Map([['root', token]]) },
    { address: sandbox.address, kept: new Map([['root', sandbox.token]]) },
  ]
  await expectSame([
    { ask: ['POST', 'sys/auth/~', { type: 'jwt' }] },
    { ask: ['POST', 'auth/~/login', { role: 'ci', jwt: 'a.b.c' }], as: 'nobody' },
    { ask: ['POST', 'auth/~/config', { jwt_validation_pubkeys: pems, default_role: 'CI' }] },
    { ask: ['POST', 'auth/~/role/ci', { ...role, token_policies: ['~-Reader'], claim_mappings: { c: 'color' } }] },
    { ask: ['POST', 'sys/policies/acl/~-reader', { policy: reader.replaceAll('~', own) }] },
  ])
})
afterAll(async () => {
  await expectSame([{ ask: ['DELETE', 'sys/auth/~'] }, { ask: ['DELETE', 'sys/policies/acl/~-reader'] }])
  await sandbox.close()
})

const role = { role_type: 'jwt', user_claim: 'u', bound_audiences: ['v'], token_ttl: 300 }
const reader = [
  'path "secret/data/~/*" { capabilities = ["create", "read"] }',
  'path "secret/metadata/~" { capabilities = ["list"] }',
  'path "auth/~/role/new" { capabilities = ["create"] }',
  'path "auth/~/role/ci" { capabilities = ["update"] }',
  'path "sys/auth/~" { capabilities = ["read"] }',
  'path "sys/mounts/auth/~/tune" { capabilities = ["read"] }',
  'path "auth/~/nothing" { capabilities = ["read"] }',
  'path "nowhere/~" { capabilities = ["read"] }',
  'path "auth/token/create" { capabilities = ["update"] }',
].join('\n')

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token of these claims; `payload` instead of them is signed as it stands. */
function jwt(claims: JsonObject | string = {}, { alg = 'RS256', header = {}, key = rsa.privateKey } = {}): string {
  const now = Math.floor(Date.now() / 1000)
  const whole =
    typeof claims === 'string' ? claims : { u: 'alice', aud: 'v', c: 'red', iat: now, exp: now + 600, ...claims }
  const signed = `${encode({ alg, ...header })}.${encode(whole)}`
  const signers: Readonly<Record<string, () => Buffer>> = {
    RS256: () => sign('sha256', Buffer.from(signed), key),
    RS512: () => sign('sha512', Buffer.from(signed), key),
    PS256: () => sign('sha256', Buffer.from(signed), { key, padding: 6, saltLength: 32 }),
    ES256: () => sign('sha256', Buffer.from(signed), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }),
    EdDSA: () => sign(null, Buffer.from(signed), ed.privateKey),
  }
  return `${signed}.${(signers[alg] ?? (() => Buffer.from('none')))().toString('base64url')}`
}

async function ask({ address, kept }: Side, { ask: [method, path, body], as = 'root', keep }: Step): Promise<unknown> {
  const fill = (text: string) => text.replaceAll('~', own).replace(/<([\w.]+)>/g, (_, name) => kept.get(name) ?? name)
  const token = kept.get(as) ?? (as === 'nobody' ? '' : as)
  const response = await fetch(`${address}/v1/${fill(path)}`, {
    method,
    headers: token === '' ? {} : { 'x-vault-token': token },
    ...(body === undefined ? {} : { body: fill(typeof body === 'string' ? body : JSON.stringify(body)) }),
  })
  const text = await response.text()
  const answer = text === '' ? '' : (JSON.parse(text) as JsonObject)
  const auth = answer === '' ? undefined : answer['auth']
  if (keep !== undefined && isObject(auth)) {
    kept.set(keep, String(auth['client_token']))
    kept.set(`${keep}.accessor`, String(auth['accessor']))
  }
  return { status: response.status, body: steady(answer) }
}

const madeUp = [
  ...['request_id', 'accessor', 'uuid', 'client_token', 'entity_id', 'id', 'running_plugin_version'],
  ...['creation_time', 'issue_time', 'expire_time', 'last_renewal', 'last_renewal_time', 'created_time', 'ttl'],
]

function steady(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(steady)
  if (!isObject(value)) return value
  const kept = Object.entries(value).filter(([name]) => !madeUp.includes(name))
  return Object.fromEntries(kept.map(([name, member]) => [name, steady(member)]))
}

async function expectSame(steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const real = await ask(sides[0], step)
    expect(await ask(sides[1], step), JSON.stringify(step).slice(0, 400)).toEqual(real)
  }
}

const login = (token: string | undefined, more: JsonObject = { role: 'ci' }): Step => ({
  ask: ['POST', 'auth/~/login', { ...more, ...(token === undefined ? {} : { jwt: token }) }],
  as: 'nobody',
})

describe('a login', () => {
  test('by every algorithm', async () => {
    await expectSame(['RS256', 'RS512', 'PS256', 'ES256', 'EdDSA'].map((alg) => login(jwt({}, { alg }))))
  })

  test('by the default role, as nobody else, and with the token of somebody', async () => {
    const one = jwt()
    await expectSame([
      login(one, {}),
      login(one, { role: 'CI', unknown: 1 }),
      { ...login(one), as: 'nonsense' },
      { ...login(one), as: 'root' },
      { ask: ['PUT', 'auth/~/login', { role: 'ci', jwt: one }], as: 'nobody' },
      { ask: ['GET', 'auth/~/login'], as: 'nobody' },
      { ask: ['DELETE', 'auth/~/login'], as: 'nobody' },
      { ask: ['LIST', 'auth/~/login'], as: 'nobody' },
      { ask: ['POST', 'auth/~/login/x', {}], as: 'nobody' },
      { ask: ['POST', 'auth/~/login/', {}], as: 'nobody' },
      { ask: ['POST', 'auth/~nope/login', {}], as: 'nobody' },
    ])
  })

  test('that is refused before the token is looked at', async () => {
    await expectSame([
      { ask: ['POST', 'auth/~/role/oidc', { ...role, role_type: 'oidc', allowed_redirect_uris: ['https://x'] }] },
      { ask: ['POST', 'auth/~/role/far', { ...role, token_bound_cidrs: ['10.0.0.0/8'] }] },
      { ask: ['POST', 'auth/~/role/near', { ...role, token_bound_cidrs: ['127.0.0.0/8'] }] },
      login(jwt(), { role: 'No Such' }),
      login(undefined),
      login('', {}),
      login(jwt(), { role: 'oidc' }),
      login(jwt(), { role: 'far' }),
      login('abc', { role: 'far' }),
      { ...login(jwt(), { role: 'near' }), keep: 'near' },
      { ask: ['GET', 'auth/token/lookup-self'], as: 'near' },
      login(jwt(), { role: { a: 1 } }),
    ])
  })

  test('with what is no token, or one of another key', async () => {
    const [header = '', payload = '', signature = ''] = jwt().split('.')
    const headed = (text: string) => `${encode(text)}.${payload}.${signature}`
    const soon = Math.floor(Date.now() / 1000) + 60
    const texts = [
      ...['abc', 'a.b', 'a.b.c', 'a.b.c.d.e', '..', '!.b.c', '+/==.b.c', `${header}.e.c`],
      ...[`${header}.!!.${signature}`, `${header}.${payload}.!!`, `${header}.${payload}.`, `.${payload}.${signature}`],
      ...[` ${header}.${payload}.${signature}\n`, `${header}=.${payload}.${signature}`],
      ...['abc', '[1]', '5', 'true', '"x"', 'null', '{}', '{"alg":"none"}', '{"alg":"HS256"}', '{"alg":5}'].map(headed),
      ...['{"alg":"RS256","kid":5}', '{"alg":"RS256","crit":["x"],"x":1}'].map(headed),
      jwt({}, { key: stranger.privateKey }),
      jwt({}, { header: { kid: 'unknown', typ: 'JWT' } }),
      jwt({}, { alg: 'XX' }),
      ...[
        'hello',
        '[1]',
        'null',
        '',
        `{"u":"a","u":"b","aud":"v","exp":${soon}}`,
        '{"u":"a","aud":"v","exp":1e400}',
      ].map((text) => jwt(text)),
      jwt(` {"u":"a","aud":"v","exp":${soon}} `),
      jwt(`{"u":"a","aud":"v","exp":${soon}} x`),
    ]
    await expectSame(texts.map((text) => login(text)))
  })

  test('by keys of an issuer, whose URL is tried when it is written', async () => {
    const config = (body: JsonObject): Step => ({ ask: ['POST', 'auth/~-issuer/config', body] })
    const job = await signAsGitlab({ u: 'alice', aud: 'v' })
    const jobLogin: Step = { ask: ['POST', 'auth/~-issuer/login', { role: 'ci', jwt: job }], as: 'nobody' }
    const keys = `${gitlab}/oauth/discovery/keys`
    const headers = ['{"alg":"HS256"}', '{"alg":"none"}', '{"alg":5}', '[1]', 'null', '{"alg":"RS256","crit":["x"]}']
    const texts = [jwt(), 'abc', 'a.b.c', '..', ...headers.map((header) => `${encode(header)}.e30.e30`)]
    await expectSame([
      { ask: ['POST', 'sys/auth/~-issuer', { type: 'jwt' }] },
      { ask: ['POST', 'auth/~-issuer/role/ci', role] },
      ...[`${gitlab}/nowhere`, `${gitlab}/`, 'https://other.example.com', 'no url', gitlab]
        .map((url) => config({ oidc_discovery_url: url }))
        .flatMap((step) => [step, jobLogin]),
      ...[`${gitlab}/nowhere`, 'https://other.example.com', `${gitlab}/.well-known/openid-configuration`, keys]
        .map((url) => config({ jwks_url: url }))
        .flatMap((step) => [step, jobLogin]),
      ...texts.map((text): Step => ({ ask: ['POST', 'auth/~-issuer/login', { role: 'ci', jwt: text }], as: 'nobody' })),
      config({ jwks_pairs: [{ jwks_url: keys }, { jwks_url: `${gitlab}/nowhere` }] }),
      config({ jwks_pairs: [{ jwks_url: keys }] }),
      jobLogin,
      { ask: ['GET', 'auth/~-issuer/config'] },
      { ask: ['DELETE', 'sys/auth/~-issuer'] },
    ])
  })

  test('whose claims are not those that the role wants', async () => {
    const past = Math.floor(Date.now() / 1000) - 3600
    await expectSame([
      { ask: ['POST', 'auth/~/role/bound', { ...role, bound_subject: 's', bound_claims: { n: 1.0, p: ['x', 'y'] } }] },
      { ask: ['POST', 'auth/~/role/root', { ...role, token_policies: ['root'] }] },
      login(jwt({ aud: 'w' })),
      login(jwt({ exp: past })),
      login(jwt({ iat: past + 7200 })),
      login(jwt({ nbf: past + 7200 })),
      login(jwt({ u: 1 })),
      login(jwt({ u: '' })),
      login(jwt({ c: ['red'] })),
      login(jwt(), { role: 'bound' }),
      login(jwt({ sub: 's', n: 1 }), { role: 'bound' }),
      login(jwt({ sub: 's', n: 1, p: 'z' }), { role: 'bound' }),
      login(jwt({ sub: 's', n: 1, p: ['z', 'y'] }), { role: 'bound' }),
      login(jwt(), { role: 'root' }),
    ])
  })

  test('of each kind of token, and what the token then says of itself', async () => {
    const kinds: Readonly<Record<string, JsonObject>> = {
      plain: {},
      none: { token_no_default_policy: true, token_policies: [] },
      batch: { token_type: 'batch' },
      period: { token_period: 100, token_explicit_max_ttl: 5000 },
      long: { token_ttl: '2h', token_explicit_max_ttl: '1h' },
      used: { token_num_uses: 5 },
    }
    for (const [name, fields] of Object.entries(kinds))
      await expectSame([
        { ask: ['POST', `auth/~/role/kind-${name}`, { ...role, ...fields }] },
        { ...login(jwt(), { role: `kind-${name}` }), keep: name },
        { ask: ['POST', 'auth/token/lookup', { token: `<${name}>` }] },
        { ask: ['GET', 'auth/token/lookup-self'], as: name },
        { ask: ['POST', 'auth/token/renew-self', {}], as: name },
        { ask: ['POST', 'auth/token/renew-self', { increment: 7 }], as: name },
        { ask: ['POST', 'auth/token/revoke-self', {}], as: name },
        { ask: ['GET', 'auth/token/lookup-self'], as: name },
      ])
  })
})

describe('a token', () => {
  test('is made with policies, times and uses, or refused', async () => {
    const bodies: readonly JsonObject[] = [
      {},
      { policies: ['default'] },
      { policies: ['B', 'a', 'root'] },
      { policies: 'a,b', ttl: '1h', num_uses: 2, meta: { k: 'v' }, display_name: 'a b/' },
      { policies: ['a'], no_default_policy: true, no_parent: true },
      { policies: ['a'], ttl: '1000h' },
      { policies: ['a'], period: '1h', explicit_max_ttl: '2h' },
      { policies: ['a'], type: 'batch', ttl: 60 },
      { policies: ['a'], renewable: false },
      { policies: ['a'], entity_alias: '' },
      { policies: ['a'], entity_alias: 'x' },
      { policies: ['a'], entity_alias: 'x', num_uses: -1 },
      { policies: ['response-wrapping'] },
      ...[{ ttl: 'x' }, { ttl: '-1h' }, { num_uses: -1 }, { type: 'x' }, { type: 'batch', num_uses: 1 }],
      { policies: ['root'], ttl: '1h' },
      { explicit_max_ttl: '1h' },
      { type: 'batch' },
    ]
    for (const body of bodies)
      await expectSame([
        { ask: ['POST', 'auth/token/create', body], keep: 'made' },
        { ask: ['POST', 'auth/token/lookup', { token: '<made>' }] },
      ])
    await expectSame([{ ask: ['POST', 'auth/token/create-orphan', { policies: ['a'] }] }])
  })

  test('makes tokens that have no more than it has itself', async () => {
    await expectSame([
      { ...login(jwt()), keep: 'parent' },
      { ask: ['POST', 'auth/token/create', {}], as: 'parent', keep: 'child' },
      { ask: ['POST', 'auth/token/create', { policies: ['default'] }], as: 'parent' },
      { ask: ['POST', 'auth/token/create', { policies: ['other'] }], as: 'parent' },
      { ask: ['POST', 'auth/token/create', { policies: ['root'] }], as: 'parent' },
      { ask: ['POST', 'auth/token/create', { no_parent: true }], as: 'parent' },
      { ask: ['POST', 'auth/token/create', { period: '1h' }], as: 'parent' },
      { ask: ['POST', 'auth/token/create', { id: 'mine' }], as: 'parent' },
      { ask: ['POST', 'auth/token/create-orphan', {}], as: 'parent' },
      { ask: ['GET', 'auth/token/lookup-self'], as: 'child' },
      { ask: ['POST', 'auth/token/revoke', { token: '<parent>' }] },
      { ask: ['GET', 'auth/token/lookup-self'], as: 'child' },
    ])
  })

  test('ends after its last use, whatever that was', async () => {
    for (const last of [
      ['GET', 'auth/token/lookup-self'],
      ['POST', 'sys/capabilities-self', { paths: ['a'] }],
      ['GET', 'secret/data/none'],
    ] as const)
      await expectSame([
        { ask: ['POST', 'auth/token/create', { policies: ['default'], num_uses: 2 }], keep: 'few' },
        { ask: ['POST', 'auth/token/create', {}], as: 'few' },
        { ask: last, as: 'few' },
        { ask: ['GET', 'auth/token/lookup-self'], as: 'few' },
        { ask: ['POST', 'auth/token/lookup', { token: '<few>' }] },
      ])
  })

  test('is looked up, renewed and revoked by whoever may', async () => {
    await expectSame([
      { ask: ['POST', 'auth/token/create', { policies: ['default'], ttl: '1h' }], keep: 'seen' },
      { ask: ['POST', 'auth/token/lookup-accessor', { accessor: '<seen.accessor>' }] },
      { ask: ['POST', 'auth/token/lookup-accessor', { accessor: 'nobody' }] },
      { ask: ['POST', 'auth/token/lookup', {}], as: 'seen' },
      { ask: ['POST', 'auth/token/renew', { token: '<seen>', increment: '2h' }] },
      { ask: ['POST', 'auth/token/renew', { token: 'nobody' }] },
      { ask: ['POST', 'auth/token/renew', {}] },
      { ask: ['POST', 'auth/token/renew-self', {}] },
      { ask: ['POST', 'auth/token/renew-self', { increment: 'x' }], as: 'seen' },
      { ask: ['POST', 'auth/token/revoke-accessor', { accessor: '<seen.accessor>' }] },
      { ask: ['POST', 'auth/token/revoke-accessor', { accessor: '<seen.accessor>' }] },
      { ask: ['POST', 'auth/token/revoke', { token: '<seen>' }] },
      { ask: ['POST', 'auth/token/revoke', {}] },
      { ask: ['GET', 'auth/token/lookup-self'], as: 'seen' },
    ])
  })

  test('of a mount that is gone is gone as well', async () => {
    await expectSame([
      { ask: ['POST', 'sys/auth/~-gone', { type: 'jwt' }] },
      { ask: ['POST', 'auth/~-gone/config', { jwt_validation_pubkeys: pems }] },
      { ask: ['POST', 'auth/~-gone/role/ci', role] },
      { ask: ['POST', 'auth/~-gone/login', { role: 'ci', jwt: jwt() }], as: 'nobody', keep: 'orphaned' },
      { ask: ['GET', 'auth/token/lookup-self'], as: 'orphaned' },
      { ask: ['DELETE', 'sys/auth/~-gone'] },
      { ask: ['GET', 'auth/token/lookup-self'], as: 'orphaned' },
    ])
  })
})

describe('what a token may', () => {
  test('is asked for in three ways', async () => {
    const paths = ['secret/data/~/a', 'secret/metadata/~/', 'secret/metadata/~', 'sys/auth/~', 'nothing', '/nothing']
    await expectSame([
      { ...login(jwt()), keep: 'asker' },
      { ask: ['POST', 'sys/capabilities-self', { paths }], as: 'asker' },
      { ask: ['POST', 'sys/capabilities', { token: '<asker>', paths }] },
      { ask: ['POST', 'sys/capabilities-accessor', { accessor: '<asker.accessor>', paths }] },
      { ask: ['POST', 'sys/capabilities-accessor', { accessor: '<asker.accessor>', paths: ['secret/data/~/a'] }] },
      { ask: ['POST', 'sys/capabilities', { token: '<asker>', path: 'secret/data/~/a' }] },
      { ask: ['POST', 'sys/capabilities', { token: '<asker>', paths: [''] }] },
      { ask: ['POST', 'sys/capabilities', { token: '<asker>' }] },
      { ask: ['POST', 'sys/capabilities', { token: 'nobody' }] },
      { ask: ['POST', 'sys/capabilities-accessor', { accessor: 'nobody', paths }] },
      { ask: ['POST', 'sys/capabilities-accessor', { paths }] },
      { ask: ['POST', 'sys/capabilities', { token: '<asker>', paths }], as: 'asker' },
    ])
  })

  test('decides its requests: by operation, by what is there, with sudo where that is needed', async () => {
    const everybody: readonly (readonly [string, string, JsonObject?])[] = [
      ['POST', 'secret/data/~/a', { data: { x: '1' } }],
      ['POST', 'secret/data/~/a', { data: { x: '2' } }],
      ['GET', 'secret/data/~/a'],
      ['GET', 'secret/data/~/none'],
      ['DELETE', 'secret/data/~/a'],
      ['LIST', 'secret/metadata/~'],
      ['GET', 'secret/metadata/~?list=true'],
      ['GET', 'secret/metadata/~/a'],
      ['POST', 'auth/~/role/ci', { role_type: 'jwt' }],
      ['POST', 'auth/~/role/ci', { role_type: 'x' }],
      ['POST', 'auth/~/role/new', role],
      ['POST', 'auth/~/role/new', { ...role, token_num_uses: 'x' }],
      ['POST', 'auth/~/role/new', role],
      ['GET', 'auth/~/role/ci'],
      ['GET', 'sys/auth/~'],
      ['GET', 'sys/auth'],
      ['GET', 'sys/mounts/auth/~/tune'],
      ['POST', 'sys/mounts/auth/~/tune', {}],
      ['GET', 'auth/~/nothing'],
      ['POST', 'auth/~/nothing', {}],
      ['GET', 'nowhere/~'],
      ['GET', 'nowhere/else'],
      ['POST', 'sys/policies/acl/~-reader', { policy: '' }],
    ]
    await expectSame([
      { ...login(jwt()), keep: 'reader' },
      ...everybody.map((request): Step => ({ ask: request, as: 'reader' })),
      { ask: ['DELETE', 'auth/~/role/new'] },
      { ask: ['DELETE', 'secret/metadata/~/a'] },
    ])
  })

  test('is another as soon as its policy is', async () => {
    const policy = (path: string) => `path "secret/data/~/${path}" { capabilities = ["read"] }`
    const look: readonly Step[] = ['a', 'b'].map((name) => ({ ask: ['GET', `secret/data/~/${name}`], as: 'holder' }))
    await expectSame([
      { ask: ['POST', 'auth/token/create', { policies: ['~-later'] }], keep: 'holder' },
      ...look,
      { ask: ['POST', 'sys/policies/acl/~-later', { policy: policy('a') }] },
      ...look,
      { ask: ['POST', 'sys/policies/acl/~-later', { policy: policy('b') }] },
      ...look,
      { ask: ['DELETE', 'sys/policies/acl/~-later'] },
      ...look,
    ])
  })

  test('shows it the mounts that it reaches, and to nobody those that are for all to see', async () => {
    await expectSame([
      { ...login(jwt()), keep: 'viewer' },
      { ask: ['GET', 'sys/internal/ui/mounts/auth/~'], as: 'viewer' },
      { ask: ['GET', 'sys/internal/ui/mounts/auth/token'], as: 'viewer' },
      { ask: ['GET', 'sys/internal/ui/mounts/auth/~nope'], as: 'viewer' },
      { ask: ['GET', 'sys/internal/ui/mounts'], as: 'nonsense' },
    ])
  })
})

describe('secrets', () => {
  test('of kv version 2 are written, read, listed and deleted alike', async () => {
    await expectSame([
      { ask: ['POST', 'secret/data/~/x/a', { data: { n: 1.5, s: 'x' } }] },
      { ask: ['POST', 'secret/data/~/x/a', { data: { n: 2 }, options: { cas: 0 } }] },
      { ask: ['POST', 'secret/data/~/x/a', { data: { n: 2 }, options: { cas: 1 } }] },
      { ask: ['POST', 'secret/data/~/x/a', { n: 2 }] },
      { ask: ['GET', 'secret/data/~/x/a'] },
      { ask: ['GET', 'secret/data/~/x/a?version=1'] },
      { ask: ['GET', 'secret/data/~/x/a?version=7'] },
      { ask: ['LIST', 'secret/metadata/~'] },
      { ask: ['LIST', 'secret/metadata/~/x'] },
      { ask: ['LIST', 'secret/metadata/~/y'] },
      { ask: ['LIST', 'secret/data/~/x'] },
      { ask: ['GET', 'secret/~/x'] },
      { ask: ['GET', 'secret/config'] },
      { ask: ['DELETE', 'secret/metadata/~/x/a'] },
      { ask: ['GET', 'secret/data/~/x/a'] },
    ])
  })

  test('are where an engine is mounted', async () => {
    await expectSame([
      { ask: ['POST', 'sys/mounts/~two', { type: 'kv', options: { version: '2' } }] },
      { ask: ['POST', 'sys/mounts/~two', { type: 'kv' }] },
      { ask: ['GET', 'sys/mounts/~two'] },
      { ask: ['GET', 'sys/mounts/~none'] },
      { ask: ['POST', 'sys/mounts/~none', { type: 'nothing' }] },
      { ask: ['POST', 'sys/mounts/~one', { type: 'kv', description: 'd' }] },
      { ask: ['GET', 'sys/mounts/~one'] },
      { ask: ['GET', '~one/a'] },
      { ask: ['POST', '~one/a', { a: 'b' }] },
      { ask: ['POST', '~one/a', {}] },
      { ask: ['GET', '~one/a'] },
      { ask: ['LIST', '~one'] },
      { ask: ['DELETE', '~one/a'] },
      { ask: ['DELETE', 'sys/mounts/~one'] },
      { ask: ['DELETE', 'sys/mounts/~two'] },
      { ask: ['GET', '~two/data/a'] },
    ])
  })
})
