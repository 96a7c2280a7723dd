import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { configuration, ownName, workplace } from '../commands/fixture.ts'
import { liveVault, request, type Server } from '../support/live-vault.ts'

/** A token that may do what these lines say, besides what every token may. */
async function tokenWith(server: Server, name: string, policy: string): Promise<string> {
  await request(server, 'POST', `sys/policies/acl/${name}-token`, { policy })
  const { body } = await request(server, 'POST', 'auth/token/create', { policies: [`${name}-token`], ttl: '1h' })
  return ((body as JsonObject)['auth'] as { client_token: string }).client_token
}

const grant = (path: string, ...capabilities: readonly string[]) =>
  `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }\n`

/** All that a plan of the fixture reads. */
function reading(id: string, without: readonly string[] = []): string {
  const rules: readonly (readonly [string, readonly string[]])[] = [
    ['sys/auth', ['read']],
    ['sys/policies/acl', ['list']],
    ['sys/policies/acl/*', ['read', 'list']],
    ['sys/policies/detailed/acl', ['list']],
    [`auth/${id}/config`, ['read']],
    [`auth/${id}/role`, ['list']],
    [`auth/${id}/role/*`, ['read', 'list']],
  ]
  return rules
    .map(([path, capabilities]) => grant(path, ...(without.includes(path) ? ['deny'] : capabilities)))
    .join('')
}

async function isOpenBao(server: Server): Promise<boolean> {
  const { body } = await request(server, 'GET', 'sys/health')
  return body !== undefined && !('enterprise' in body)
}

/** A server that is as the files say. */
async function applied() {
  const server = await liveVault()
  const id = ownName()
  const place = workplace(configuration(id), server)
  expect(await place.run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
  const planWith = async (policy: string) =>
    place.run(['plan'], { env: { VAULT_TOKEN: await tokenWith(server, id, policy) } })
  return { id, server, place, planWith }
}

describe('what a token may not see is not absent', () => {
  test('it plans nothing where it may see everything', async () => {
    const { id, planWith } = await applied()
    expect(await planWith(reading(id))).toMatchObject({ code: 0 })
  })

  test.each([
    ['the auth mounts', () => 'sys/auth'],
    ['the configuration of a mount', (id: string) => `auth/${id}/config`],
    ['the list of roles', (id: string) => `auth/${id}/role`],
    ['a role', (id: string) => `auth/${id}/role/*`],
    ['a policy', () => 'sys/policies/acl/*'],
  ])('%s: the path is named, and nothing is planned', async (_, pathOf) => {
    const { id, planWith } = await applied()
    const path = pathOf(id)
    // Whoever may list the details of policies on OpenBao has them all.
    const without = path === 'sys/policies/acl/*' ? [path, 'sys/policies/detailed/acl'] : [path]
    const { code, stdout, stderr } = await planWith(reading(id, without))
    expect(code).toBe(1)
    expect(stdout).not.toContain('create')
    expect(stderr).toContain(path.replace('/*', '/'))
    expect(stderr).toContain('permission denied')
  })

  test('the list of policies', async () => {
    const { id, planWith } = await applied()
    const { code, stderr } = await planWith(reading(id, ['sys/policies/acl', 'sys/policies/detailed/acl']))
    expect(code).toBe(1)
    expect(stderr).toContain('sys/policies/acl')
  })
})

describe('a list that the server itself shortens', () => {
  test('in pages, by pagination_limit of OpenBao, is read to its end', async () => {
    const { id, server, place } = await applied()
    if (!(await isOpenBao(server))) return expectNoPages(server, id)
    const more = ['a', 'b', 'c', 'd', 'e', 'z']
    for (const name of more)
      await request(server, 'POST', `auth/${id}/role/${name}`, {
        role_type: 'jwt',
        user_claim: 'sub',
        bound_subject: 'x',
      })
    const pages = `path "auth/${id}/role" { capabilities = ["list"]\n pagination_limit = 2 }\n`
    const token = await tokenWith(server, id, reading(id).replace(grant(`auth/${id}/role`, 'list'), pages))
    const cut = await request({ ...server, token }, 'GET', `auth/${id}/role?list=true`)
    expect(cut.body, 'the server cuts it').toMatchObject({ data: { keys: ['a', 'b'] } })
    const { code, stdout, output } = await place.run(['drift'], { env: { VAULT_TOKEN: token } })
    expect(code, output).toBe(2)
    for (const name of more) expect(stdout).toContain(`jwt-role/${id}/${name}`)
    expect(stdout).not.toContain('missing')
  })

  test('by list_scan_response_keys_filter_path of OpenBao, never makes an object look absent', async () => {
    const { id, server, place } = await applied()
    if (!(await isOpenBao(server))) return expectNoPages(server, id)
    // The list leaves out what may not be read at this other path; the roles themselves may be.
    const filtered = `path "auth/${id}/role" { capabilities = ["list"]\n list_scan_response_keys_filter_path = "nowhere/{{ .key }}" }\n`
    const token = await tokenWith(server, id, reading(id).replace(grant(`auth/${id}/role`, 'list'), filtered))
    const { status } = await request({ ...server, token }, 'GET', `auth/${id}/role?list=true`)
    expect(status, 'the server leaves out everything').toBe(404)
    const { code, stdout, stderr } = await place.run(['plan'], { env: { VAULT_TOKEN: token } })
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('inconsistent-list') })
    expect(stderr).toContain(`jwt-role/${id}/ci is on the server`)
    expect(stdout).not.toContain('create')
  })
})

/** Vault knows neither: a policy that asks for it is refused, or has no effect. */
async function expectNoPages(server: Server, id: string): Promise<void> {
  const policy = `path "auth/${id}/role" { capabilities = ["list"]\n pagination_limit = 2 }\n`
  const { status } = await request(server, 'POST', `sys/policies/acl/${id}-pages`, { policy })
  expect(status).toBe(400)
}
