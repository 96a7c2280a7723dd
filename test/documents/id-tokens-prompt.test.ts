import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { temporaryFolder } from '../support/files.ts'
import { gitlabProject, runJob, validate } from '../support/gitlab-ci-local.ts'
import { type Claims, sign } from '../support/issuer.ts'
import { request } from '../support/live-vault.ts'
import { beginStory, fileOf, jobsOf, logIn, mergedJobs, readSecrets, type Story, type Values, why } from './story.ts'

/**
 * The prompt "GitLab CI/CD Vault secrets: with ID Tokens", point by point. The database is a kv engine that gives leases: the
 * one leased engine that needs nothing outside.
 */
let story: Story
let values: Values
let report: string
let jobs: Readonly<Record<string, JsonObject>>

const pipeline = ['staging', 'production']
  .map((name) => `deploy ${name}: { extends: .vault-shop-${name}, script: [./deploy] }\n`)
  .join('')

beforeAll(async () => {
  story = await beginStory('id-tokens-prompt', ['-dev-leased-kv'])
  const fields = ['username', 'password']
  values = {
    ...(await story.store('ops', 2, { 'staging/shop': ['api_key'], 'production/shop': ['api_key'] })),
    ...(await story.store('database', 1, { 'creds/shop-staging': fields, 'creds/shop-production': fields })),
  }
  report = temporaryFolder()
  expect(await story.say(['report', '--out', report])).toMatchObject({ code: 0 })
  jobs = await mergedJobs(pipeline, readFileSync(join(report, 'b-gitlab-jobs.yml'), 'utf8'))
}, 60_000)
afterAll(async () => {
  await story.end()
  rmSync(report, { recursive: true, force: true })
})

const project: Claims = {
  ...{ project_id: '42', project_path: 'group/shop', job_project_id: '42', job_project_path: 'group/shop' },
  environment_action: 'start',
}
const staging: Claims = {
  ...project,
  ...{ environment: 'staging', ref: 'a-change', ref_path: 'refs/heads/a-change', ref_protected: 'false' },
}
const production: Claims = { ...project, environment: 'production', environment_protected: 'true' }
const mergeRequest: Claims = {
  ...{
    pipeline_source: 'merge_request_event',
    ref: 'a-change',
    ref_path: 'refs/heads/a-change',
    ref_protected: 'false',
  },
}

function page(name: string): string {
  return readFileSync(join(report, name), 'utf8')
}

function secretsOf(environment: string): Values {
  const creds = `creds/shop-${environment}`
  return {
    API_KEY: values[`${environment}/shop api_key`] as string,
    DB_USER: values[`${creds} username`] as string,
    DB_PASSWORD: values[`${creds} password`] as string,
  }
}

