import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { commands } from '../src/commands/index.ts'
import { renderers } from '../src/render/plan/index.ts'
import { startSandbox } from '../src/sandbox/server.ts'
import { examplesOf, writeExample } from './support/examples.ts'
import { withFiles } from './support/files.ts'
import { vaultwright } from './support/program.ts'

const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')

const examples = examplesOf('README.md')

test('whoever follows "Five minutes to an applied change" and asks about access sees what it shows', async () => {
  expect(examples.filter(({ what }) => what === 'output').length).toBeGreaterThanOrEqual(3)
  const sandbox = await startSandbox()
  const cwd = withFiles({})
  const env = { VAULT_ADDR: sandbox.address, VAULT_TOKEN: sandbox.token }
  let planned = false
  const applyPlanned = async () => {
    if (planned) expect(await vaultwright(['apply', '--auto-approve'], { cwd, env })).toMatchObject({ code: 0 })
    planned = false
  }
  for (const example of examples) {
    if (example.what === 'file') {
      await applyPlanned()
      writeExample(cwd, example)
      continue
    }
    expect(await vaultwright(['check'], { cwd })).toMatchObject({ code: 0 })
    const { stdout, code } = await vaultwright(example.name.split(' '), { cwd, env })
    expect(asAtHome(stdout, sandbox.address)).toBe(example.content)
    if (!example.name.startsWith('plan')) continue
    expect(code).toBe(2)
    planned = true
  }
  await applyPlanned()
  expect(await vaultwright(['plan'], { cwd, env })).toMatchObject({ code: 0 })
  await sandbox.close()
})

test('whoever has no way to GitLab and takes a key of their own gets through the same steps', async () => {
  const [variant = ''] = /config: \{ jwt_validation_pubkeys: .*?\}(?=`)/.exec(readme) ?? []
  const sandbox = await startSandbox()
  const cwd = withFiles({ 'key.pem': publicKey() })
  const env = { VAULT_ADDR: sandbox.address, VAULT_TOKEN: sandbox.token }
  const upToFirstPlan = examples.slice(
    0,
    examples.findIndex(({ what }) => what === 'output'),
  )
  for (const example of upToFirstPlan) writeExample(cwd, example)
  const file = join(cwd, 'environments/dev.yaml')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(/config: \{.*\}$/m, () => variant),
  )
  expect(await vaultwright(['check'], { cwd })).toMatchObject({ code: 0 })
  const { code, stdout } = await vaultwright(['plan', '--out', 'plan.json'], { cwd, env })
  expect(stdout).toContain('jwt_validation_pubkeys')
  expect(code).toBe(2)
  expect(await vaultwright(['apply', 'plan.json'], { cwd, env })).toMatchObject({ code: 0 })
  expect(await vaultwright(['plan'], { cwd, env })).toMatchObject({ code: 0 })
  await sandbox.close()
})

/** As `openssl genrsa 2048 | openssl rsa -pubout` prints it. */
function publicKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).publicKey
}

/** The page's server listens on the usual port. */
function asAtHome(output: string, address: string): string {
  const escaped = (text: string) => text.replaceAll(':', '&#58;')
  const home = 'http://127.0.0.1:8200'
  return output.replaceAll(address, home).replaceAll(escaped(address), escaped(home))
}

test('it names every command and every format', () => {
  for (const { name } of commands) expect(readme).toMatch(new RegExp(`\\| \`${name}\\b`))
  for (const name of Object.keys(renderers)) expect(readme).toContain(`\`${name}\``)
})

test('the configuration that it shows as the format is taken', async () => {
  const [environment, role, settings] = [
    ...readme.matchAll(/^### (?:environments|roles|vaultwright)\S*\n\n```yaml\n([\s\S]*?)```/gm),
  ].map(([, content = '']) => content)
  const cwd = withFiles({
    'environments/production.yaml': environment?.replace(
      'variables: {',
      'variables: { vault: https://vault.example.com,',
    ),
    'environments/staging.yaml':
      'variables: { vault: https://vault.example.com }\nauth: { jwt: { type: jwt } }\naddress: https://staging.example.com\n',
    'roles/myproject.yaml': role,
    'vaultwright.yaml': settings,
    'policies/incident-reader.hcl': 'path "a" {}\n',
    'policies/nexus-read.hcl': 'path "b" {}\n',
    'policies/myproject.hcl': 'path "c/${environment}" {}\n',
  })
  expect(await vaultwright(['check'], { cwd })).toMatchObject({ code: 0 })
})
