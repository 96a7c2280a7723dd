import { inspect } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { UserError } from '../../src/core/diagnostic.ts'
import { VaultError, WriteOnly } from '../../src/core/server.ts'
import { type Connection, type ConnectOptions, connect } from '../../src/vault/client.ts'
import type { Pace } from '../../src/vault/retry.ts'
import { connectionSettings } from '../../src/vault/settings.ts'
import { type Answer, type ReceivedRequest, type ScriptedServer, scriptedServer } from '../support/scripted-server.ts'

const token = 'hvs.the-token-that-must-never-show'

let server: ScriptedServer | undefined
let connection: Connection | undefined
afterEach(async () => {
  await connection?.close()
  await server?.stop()
  connection = server = undefined
})

/** A pace that remembers what it was asked to wait, and does not wait. */
function instantPace(): Pace & { readonly waits: number[] } {
  const waits: number[] = []
  return { waits, ready: async () => {}, wait: async (milliseconds) => waits.push(milliseconds) > 0 }
}

async function open(
  answer: (request: ReceivedRequest, nth: number) => Answer | undefined,
  env: Record<string, string> = {},
  more: Partial<ConnectOptions> = {},
) {
  server = await scriptedServer(answer)
  const { settings } = connectionSettings({ VAULT_ADDR: server.address, VAULT_TOKEN: token, ...env })
  const pace = instantPace()
  connection = await connect({ settings, parallelism: 4, secretOf: () => 'unused', pace, ...more })
  return { connection, server, pace }
}

const on =
  (method: string, path: string, ...answers: readonly Answer[]) =>
  (request: ReceivedRequest, nth: number) =>
    request.method === method && request.path === `/v1/${path}` ? answers[Math.min(nth, answers.length) - 1] : undefined

async function refusal(work: Promise<unknown>): Promise<VaultError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(VaultError)
  return error as VaultError
}

