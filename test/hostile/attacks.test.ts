import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { newWork, take } from '../../src/config/budget.ts'
import { isCredential } from '../../src/config/credentials.ts'
import { configuration } from '../commands/fixture.ts'
import { type Files, withFiles } from '../support/files.ts'
import { hostileServer } from './hostile-server.ts'
import { fault, type Ran, run } from './run.ts'
import { canary, hostileEnvironment, outsideCanary } from './values.ts'

/** A folder beside the repository, which no merge request says anything about. */
function laid(files: Files, links: Readonly<Record<string, string>> = {}) {
  const outside = withFiles({ 'outside.yml': `${outsideCanary}: 1\n`, 'folder/secret-name.yml': 'a: 1\n' })
  const cwd = withFiles(configuration('jwt', files))
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    symlinkSync(target.replace('OUTSIDE', outside), join(cwd, path))
  }
  return { cwd, outside }
}

async function ask(cwd: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const ran = await run(words, { cwd, env: { ...hostileEnvironment, ...env } })
  expect(fault(ran)).toBeUndefined()
  return ran
}

const settings = (file: string) => ({
  'vaultwright.yaml': `gitlab: { jobs: { file: "${file}" }, pipeline: { file: "${file}" } }\n`,
})

describe('a file that the settings name and that is a link', () => {
  test.each(['OUTSIDE/outside.yml', '/proc/self/environ', '/dev/zero', 'OUTSIDE/nowhere.yml'])(
    'to %s is not compared',
    async (target) => {
      const { cwd } = laid(settings('gitlab/jobs.yml'), { 'gitlab/jobs.yml': target })
      expect(await ask(cwd, ['gitlab', 'jobs', '--check'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('not-own-file'),
      })
    },
  )

  test.each([
    ['the file', { 'gitlab/jobs.yml': 'OUTSIDE/new.yml' }],
    ['the folder', { gitlab: 'OUTSIDE' }],
  ])('is not written through: %s', async (_what, links) => {
    const { cwd, outside } = laid(settings('gitlab/jobs.yml'), links as Record<string, string>)
    expect(await ask(cwd, ['gitlab', 'jobs'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not-own-file'),
    })
    expect([existsSync(join(outside, 'new.yml')), existsSync(join(outside, 'jobs.yml'))]).toEqual([false, false])
  })

  test('a link within the repository is followed', async () => {
    const { cwd } = laid({ ...settings('gitlab/jobs.yml'), 'real.yml': 'old\n' }, { 'gitlab/jobs.yml': '../real.yml' })
    expect(await ask(cwd, ['gitlab', 'jobs'])).toMatchObject({ code: 0 })
    expect(readFileSync(join(cwd, 'real.yml'), 'utf8')).toContain('Written by vaultwright')
  })
})

test('what is written into the working folder does not leave it by a link', async () => {
  const { cwd, outside } = laid({}, { plan: 'OUTSIDE' })
  for (const out of ['plan/check.json', 'plan/deeper/check.json']) {
    const ran = await ask(cwd, ['check', '--format', 'json', '--out', out])
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('leads out of the working folder') })
  }
  expect(existsSync(join(outside, 'check.json'))).toBe(false)
})

test.each([
  ['roles/x.yaml', 'OUTSIDE/outside.yml'],
  ['roles/x.yaml', '../.git/config'],
  ['policies/x.hcl', '../.env'],
  ['environments/x.yaml', '/proc/self/environ'],
  ['test/access/x.yaml', '/dev/zero'],
  ['vaultwright.yaml', 'OUTSIDE/outside.yml'],
])('%s as a link to %s is not read', async (path, target) => {
  const { cwd } = laid({ '.git/config': outsideCanary, '.env': outsideCanary }, { [path]: target })
  expect(await ask(cwd, ['check'])).toMatchObject({ code: 1, stdout: expect.stringContaining('symlink-escapes') })
})

test('a wildcard of an include names nothing outside', async () => {
  const { cwd } = laid({ '.gitlab-ci.yml': 'include: { local: "d/**.yml" }\n' }, { d: 'OUTSIDE/folder' })
  const ran = await ask(cwd, ['gitlab', 'check', '.gitlab-ci.yml', '--root', '.'])
  expect(ran.stdout + ran.stderr).not.toContain('secret-name')
})

