import { expect, test } from 'vitest'
import { configuration, ownName, workplace } from '../commands/fixture.ts'
import { liveVault, request, type Server } from '../support/live-vault.ts'

const mount = (id: string, namespace: string) =>
  `${namespace && `namespace: ${namespace}\n`}auth:\n  ${id}:\n    type: jwt\n    config: { jwt_validation_pubkeys: [{ file: key.pem }] }\n`

async function hasNone(server: Server): Promise<boolean> {
  return (await request(server, 'GET', 'sys/health')).body?.['enterprise'] === false
}

test('a server without namespaces ignores the header, and one with them refuses what it does not have', async () => {
  const server = await liveVault()
  const inTeam = await fetch(`${server.address}/v1/sys/auth`, {
    headers: { 'x-vault-token': server.token, 'x-vault-namespace': ownName() },
  })
  expect(inTeam.status).toBe((await hasNone(server)) ? 200 : 404)
})

test('two environments in two namespaces of a server without any change nothing, whatever the command', async () => {
  const server = await liveVault()
  if (!(await hasNone(server))) return
  const id = ownName()
  // The first has no namespace: it must not be connected to, either.
  const files = configuration(id, {
    'environments/a.yaml': '{}\n',
    'environments/production.yaml': mount(id, 'team-a'),
    'environments/staging.yaml': mount(id, 'team-b'),
    'secrets.json': '{ "secrets": {} }',
  })
  // The token is none: nothing may be refused for its sake.
  const { run } = workplace(files, { ...server, token: 'none' })
  for (const words of [['plan'], ['apply', '--auto-approve'], ['drift'], ['test', '--live']]) {
    const ended = await run(words)
    expect(ended, words.join(' ')).toMatchObject({ code: 1 })
    expect(ended.stderr).toContain('no-namespaces')
    expect(ended.stderr).toContain('production: the namespace "team-a" (from `namespace:` in the environment\'s file)')
    expect(ended.stderr).toContain('--> environments/production.yaml:1:1')
    expect(ended.stderr).not.toContain('permission denied')
  }
  expect((await request(server, 'GET', `auth/${id}/config`)).status).not.toBe(200)
})

test.each<[string, readonly string[], Record<string, string>]>([
  ['VAULT_NAMESPACE', ['plan'], { VAULT_NAMESPACE: 'foo' }],
  ['BAO_NAMESPACE', ['apply', '--auto-approve'], { BAO_NAMESPACE: 'foo' }],
  ['VAULT_NAMESPACE', ['snapshot', '--without-files'], { VAULT_NAMESPACE: 'foo' }],
  ['--environment', ['import', '-e', 'live=foo', '--out', 'live'], {}],
  [
    'VAULT_NAMESPACE',
    ['exec', '--role', 'ci', '--pass-token', '--', 'true'],
    { VAULT_NAMESPACE: 'foo', VAULT_ID_TOKEN: 'none', VAULT_TOKEN: '' },
  ],
])('%s says the namespace of %j, and the refusal says so', async (from, words, env) => {
  const server = await liveVault()
  if (!(await hasNone(server))) return
  const ended = await workplace(configuration(ownName()), { ...server, token: 'none' }).run(words, { env })
  expect(ended.code).not.toBe(0)
  expect(ended.stderr).toContain(`the namespace "foo" (from ${from})`)
})