describe('reading', () => {
  test('a 404 without an error is nothing there, a 404 with one is a refusal', async () => {
    const { connection } = await open(
      on('GET', 'auth/x/role/a', { status: 404, body: { errors: ['no handler for route'] } }),
    )
    expect(await connection.read('auth/jwt/role/none')).toBeUndefined()
    expect(await connection.list('auth/jwt/role')).toBeUndefined()
    expect((await refusal(connection.read('auth/x/role/a'))).errors).toEqual(['no handler for route'])
  })

  test('a 404 that is an answer of the server itself, as of a deleted version, is nothing there', async () => {
    const body = { request_id: 'r', data: { data: null, metadata: { deletion_time: 'x' } }, warnings: null }
    const { connection } = await open(on('GET', 'kv/data/a', { status: 404, body }))
    expect(await connection.read('kv/data/a')).toBeUndefined()
  })

  test('names are encoded segment by segment', async () => {
    const { connection, server } = await open(() => undefined)
    await connection.read('sys/policies/acl/team a/ü?&%#')
    expect(server.requests.at(-1)?.path).toBe('/v1/sys/policies/acl/team%20a/%C3%BC%3F%26%25%23')
  })

  test('a listing without names is an error, never an empty listing', async () => {
    const { connection } = await open(
      on('GET', 'auth/jwt/role?list=true', { status: 200, body: { data: { keys: null } } }),
    )
    expect((await refusal(connection.list('auth/jwt/role'))).message).toContain('no list of names')
  })

  test.each<[string, Answer]>([
    ['without a list', { status: 200, body: { data: {} } }],
    ['without data', { status: 200, body: { data: null } }],
    ['of nothing at all', { status: 200, body: {} }],
    ['without a body', { status: 204 }],
    ['with names that are none', { status: 200, body: { data: { keys: ['a', 7] } } }],
    ['with an empty name', { status: 200, body: { data: { keys: ['a', ''] } } }],
    ['that is a map', { status: 200, body: { data: { keys: { a: true } } } }],
    ['that names one twice', { status: 200, body: { data: { keys: ['a', 'b', 'a'] } } }],
    ['cut in the middle', { status: 200, raw: '{"data":{"keys":["a","b"' }],
    ['shorter than announced', { status: 200, raw: '{"data":{"keys":["a"]}}', headers: { 'content-length': '99' } }],
    ['of a gateway that has no such page', { status: 404, raw: '' }],
    ['of a gateway that says so in JSON', { status: 404, body: { message: 'not found' } }],
  ])('a listing %s is an error, never an empty listing', async (_, answer) => {
    const { connection } = await open(on('GET', 'auth/jwt/role?list=true', answer), { VAULT_CLIENT_TIMEOUT: '2' })
    await refusal(connection.list('auth/jwt/role'))
  })

  test.each<[string, Answer]>([
    ['without data', { status: 200, body: { data: null } }],
    ['with empty data', { status: 200, body: { data: {} } }],
    ['with a list for data', { status: 200, body: { data: [] } }],
    ['of nothing at all', { status: 200, body: {} }],
    ['without a body', { status: 204 }],
    ['of a gateway that has no such page', { status: 404, raw: '' }],
    ['of a gateway that says so in JSON', { status: 404, body: { message: 'not found' } }],
  ])('an answer %s is an error, never an absent object', async (_, answer) => {
    const { connection } = await open(on('GET', 'auth/jwt/role/a', answer))
    await refusal(connection.read('auth/jwt/role/a'))
  })

  describe('in pages, which a policy of OpenBao makes without a word', () => {
    const names = Array.from({ length: 25 }, (_, index) => `r${String(index).padStart(2, '0')}`)
    const health = { initialized: true, sealed: false, version: '2.6.1', cluster_id: 'c' }
    /** Answers as OpenBao does under pagination_limit: so many names after the one that is asked for. */
    const paged = (limit: number, after: boolean) => (request: ReceivedRequest) => {
      const url = new URL(request.path, 'http://x')
      if (url.pathname === '/v1/sys/health') return { status: 200, body: health }
      if (url.pathname !== '/v1/auth/jwt/role') return undefined
      const last = after ? (url.searchParams.get('after') ?? '') : ''
      const keys = names.filter((name) => name > last).slice(0, limit)
      return keys.length === 0 ? undefined : { status: 200, body: { data: { keys } } }
    }

    test.each([1, 10, 24, 25, 26])('a list is asked for to its end with pages of %i', async (limit) => {
      const { connection } = await open(paged(limit, true))
      expect((await connection.list('auth/jwt/role', { pages: true }))?.keys).toEqual(names)
    })

    test('a version without pages gives the whole list again, which is its end', async () => {
      const { connection, server } = await open(paged(100, false))
      expect((await connection.list('auth/jwt/role', { pages: true }))?.keys).toEqual(names)
      expect(server.requests.filter(({ path }) => path.includes('role'))).toHaveLength(2)
    })

    test('a failure in the middle is a failure of the whole list', async () => {
      const pages = paged(10, true)
      const { connection } = await open((request) =>
        request.path.includes('after=r19') ? { status: 403, body: { errors: ['permission denied'] } } : pages(request),
      )
      expect((await refusal(connection.list('auth/jwt/role', { pages: true }))).status).toBe(403)
    })
  })

  test("Go's lists of errors become sentences", async () => {
    const text = '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'
    const { connection } = await open(on('GET', 'sys/auth', { status: 403, body: { errors: [text] } }))
    expect(await refusal(connection.read('sys/auth'))).toMatchObject({
      status: 403,
      path: 'sys/auth',
      errors: ['permission denied', 'invalid token'],
    })
  })

  const list = (...words: string[]) => [`${words.length} error occurred:\n\t* ${words.join('\n\t* ')}\n\n`]
  test.each([
    ['policies deny, on both', 'sys/auth', list('permission denied'), false],
    ['Vault does not know the token', 'sys/auth', list('permission denied', 'invalid token'), true],
    ['OpenBao does not know it, or either has it bound to networks', 'sys/auth', ['permission denied'], true],
    ['a login is refused', 'auth/jwt/login', ['permission denied'], false],
    ['a gateway denies', 'sys/auth', [], false],
  ])('whether it was the token that was refused: %s', async (_, path, errors, tokenRefused) => {
    const { connection } = await open(on('GET', path, { status: 403, body: { errors } }))
    expect(await refusal(connection.read(path))).toMatchObject({ status: 403, tokenRefused })
  })

  test('an answer that is not JSON says so', async () => {
    const { connection } = await open(
      on('GET', 'sys/auth', { status: 200, raw: '<html>', headers: { 'content-type': 'text/html' } }),
    )
    expect((await refusal(connection.read('sys/auth'))).message).toContain('not JSON (text/html)')
  })
})