describe('what is small and asks for much', () => {
  test('maps that merge each other', async () => {
    const lines = Array.from(
      { length: 60 },
      (_, index) => `.a${index + 1}: &a${index + 1}\n  <<: [*a${index}, *a${index}]\n`,
    )
    const { cwd } = laid({ 'bomb.yml': `.a0: &a0 { k: x }\n${lines.join('')}` })
    expect(await ask(cwd, ['migrate', 'inventory', '--yaml', 'bomb.yml'])).toMatchObject({ code: 0 })
  })

  test('a policy of nothing but openings', async () => {
    const { cwd } = laid({ 'policies/jwt-read.hcl': '${'.repeat(1_000_000) })
    expect(await ask(cwd, ['check'])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('invalid-substitution'),
    })
  })

  test.each(['[', '{a: ', '- ', '? '])('half a million times %j', async (opening) => {
    const { cwd } = laid({ 'roles/x.yaml': opening.repeat(500_000) })
    expect(await ask(cwd, ['check'])).toMatchObject({ code: 1, stdout: expect.stringContaining('too-deep') })
  })

  test('more roles than anybody has, or more text of policies', () => {
    const work = newWork()
    expect(take(work, { roles: 500_000, characters: 256_000_000 })).toBe(true)
    expect(take(work, { roles: 1, characters: 0 })).toBe(false)
    expect(take(newWork(), { roles: 0, characters: 256_000_001 })).toBe(false)
    expect(work.exceeded).toBe(true)
  })
})

