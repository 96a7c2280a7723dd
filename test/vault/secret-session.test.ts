import { expect, test } from 'vitest'
import { openSecretSession } from '../../src/vault/secret-session.ts'
import { connectionSettings } from '../../src/vault/settings.ts'
import { scriptedServer } from '../support/scripted-server.ts'

const login = { jwt: 'a.b.c', role: 'r', mount: 'jwt' }
const vault = { initialized: true, sealed: false, version: '1.21.0', enterprise: false }
const openbao = { initialized: true, sealed: false, version: '2.6.1' }

const bare = 'permission denied'
const byPolicy = '1 error occurred:\n\t* permission denied\n\n'
const unknown = '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'

test.each([
  ['Vault does not know it any more', vault, unknown, false],
  ['Vault does not take it, which says only that', vault, bare, true],
  ['a policy of Vault denies that', vault, byPolicy, true],
  ['OpenBao does not know it any more', openbao, bare, false],
  ['a policy of OpenBao denies that', openbao, byPolicy, true],
])('of a token that cannot be revoked because %s', async (_, health, words, remains) => {
  const server = await scriptedServer(({ path }) => {
    if (path.startsWith('/v1/sys/health')) return { status: 200, body: health }
    if (path.endsWith('/login'))
      return { status: 200, body: { auth: { client_token: 's.of-the-job', policies: ['default'], lease_duration: 1 } } }
    return { status: 403, body: { errors: [words] } }
  })
  const { settings } = connectionSettings({ VAULT_ADDR: server.address, VAULT_TOKEN: 'unused' })
  const session = await openSecretSession({ settings, parallelism: 1, secretOf: () => 'unused' }, login)
  const left = await session.end(['database/creds/app/1'])
  expect([left.token !== undefined, left.leases !== undefined]).toEqual([remains, remains])
  await server.stop()
})