describe('trying again', () => {
  const ok: Answer = { status: 200, body: { data: { a: 1 } } }

  test.each([[500], [502], [503], [504], [412], [429]])('a read answered with %i is tried again', async (status) => {
    const { connection } = await open(on('GET', 'p', { status, body: { errors: ['later'] } }, ok))
    expect(await connection.read('p')).toEqual({ a: 1 })
  })

  test('a cut connection is tried again', async () => {
    const { connection } = await open(on('GET', 'p', 'cut', ok))
    expect(await connection.read('p')).toEqual({ a: 1 })
  })

  test.each([[400], [403], [404], [405], [501]])('a %i is an answer', async (status) => {
    const { connection, server } = await open(on('GET', 'p', { status, body: { errors: ['no'] } }, ok))
    await refusal(connection.read('p'))
    expect(server.requests.filter(({ path }) => path === '/v1/p')).toHaveLength(1)
  })

  test('after VAULT_MAX_RETRIES tries the last refusal is reported', async () => {
    const { connection, server } = await open(on('GET', 'p', { status: 503, body: { errors: ['Vault is sealed'] } }), {
      VAULT_MAX_RETRIES: '3',
    })
    expect((await refusal(connection.read('p'))).errors).toEqual(['Vault is sealed'])
    expect(server.requests.filter(({ path }) => path === '/v1/p')).toHaveLength(4)
  })

  test('Retry-After is honoured, in seconds and as a date', async () => {
    const date = new Date(Date.now() + 20_000).toUTCString()
    const answers: Answer[] = ['7', date].map((value) => ({
      status: 429,
      headers: { 'retry-after': value },
      body: { errors: ['quota'] },
    }))
    const { connection, pace } = await open(on('GET', 'p', ...answers, ok))
    await connection.read('p')
    expect(pace.waits[0]).toBeGreaterThanOrEqual(7_000)
    expect(pace.waits[0]).toBeLessThan(7_500)
    expect(pace.waits[1]).toBeGreaterThan(15_000)
    expect(pace.waits[1]).toBeLessThan(20_500)
  })

  test.each([429, 503])('a %i that asks for more than a minute is the answer', async (status) => {
    const later = { status, headers: { 'retry-after': '1000000' }, body: { errors: ['later'] } }
    const { connection, pace } = await open(on('GET', 'p', later, ok))
    expect((await refusal(connection.read('p'))).errors).toEqual(['later'])
    expect(pace.waits).toEqual([])
  })

  test('pauses grow and differ', async () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(1).mockReturnValueOnce(0)
    const { connection, pace } = await open(on('GET', 'p', 'cut', 'cut', 'cut', ok), { VAULT_MAX_RETRIES: '5' })
    await connection.read('p')
    expect(pace.waits).toEqual([125, 500, 500])
    vi.restoreAllMocks()
  })

  test('a repeatable write is tried again after a cut, one that is not is not', async () => {
    const { connection, server } = await open(on('POST', 'p', 'cut', { status: 204 }))
    await connection.write('p', { a: 1 })
    expect(server.requests.filter(({ path }) => path === '/v1/p')).toHaveLength(2)
    await connection.close()
    await server.stop()

    const second = await open(on('POST', 'q', 'cut', { status: 204 }))
    expect((await refusal(second.connection.write('q', { a: 1 }, { repeatable: false }))).message).toContain(
      'the connection was cut',
    )
    expect(second.server.requests.filter(({ path }) => path === '/v1/q')).toHaveLength(1)
  })

  test('a write that is not repeatable waits for a quota, because it was not carried out', async () => {
    const { connection } = await open(on('POST', 'p', { status: 429, body: { errors: ['quota'] } }, { status: 204 }))
    expect(await connection.write('p', {}, { repeatable: false })).toEqual([])
  })
})