describe('${env:} outside write-only fields', () => {
  test.each(Object.keys(hostileEnvironment).filter((name) => name !== 'PLAIN'))(
    'never reads %s, whatever vaultwright.yaml lists',
    async (name) => {
      const { cwd } = laid({
        'vaultwright.yaml': `env: [${name}]\n`,
        'policies/jwt-read.hcl': `path "ops/\${env:${name}}" { capabilities = ["read"] }\n`,
      })
      expect(await ask(cwd, ['check'])).toMatchObject({ code: 1, stdout: expect.stringContaining('env-secret') })
    },
  )

  test.each(['constructor', '__proto__', 'toString'])('knows no %s', async (name) => {
    const { cwd } = laid({
      'vaultwright.yaml': `env: [${name}]\n`,
      'policies/jwt-read.hcl': `path "ops/\${env:${name}}" { capabilities = ["read"] }\n`,
    })
    expect(await ask(cwd, ['check'])).toMatchObject({ code: 1, stdout: expect.stringContaining('env-unset') })
  })

  test.each([
    ['CI_JOB_TOKEN', 'x', true],
    ['CI_JOB_JWT_V2', 'x', true],
    ['MY_ID_TOKEN', 'x', true],
    ['BAO_TOKEN', 'x', true],
    ['CI_REGISTRY_PASSWORD', 'x', true],
    ['CI_REPOSITORY_URL', 'x', true],
    ['NPM_AUTH', 'x', true],
    ['KUBE_PRIVATE_KEY_BASE64', 'x', true],
    ['https_proxy', 'x', true],
    ['LDAP_BINDPW', 'x', true],
    ['SLACK_WEBHOOK_URL', 'x', true],
    ['AZURE_STORAGE_CONNECTION_STRING', 'x', true],
    ['PROD_KUBECONFIG', 'x', true],
    ['APP_DSN', 'x', true],
    ['NOTE', `glpat-${'x'.repeat(20)}`, true],
    ['NOTE', `hvs.${'x'.repeat(24)}`, true],
    ['NOTE', `${'gh'}p_${'x'.repeat(36)}`, true],
    ['NOTE', `GR1348941${'x'.repeat(20)}`, true],
    ['NOTE', `DefaultEndpointsProtocol=https;AccountKey=${'x'.repeat(20)}`, true],
    ['NOTE', 'https://user:word@example.com', true],
    ['NOTE', `a ${canary}`, true],
    ['NOTE', 'https://example.com', false],
    ['TOKEN_TTL', '5m', false],
    ['KEYCLOAK_HOST', 'sso.example.com', false],
    ['WEBHOOKS_HOST', 'hooks.example.com', false],
    ['GLWT', 'gl-wt', false],
    ['CI_COMMIT_SHA', 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678', false],
    ['CI_PROJECT_PATH', 'shop/passwords', false],
  ])('%s with the value %s: %s', (name, value, secret) => {
    expect(isCredential(name, { DEPLOY_TOKEN: canary, [name]: value })).toBe(secret)
  })
})

describe("a credential goes nowhere on a file's word alone", () => {
  const at = (address: string) => ({
    'environments/production.yaml': `address: ${address}\n${String(configuration('jwt')['environments/production.yaml'])}`,
  })
  const token = { VAULT_TOKEN: `hvs.${canary}`, VAULT_MAX_RETRIES: '0', VAULT_CLIENT_TIMEOUT: '5' }
  const login = {
    VAULT_ID_TOKEN: `e30.e30.${canary}`,
    VAULT_AUTH_ROLE: 'plan',
    VAULT_MAX_RETRIES: '0',
    VAULT_CLIENT_TIMEOUT: '5',
  }

  test.each([
    ['plain HTTP', 'http://vault.invalid', token, 'insecure-address'],
    ['plain HTTP, with an ID token', 'http://vault.invalid', login, 'insecure-address'],
    ['the cloud', 'http://169.254.169.254', login, 'insecure-address'],
    ['the cloud over TLS', 'https://169.254.169.254', login, 'insecure-address'],
    ['the cloud by another spelling', 'https://[::ffff:169.254.169.254]', login, 'insecure-address'],
    ['the cloud as a number', 'https://2852039166', login, 'insecure-address'],
    ['everywhere', 'https://0.0.0.0', login, 'insecure-address'],
    ['any host, with a token of a person', 'https://vault.invalid', token, 'unconfirmed-address'],
    [
      'a host that is not listed',
      'https://evil.invalid',
      { ...login, VAULTWRIGHT_ADDRESSES: 'https://vault.invalid' },
      'address-not-allowed',
    ],
    [
      'a listed name in another one',
      'https://evil.invalid/.example.com',
      { ...login, VAULTWRIGHT_ADDRESSES: 'https://*.example.com' },
      'address-not-allowed',
    ],
    [
      'a listed name as a user',
      'https://vault.example.com@evil.invalid',
      { ...login, VAULTWRIGHT_ADDRESSES: 'https://*' },
      'expected a URL',
    ],
    [
      'another one than VAULT_ADDR',
      'https://evil.invalid',
      { ...token, VAULT_ADDR: 'https://vault.invalid' },
      'address-mismatch',
    ],
  ])('%s', async (_what, address, env, code) => {
    const { cwd } = laid(at(address))
    const ran = await ask(cwd, ['plan'], env)
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining(code) })
  })

  test.each([
    ['VAULT_ADDR says the same', (own: string) => ({ ...token, VAULT_ADDR: own })],
    ['it is listed', (own: string) => ({ ...token, VAULTWRIGHT_ADDRESSES: `https://other.invalid, ${own}/` })],
    ['a pattern of the list fits', (own: string) => ({ ...token, VAULTWRIGHT_ADDRESSES: own.replace('127.0.0', '*') })],
    ['it is this machine', () => token],
  ])('it goes there where %s', async (_why, env) => {
    const server = await hostileServer(() => undefined)
    onTestFinished(server.stop)
    const { cwd } = laid(at(server.address))
    await ask(cwd, ['plan'], env(server.address))
    expect(server.requests.some(({ headers }) => headers['x-vault-token'] === `hvs.${canary}`)).toBe(true)
  })
})

test.each([
  ['nothing', '{}'],
  ['another format', '{"format":"vaultwright-plan/9","environments":[]}'],
  ['deep', `{"format":"vaultwright-plan/1","environments":${'['.repeat(100_000)}${']'.repeat(100_000)},"digest":"x"}`],
  ['no text', '\u0000'],
])('a saved plan that is %s is refused in words', async (_what, text) => {
  const { cwd } = laid({})
  writeFileSync(join(cwd, 'plan.json'), text)
  expect(await ask(cwd, ['apply', 'plan.json'])).toMatchObject({ code: 1 })
})
