import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { commands } from '../src/commands/index.ts'
import { renderers } from '../src/render/index.ts'
import { startSandbox } from '../src/sandbox/server.ts'
import { withFiles } from './support/files.ts'
import { vaultwright } from './support/program.ts'

const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')

/** The fenced blocks that a comment names: files to write, and what a command then prints. */
const blocks = [...readme.matchAll(/<!-- (file|output): (.+?) -->\n```\w*\n([\s\S]*?)```\n/g)].map(
  ([, what, name = '', content = '']) => ({ what, name, content }),
)

test('whoever follows "Five minutes to an applied change" sees what it shows', async () => {
  expect(blocks.filter(({ what }) => what === 'output').length).toBeGreaterThanOrEqual(2)
  const sandbox = await startSandbox()
  const cwd = withFiles({})
  const env = { VAULT_ADDR: sandbox.address, VAULT_TOKEN: sandbox.token }
  for (const { what, name, content } of blocks) {
    if (what === 'file') {
      mkdirSync(dirname(join(cwd, name)), { recursive: true })
      writeFileSync(join(cwd, name), content)
      continue
    }
    expect(await vaultwright(['check'], { cwd })).toMatchObject({ code: 0 })
    const { stdout, code } = await vaultwright(name.split(' '), { cwd, env })
    expect(stdout.replaceAll(sandbox.address, 'http://127.0.0.1:8200')).toBe(content)
    expect(code).toBe(2)
    expect(await vaultwright(['apply', '--auto-approve'], { cwd, env })).toMatchObject({ code: 0 })
  }
  expect(await vaultwright(['plan'], { cwd, env })).toMatchObject({ code: 0 })
  await sandbox.close()
})

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
