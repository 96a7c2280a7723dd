import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { liveVault, request } from '../support/live-vault.ts'
import { configuration, manyRoles, ownName, workplace } from './fixture.ts'

test('a role that somebody made is what the last line is about', async () => {
  const server = await liveVault()
  const id = ownName()
  const { run } = workplace(configuration(id), server)
  expect((await run(['apply', '--auto-approve'])).code).toBe(0)
  const rogue = { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['x'] }
  await request(server, 'POST', `auth/${id}/role/uninvited`, rogue)
  const drift = await run(['drift'])
  expect(drift).toMatchObject({ code: 2, stdout: expect.stringContaining(`? jwt-role/${id}/uninvited`) })
  expect(drift.stdout).toMatch(/^No drift in what the files describe; 1 object on the server is in no file\.$/m)
  expect(drift.stdout).not.toContain('matches the files')
})

test('a role whose entry of for_each goes stays on the server, and the plan says so', async () => {
  const server = await liveVault()
  const id = ownName()
  const { run, directory } = workplace(manyRoles(id, 2), server)
  expect((await run(['apply', '--auto-approve'])).code).toBe(0)
  writeFileSync(join(directory, 'roles/many.yaml'), manyRoles(id, 1)['roles/many.yaml'] ?? '')
  const plan = await run(['plan'])
  expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining(`? jwt-role/${id}/r-1`) })
  expect(plan.stdout).toMatch(/^No changes, but 1 object on the server is in no file\.$/m)
  const comment = await run(['plan', '--format', 'markdown'])
  expect(comment.stdout).toContain('## Vault access: no changes, but 1 object on the server is in no file\n')
})

test('a policy of people that comes to grant everything is not said to give nobody anything', async () => {
  const server = await liveVault()
  const id = ownName()
  const environment = `${configuration(id)['environments/production.yaml']}policies: [${id}-oncall]\n`
  const policy = `policies/${id}-oncall.hcl`
  const files = configuration(id, {
    'environments/production.yaml': environment,
    [policy]: 'path "ops/data/*" { capabilities = ["read"] }\n',
  })
  const { run, directory } = workplace(files, server)
  expect((await run(['apply', '--auto-approve'])).code).toBe(0)
  writeFileSync(join(directory, policy), 'path "*" { capabilities = ["create", "read", "update", "delete", "sudo"] }\n')
  const plan = await run(['plan'])
  expect(plan.code).toBe(2)
  expect(plan.stdout).toContain(`? not decided: policy/${id}-oncall: no role here names it`)
  expect(plan.stdout).not.toContain('nothing gains or loses access')
})
