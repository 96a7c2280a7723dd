import { afterEach, describe, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/vault/client.ts'
import { connectionSettings } from '../../src/vault/settings.ts'
import { type Answer, type ReceivedRequest, type ScriptedServer, scriptedServer } from '../support/scripted-server.ts'

let server: ScriptedServer | undefined
let connection: Connection | undefined
afterEach(async () => {
  await connection?.close()
  await server?.stop()
  connection = server = undefined
})

async function open(
  answer: (request: ReceivedRequest) => Answer | undefined,
  env: Readonly<Record<string, string>> = {},
) {
  server = await scriptedServer(answer)
  const { settings } = connectionSettings({ VAULT_ADDR: server.address, VAULT_TOKEN: 'a-token', ...env })
  connection = await connect({ settings, parallelism: 4, secretOf: () => 'unused' })
  return { connection, server }
}

const pathsIn = ({ body }: ReceivedRequest) => (JSON.parse(body) as { paths: string[] }).paths
const isQuestion = ({ path }: ReceivedRequest) => path === '/v1/sys/capabilities-self'
const answering = (capabilities: (path: string) => readonly string[] | undefined) => (request: ReceivedRequest) =>
  isQuestion(request)
    ? { status: 200, body: { data: Object.fromEntries(pathsIn(request).map((path) => [path, capabilities(path)])) } }
    : undefined

describe('what the own token may do', () => {
  const many = Array.from({ length: 1201 }, (_, n) => `path/${n}`)

  test('is asked in parts that every server takes, and every path is answered', async () => {
    const { connection, server } = await open(answering((path) => [path]))
    const answers = await connection.capabilities(many)
    expect(many.every((path) => answers.get(path)?.[0] === path)).toBe(true)
    const asked = server.requests.filter(isQuestion)
    expect(asked.map((request) => pathsIn(request).length)).toEqual([500, 500, 201])
    // OpenBao takes 1,000 strings in a body, the key included.
    expect(asked.every((request) => pathsIn(request).length < 1000)).toBe(true)
  })

  test('is asked once where the token is root', async () => {
    const { connection, server } = await open(answering(() => ['root']))
    expect((await connection.capabilities(many)).get('path/1200')).toEqual(['root'])
    expect(server.requests.filter(isQuestion)).toHaveLength(1)
  })

  test('is unknown where the answer leaves a path out, and never taken for granted', async () => {
    const { connection } = await open(answering((path) => (path === 'path/7' ? undefined : ['read'])))
    await expect(connection.capabilities(many)).rejects.toThrow('no answer for path/7')
  })
})

describe('whose the own token is', () => {
  const lookUp = (answer: Answer) => (request: ReceivedRequest) =>
    request.path === '/v1/auth/token/lookup-self' ? answer : undefined

  test('is what the server says, with the policies of its identity and the role that it came by', async () => {
    const data = {
      policies: ['default', 'b'],
      identity_policies: ['a'],
      path: 'auth/gitlab/ci/login',
      meta: { role: 'apply' },
    }
    const { connection } = await open(lookUp({ status: 200, body: { data } }))
    expect(await connection.identity()).toEqual({
      policies: ['a', 'b', 'default'],
      login: { mount: 'gitlab/ci', role: 'apply' },
    })
  })

  test('is not known where it may not ask, or where it is of another namespace than the one that is talked to', async () => {
    const denied = await open(lookUp({ status: 403, body: { errors: ['permission denied'] } }))
    expect(await denied.connection.identity()).toBeUndefined()
    await denied.connection.close()
    await denied.server.stop()
    const data = { policies: ['a'], path: 'auth/token/create', namespace_path: '' }
    const health = { initialized: true, sealed: false, version: '1.21.0+ent', enterprise: true }
    const answer = lookUp({ status: 200, body: { data } })
    const enterprise: typeof answer = (request) =>
      request.path.startsWith('/v1/sys/health') ? { status: 200, body: health } : answer(request)
    const inTeam = await open(enterprise, { VAULT_NAMESPACE: 'team' })
    expect(await inTeam.connection.identity()).toBeUndefined()
  })

  test('is known without asking after a login, with the claims of the ID token', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const jwt = `${part({ alg: 'RS256' })}.${part({ project_id: '7' })}.c2ln`
    const { connection, server } = await open(
      ({ path }) =>
        path === '/v1/auth/jwt/login'
          ? { status: 200, body: { auth: { client_token: 't', policies: ['p'] } } }
          : undefined,
      { VAULT_TOKEN: '', VAULT_ID_TOKEN: jwt, VAULT_AUTH_ROLE: 'Apply' },
    )
    expect(await connection.identity()).toEqual({
      policies: ['p'],
      login: { mount: 'jwt', role: 'apply', claims: { project_id: '7' }, alg: 'RS256' },
    })
    expect(server.requests.some(({ path }) => path.includes('lookup-self'))).toBe(false)
  })
})
