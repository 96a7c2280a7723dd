import { expect, test } from 'vitest'
import { gitlab, otherGitlab, sign } from './issuer.ts'
import { liveVault, request, startVault } from './live-vault.ts'

test('a real server trusts the stand-in GitLab by its own URL, and lets a signed job in', async () => {
  const server = await liveVault()
  await request(server, 'POST', 'sys/auth/support-login', { type: 'jwt' })
  const config = { oidc_discovery_url: gitlab, bound_issuer: gitlab }
  expect(await request(server, 'POST', 'auth/support-login/config', config)).toMatchObject({ status: 204 })
  await request(server, 'POST', 'auth/support-login/role/ci', {
    role_type: 'jwt',
    user_claim: 'project_id',
    bound_audiences: ['https://vault.example.com'],
    bound_claims: { project_id: '22' },
  })

  const login = async (claims?: Record<string, unknown>) =>
    await request({ address: server.address }, 'POST', 'auth/support-login/login', {
      role: 'ci',
      jwt: await sign(claims),
    })
  expect(await login()).toMatchObject({ status: 200, body: { auth: { metadata: { role: 'ci' } } } })
  expect(await login({ project_id: '23' })).toEqual({
    status: 400,
    body: {
      errors: ['error validating claims: claim "project_id" does not match any associated bound claim values'],
    },
  })
  expect(await login({ iss: otherGitlab })).toEqual({
    status: 400,
    body: { errors: ['error validating token: invalid issuer (iss) claim'] },
  })
})

test('a server of a test’s own serves TLS with a certificate of its own and ends when it is stopped', async () => {
  const server = await startVault({ tls: true })
  expect(server.address).toMatch(/^https:/)
  expect(await request(server, 'GET', 'sys/health')).toMatchObject({ status: 200, body: { sealed: false } })
  await expect(request({ address: server.address }, 'GET', 'sys/health')).rejects.toThrow(/certificate/)
  await server.stop()
  await expect(request(server, 'GET', 'sys/health')).rejects.toThrow(/ECONNREFUSED|closed/)
})