describe('what it never gives away', () => {
  const everything = (error: unknown) =>
    `${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)} ${(error as Error).stack}`

  test.each<[string, Answer]>([
    ['a cut connection', 'cut'],
    ['a refusal that repeats the token', { status: 400, body: { errors: [`bad token ${token}`] } }],
    ['an answer that is not JSON', { status: 500, raw: token }],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/elsewhere' } }],
  ])('the token is not in the error of %s', async (_name, answer) => {
    const { connection } = await open(on('GET', 'p', answer), { VAULT_MAX_RETRIES: '0' })
    expect(everything(await refusal(connection.read('p')))).not.toContain(token)
  })

  test('a redirect is not followed', async () => {
    const other = await scriptedServer(() => ({ status: 200, body: { data: {} } }))
    const { connection } = await open(on('GET', 'p', { status: 307, headers: { location: `${other.address}/v1/p` } }))
    expect((await refusal(connection.read('p'))).message).toContain('active node')
    expect(other.requests).toEqual([])
    await other.stop()
  })

  test('a write-only value reaches the wire and no error', async () => {
    const secret = 'correct-horse-battery'
    const answer = on('POST', 'p', { status: 400, body: { errors: [`cannot parse ${secret}`] } })
    const { connection, server } = await open(
      answer,
      {},
      { secretOf: (reference) => (reference === '${env:SECRET}' ? secret : 'wrong') },
    )
    const error = await refusal(
      connection.write('p', { nested: { oidc_client_secret: new WriteOnly('${env:SECRET}') } }),
    )
    expect(JSON.parse(server.requests.at(-1)?.body ?? '')).toEqual({ nested: { oidc_client_secret: secret } })
    expect(everything(error)).not.toContain(secret)
    expect(error.message).toContain('(secret)')
  })

  test('variables that node-vault would read by itself change nothing', async () => {
    vi.stubEnv('VAULT_PREFIX', '/elsewhere')
    vi.stubEnv('VAULT_TOKEN', 'foreign')
    vi.stubEnv('VAULT_NAMESPACE', 'foreign')
    const { connection, server } = await open(() => undefined)
    await connection.read('p')
    vi.unstubAllEnvs()
    expect(server.requests.at(-1)).toMatchObject({ path: '/v1/p', headers: { 'x-vault-token': token } })
    expect(server.requests.at(-1)?.headers).not.toHaveProperty('x-vault-namespace')
  })
})

describe('logging in', () => {
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.e30.signature'
  const env = { VAULT_TOKEN: '', VAULT_ID_TOKEN: jwt, VAULT_AUTH_ROLE: 'plan', VAULT_AUTH_PATH: 'gitlab' }
  const login = on('POST', 'auth/gitlab/login', { status: 200, body: { auth: { client_token: token } } })

  test('a job logs in with its ID token, uses what it gets, and revokes it at the end', async () => {
    const { connection, server } = await open((request, nth) => login(request, nth), env)
    await connection.read('p')
    await connection.close()
    const [, loggedIn, read, revoked] = server.requests
    expect(JSON.parse(loggedIn?.body ?? '')).toEqual({ role: 'plan', jwt })
    expect(loggedIn?.headers).not.toHaveProperty('x-vault-token')
    expect(read?.headers['x-vault-token']).toBe(token)
    expect(revoked).toMatchObject({
      method: 'POST',
      path: '/v1/auth/token/revoke-self',
      headers: { 'x-vault-token': token },
    })
  })

  test("a person's own token is not revoked", async () => {
    const { connection, server } = await open(() => undefined)
    await connection.close()
    expect(server.requests.map(({ path }) => path)).not.toContain('/v1/auth/token/revoke-self')
  })

  test('a refused login says the server’s words and not the token', async () => {
    const refuse = on('POST', 'auth/gitlab/login', {
      status: 400,
      body: { errors: [`error validating token: ${jwt}`] },
    })
    const error = await refusal(open(refuse, env))
    expect(error.message).toContain('error validating token')
    expect(error.message).not.toContain(jwt)
  })
})

