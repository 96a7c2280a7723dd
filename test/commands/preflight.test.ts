import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { configuration, ownName, workplace } from './fixture.ts'

const headers = (token: string) => ({ 'x-vault-token': token })

async function tokenWith(
  server: { readonly address: string; readonly token: string },
  policy: string,
): Promise<string> {
  const post = (path: string, body: object) =>
    fetch(`${server.address}/v1/${path}`, {
      method: 'POST',
      headers: headers(server.token),
      body: JSON.stringify(body),
    })
  await post('sys/policies/acl/operator', { policy })
  const created = await post('auth/token/create', { policies: ['operator'] })
  return ((await created.json()) as { auth: { client_token: string } }).auth.client_token
}

test('a name that is a pattern in a policy is not granted in passing', async () => {
  const sandbox = await startSandbox()
  const id = ownName()
  const reading = ['sys/auth', 'sys/policies/acl', 'sys/policies/acl/*']
  const token = await tokenWith(
    sandbox,
    reading.map((path) => `path "${path}" { capabilities = ["read", "list"] }`).join('\n'),
  )
  const files = {
    'environments/production.yaml': `policies: ["${id}-*"]\n`,
    [`policies/${id}-*.hcl`]: 'path "a" { capabilities = ["read"] }\n',
  }
  const refused = await workplace(files, sandbox).run(['apply', '--auto-approve'], { env: { VAULT_TOKEN: token } })
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`Mind sys/policies/acl/${id}-*: in a policy`),
  })
  await sandbox.close()
})

test('a token that lacks something is told all of it, with lines to copy, and nothing is written', async () => {
  const sandbox = await startSandbox()
  const id = ownName()
  const reading = [
    'path "sys/auth" { capabilities = ["read"] }',
    'path "sys/policies/acl" { capabilities = ["list"] }',
    'path "sys/policies/acl/*" { capabilities = ["read", "update", "delete"] }',
    `path "auth/${id}/*" { capabilities = ["read"] }`,
  ].join('\n')
  const token = await tokenWith(sandbox, reading)
  const { run } = workplace(configuration(id), sandbox)
  const refused = await run(['apply', '--auto-approve'], { env: { VAULT_TOKEN: token } })
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('error[missing-permission]: production: nothing was written'),
  })
  expect(refused.stderr.split('\n').filter((line) => line.startsWith('    path'))).toEqual([
    `    path "auth/${id}/config" { capabilities = ["read", "update"] }`,
    `    path "auth/${id}/role/ci" { capabilities = ["create", "read", "delete"] }`,
    `    path "sys/auth/${id}" { capabilities = ["update", "delete", "sudo"] }`,
  ])
  expect(refused.output).not.toContain(token)
  const mounts = await fetch(`${sandbox.address}/v1/sys/auth`, { headers: headers(sandbox.token) })
  expect(await mounts.text()).not.toContain(id)
  await sandbox.close()
})

test('a plan that is refused for whom it locks out is saved once that is allowed, and applied as saved', async () => {
  const sandbox = await startSandbox()
  const id = ownName()
  const files = configuration(id, { 'vaultwright.yaml': 'gitlab: { pipeline: { roles: { apply: ci } } }\n' })
  const { run } = workplace(files, sandbox)
  expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
  const other = { ...files, 'roles/ci.yaml': String(files['roles/ci.yaml']).replace('"42"', '"43"') }
  const { run: again, directory } = workplace(other, sandbox)
  const refused = await again(['plan', '--out', 'plan.json'])
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`--allow lockout:jwt-role/${id}/ci`) })
  expect(refused.stderr).toMatch(/error\[self-lockout\].*\n +--> roles\/ci.yaml:/)
  expect(existsSync(join(directory, 'plan.json'))).toBe(false)
  expect(await again(['apply', '--auto-approve'])).toMatchObject({ code: 1 })
  expect(await again(['plan', '--out', 'plan.json', '--allow', `lockout:jwt-role/${id}/ci`])).toMatchObject({ code: 2 })
  expect(await again(['apply', 'plan.json'])).toMatchObject({ code: 0 })
  await sandbox.close()
})

test('reading that is refused at several paths names the lines for all of them at once', async () => {
  const sandbox = await startSandbox()
  const id = ownName()
  const token = await tokenWith(sandbox, 'path "sys/auth" { capabilities = ["read"] }')
  const { run } = workplace(configuration(id), sandbox)
  expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
  const refused = await run(['drift'], { env: { VAULT_TOKEN: token } })
  expect(refused.code).toBe(1)
  const lines = refused.stderr.split('\n').filter((line) => line.startsWith('    path'))
  expect(lines).toContain(`    path "auth/${id}/config" { capabilities = ["read"] }`)
  expect(lines).toContain('    path "sys/policies/acl" { capabilities = ["list"] }')
  await sandbox.close()
})