describe('1. the trust model', () => {
  test('is explained with the names that are configured', () => {
    const text = page('index.md')
    expect(text).toContain(
      '`auth/jwt` trusts keys from `https://gitlab.example.com`, of issuer `https://gitlab.example.com`',
    )
    expect(text).toContain('`https://vault.example.com`')
    expect(text).toContain('No token of Vault is stored in GitLab')
  })

  test('no output holds a token or a secret', () => {
    const texts = readdirSync(report, { withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [page(entry.name)] : [],
    )
    for (const secret of [story.server.token, ...Object.values(values)]) expect(texts.join('\n')).not.toContain(secret)
  })
})

describe('2. and 3. both sides', () => {
  test.each([
    ['staging', staging],
    ['production', production],
  ])('fit together: a job of %s reads what it is meant to, and nothing is stored for that', async (name, claims) => {
    expect(await readSecrets(story, jobs[`deploy ${name}`], claims)).toEqual({ values: secretsOf(name) })
  })

  test('the YAML is valid to GitLab, and has no finding of "gitlab check"', async () => {
    const files = {
      '.gitlab-ci.yml': `include: { local: /jobs.yml }\n${pipeline}`,
      'jobs.yml': page('b-gitlab-jobs.yml'),
    }
    const folder = gitlabProject(files)
    expect(await validate(folder)).toMatchObject({ valid: true })
    const env = { VAULT_ADDR: story.server.address }
    const said = await story.say(
      ['gitlab', 'check', '--root', folder, join(folder, '.gitlab-ci.yml'), '--format', 'json'],
      { env },
    )
    const { diagnostics } = JSON.parse(said.stdout) as { diagnostics: JsonObject[] }
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  })
})

describe('4. environments', () => {
  test('a merge request’s job cannot read what production has, even where it names that environment', async () => {
    const answer = await readSecrets(story, jobs['deploy production'], { ...production, ...mergeRequest })
    expect(answer).toMatchObject({ status: 400 })
    const words = (answer as { failed: string }).failed.replace(/.*status code 400: /, '')
    // What the page foretells, letter by letter.
    expect(page('index.md')).toContain(`\`${words}\``)
  })

  test('a job of staging cannot log in to the role of production, nor read its path with its own', async () => {
    expect(await logIn(story, 'shop-production', staging)).toMatchObject({ status: 400 })
    const { auth } = await logIn(story, 'shop-staging', staging)
    const server = { address: story.server.address, token: auth['client_token'] as string }
    expect((await request(server, 'GET', 'ops/data/production/shop')).status).toBe(403)
    expect((await request(server, 'GET', 'ops/data/staging/shop')).status).toBe(200)
  })

  test('the binding table has a role for each of them, with its claims and its TTL', () => {
    const table = page('c-bindings.md')
    expect(table).toMatch(
      /### `production`[\s\S]*`jwt\/shop-production`.*environment_protected: "true".*1h[\s\S]*### `staging`/,
    )
    expect(table).toMatch(/### `staging`[\s\S]*`jwt\/shop-staging`.*environment: staging/)
  })
})

describe('5. dynamic secrets', () => {
  const leases = async () => {
    const { body } = await request(story.server, 'LIST', 'sys/leases/lookup/database/creds/shop-production')
    return (body?.['data'] as { keys: string[] } | undefined)?.keys.length ?? 0
  }

  test('are made for the job and gone after it', async () => {
    await story.root('PUT', 'sys/leases/revoke-force/database/creds')
    await expect.poll(leases, { timeout: 20_000 }).toBe(0)
    const show = `echo "user $(printf %s "$DB_USER" | sha256sum)"; curl -s -H "X-Vault-Token: $ROOT" -X LIST "$VAULT_ADDR/v1/sys/leases/lookup/database/creds/shop-production"`
    const script = `vaultwright exec --secrets "$CI_PROJECT_DIR.tmp/vault-secrets.json" -- sh -c '${show}'`
    const folder = gitlabProject({
      '.gitlab-ci.yml': `include: { local: /jobs.yml }\ndeploy: { extends: .vault-shop-production, rules: [{ when: always }], script: [${JSON.stringify(script)}] }\n`,
      'jobs.yml': await jobsOf(story, '--via', 'exec'),
    })
    const address = { VAULT_ADDR: story.server.address, ROOT: story.server.token }
    const run = await runJob(folder, 'deploy', { variables: { ...address, VAULT_ID_TOKEN: await sign(production) } })
    expect(run.code, run.output).toBe(0)
    expect(run.output).toContain('"keys":[')
    await expect.poll(leases, { timeout: 20_000 }).toBe(0)
  })

  test('are said to need nothing but their lease, and static ones are told what they could become', () => {
    expect(page('d-cutover.md')).toContain(
      '**Made anew for each job of `shop-production`:** `DB_USER` from `database/creds/shop-production`',
    )
    expect(page('d-cutover.md')).toMatch(/\| `DB_USER` .*, as value \| – \| – \| \[ \] \|/)
  })

  test('whose token would end before the job are found', async () => {
    const role = fileOf(story, 'roles/shop.yaml')
    writeFileSync(join(story.directory, 'roles/shop.yaml'), role.replace('token_ttl: 1h', 'token_ttl: 5m'))
    const said = await story.say(['check'])
    writeFileSync(join(story.directory, 'roles/shop.yaml'), role)
    expect(said.output).toContain('GLV22')
  })
})

describe('6. the migration', () => {
  test('begins with an inventory that holds no value, and proposes a configuration that is free of errors', async () => {
    const folder = temporaryFolder()
    const secret = crypto.randomUUID()
    writeFileSync(join(folder, '.env'), `API_KEY=${secret}\nDATABASE_PASSWORD=${secret}-2\nLOG_LEVEL=debug\n`)
    const env = { VAULT_ADDR: story.server.address }
    const words = ['--env-file', '.env', '--of', 'group/shop', '--out', 'inventory.json']
    const inventory = await story.say(['migrate', 'inventory', ...words], { cwd: folder })
    expect(inventory).toMatchObject({ code: 0 })
    expect(inventory.output + readFileSync(join(folder, 'inventory.json'), 'utf8')).not.toContain(secret)
    const plan = [
      'migrate',
      'plan',
      'inventory.json',
      '--out',
      'new',
      '--gitlab-url',
      'https://gitlab.example.com',
      '--project',
      '42=group/shop',
    ]
    expect(await story.say(plan, { cwd: folder, env })).toMatchObject({ code: 0 })
    const checked = await story.say(['check', '-C', 'new'], { cwd: folder, env })
    const texts = readdirSync(join(folder, 'new'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    rmSync(folder, { recursive: true })
    expect(checked.code, checked.output).toBe(0)
    expect(texts.join('\n')).toContain('API_KEY')
    expect(texts.join('\n')).not.toContain(secret)
  })

  test('has a checklist with every variable that is kept in an engine', () => {
    for (const environment of ['staging', 'production'])
      expect(page('d-cutover.md')).toContain(
        `| \`API_KEY\` | \`ops/data/${environment}/shop\` field \`api_key\`, as value | [ ] |`,
      )
  })
})

describe('7. the failure modes', () => {
  const errorOf = async (role: string, claims: Claims) => (await logIn(story, role, claims)).errors[0] as string

  test.each<[string, string, Claims]>([
    ['an aud that differs', 'audience-mismatch', { aud: 'https://vault.example.com/' }],
    ['a clock that is behind', 'not-yet-valid', { nbf: Math.floor(Date.now() / 1000) + 600 }],
    ['a login that comes too late', 'expired', { iat: 1_700_000_000, nbf: 1_700_000_000, exp: 1_700_003_600 }],
  ])('%s gives the text of the page, and is explained', async (_, id, changes) => {
    const error = await errorOf('shop-production', { ...production, ...changes })
    expect(page('e-failures.md')).toContain(`- \`${error}\``)
    expect(JSON.parse((await story.say(['access', 'why', '--error', error, '--format', 'json'])).stdout)).toMatchObject(
      {
        explained: [{ id }],
      },
    )
  })

  test('a rename locks out a role that binds the path, and not those here', async () => {
    const role = { role_type: 'jwt', user_claim: 'project_id', bound_audiences: ['https://vault.example.com'] }
    await story.root('POST', 'auth/jwt/role/by-path', { ...role, bound_claims: { project_path: 'group/shop' } })
    expect(await logIn(story, 'by-path', production)).toMatchObject({ status: 200 })
    const renamed = { ...production, project_path: 'group/store', job_project_path: 'group/store' }
    expect(page('e-failures.md')).toContain(`- \`${await errorOf('by-path', renamed)}\``)
    expect(page('e-failures.md')).toContain('No role with secrets binds a path here')
    expect(await logIn(story, 'shop-production', renamed)).toMatchObject({ status: 200 })
  })

  test('a runner that is too old is told by GitLab, and the page says from which one on it works', async () => {
    expect(page('e-failures.md')).toContain('GitLab Runner 16.11, for the engine `generic`')
    expect(await why(story, ['--error', 'Your runner is outdated, please upgrade your runner'])).toContain(
      'older than 13.4',
    )
  })
})

describe('its mistakes', () => {
  async function found(lines: readonly string[]): Promise<string> {
    const folder = gitlabProject({ '.gitlab-ci.yml': `${lines.join('\n')}\n` })
    return (await story.say(['gitlab', 'check', '--root', folder, join(folder, '.gitlab-ci.yml')])).output
  }

  test('there is no global "vault:"', async () => {
    const lines = ['vault:', '  VAULT_ADDR: https://vault.example.com', 'job: { script: [./deploy] }']
    expect(await found(lines)).toContain('there is no keyword "vault"')
    expect(await validate({ '.gitlab-ci.yml': `${lines.join('\n')}\n` })).toMatchObject({ valid: false })
  })

  test('VAULT_ADDR is not what GitLab reads', async () => {
    const lines = [
      'job:',
      '  environment: { name: staging, action: start }',
      '  variables: { VAULT_ADDR: https://vault.example.com, VAULT_AUTH_ROLE: shop-staging }',
      '  id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }',
      '  secrets: { API_KEY: { vault: staging/shop/api_key@ops, token: $VAULT_ID_TOKEN } }',
      '  script: [./deploy]',
    ]
    expect(await found(lines)).toMatch(/VAULT_SERVER_URL/)
    const answer = await readSecrets(
      { ...story, server: { ...story.server, address: '' } },
      jobs['deploy staging'],
      staging,
    )
    expect(answer).toEqual({
      failed: 'The secrets provider can not be found. Check your CI/CD variables and try again.',
    })
  })

  test('"environment: production" alone keeps nobody out, and is found', async () => {
    const role = { role_type: 'jwt', user_claim: 'project_id', bound_audiences: ['https://vault.example.com'] }
    await story.root('POST', 'auth/jwt/role/by-name', {
      ...role,
      bound_claims: { project_id: '42', environment: 'production' },
    })
    expect(
      await logIn(story, 'by-name', { ...production, ...mergeRequest, environment_protected: 'false' }),
    ).toMatchObject({ status: 200 })
    const file = fileOf(story, 'roles/shop.yaml')
    const alone = file.replace(/ {6}environment_protected: "true"\n(?: {6}.*\n)+/, '')
    expect(alone).not.toBe(file)
    writeFileSync(join(story.directory, 'roles/shop.yaml'), alone)
    const said = await story.say(['check'])
    writeFileSync(join(story.directory, 'roles/shop.yaml'), file)
    expect(said.output).toContain('GLV15')
  })
})