describe('which server it is', () => {
  const say = (body: object) => (request: ReceivedRequest) =>
    request.path.startsWith('/v1/sys/health') ? { status: 200, body } : undefined

  test.each([
    ['vault', { version: '1.21.0', enterprise: false }],
    ['vault', { version: '2.0.1', enterprise: true }],
    ['vault', { version: '1.13.0' }],
    ['openbao', { version: '2.6.1' }],
  ])('%s by %j', async (product, body) => {
    const { connection } = await open(say({ initialized: true, sealed: false, ...body }))
    expect(connection.server).toMatchObject({ product, version: body.version })
  })

  test.each([
    ['sealed', { initialized: true, sealed: true, version: '1.21.0' }],
    ['not initialized', { initialized: false, sealed: true, version: '1.21.0' }],
    ['does not answer like', {}],
  ])('a server that is %s is said to be so', async (words, body) => {
    expect((await refusal(open(say(body)))).message).toContain(words)
  })

  test('where nothing listens, that is what it says', async () => {
    const { settings } = connectionSettings({
      VAULT_ADDR: 'http://127.0.0.1:9',
      VAULT_TOKEN: token,
      VAULT_MAX_RETRIES: '0',
    })
    const error = await refusal(connect({ settings, parallelism: 1, secretOf: () => '', pace: instantPace() }))
    expect(error.message).toContain('http://127.0.0.1:9 did not answer: nothing listens there')
  })

  test('the namespace of the file goes into every request', async () => {
    const { connection, server } = await open(
      say({ version: '1.21.0+ent', enterprise: true }),
      { VAULT_NAMESPACE: 'other' },
      { namespace: '/platform/' },
    )
    await connection.read('p')
    expect(server.requests.at(-1)?.headers['x-vault-namespace']).toBe('platform')
  })

  describe('without namespaces', () => {
    const refused = async (body: object, env: Record<string, string>, more: Partial<ConnectOptions> = {}) => {
      const error = await open(say(body), env, more).catch((reason: unknown) => reason)
      expect(server?.requests.map(({ path }) => path.split('?')[0])).toEqual(['/v1/sys/health'])
      expect(server?.requests[0]?.headers).not.toHaveProperty('x-vault-token')
      expect(error).toBeInstanceOf(UserError)
      return (error as UserError).diagnostics[0]
    }

    test.each([
      ['Vault says so', { version: '1.21.0', enterprise: false }, 'Vault 1.21.0 is not Vault Enterprise'],
      [
        'Vault says so, whatever its version is called',
        { version: '1.21.0+ent', enterprise: false },
        '1.21.0+ent is not',
      ],
      ['Vault before 1.16 does not say it', { version: '1.15.6' }, 'Vault 1.15.6 is not Vault Enterprise'],
      ['it is an OpenBao that ignores the header', { version: '2.2.2' }, 'OpenBao 2.2.2 is older than 2.3'],
    ])('where %s, a namespace is refused before a credential is sent', async (_, body, words) => {
      const said = await refused(body, { VAULT_NAMESPACE: 'team-a/' })
      expect(said?.code).toBe('no-namespaces')
      expect(said?.message).toContain(`the namespace "team-a" (from VAULT_NAMESPACE) cannot be at ${server?.address}`)
      expect(said?.message).toContain(words)
      expect(said?.help).toMatch(/Take the namespace away/)
    })

    test.each<[string, Record<string, string>, Partial<ConnectOptions>]>([
      ['BAO_NAMESPACE', { BAO_NAMESPACE: 'team', VAULT_NAMESPACE: 'other' }, {}],
      ["`namespace:` in the environment's file", { VAULT_NAMESPACE: 'other' }, { namespace: 'team' }],
      ['--environment', {}, { namespace: '/team', namespaceFrom: '--environment' }],
    ])('%s is named as where it comes from', async (from, env, more) => {
      const said = await refused({ version: '1.21.0', enterprise: false }, env, more)
      expect(said?.message).toContain(`the namespace "team" (from ${from})`)
    })

    test.each([
      ['its root namespace is meant by a file', { version: '1.21.0', enterprise: false }, { namespace: '' }],
      ['it is Enterprise', { version: '2.0.1', enterprise: true }, {}],
      ['it is an Enterprise before 1.16', { version: '1.15.6+ent.hsm' }, {}],
      ['it is an OpenBao 2.3', { version: '2.3.0-beta1' }, {}],
    ])('is not what a server is where %s', async (_, body, more) => {
      const { connection } = await open(say(body), { VAULT_NAMESPACE: 'team' }, more)
      expect(connection.server).toEqual({
        product: 'enterprise' in body || body.version.startsWith('1') ? 'vault' : 'openbao',
        version: body.version,
        address: server?.address,
        namespace: 'namespace' in more ? '' : 'team',
        clusterId: '',
      })
    })
  })
})
