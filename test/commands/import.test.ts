import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseSnapshot, snapshotFormat } from '../../src/core/snapshot.ts'
import { withFiles } from '../support/files.ts'
import { liveVault, request } from '../support/live-vault.ts'
import { type Ended, vaultwright } from '../support/program.ts'
import { ownName } from './fixture.ts'

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString()

/** Makes objects by hand, as an administrator with a command line. */
async function byHand(namespace?: string) {
  const server = await liveVault()
  const send = async (method: string, path: string, body?: unknown): Promise<void> => {
    const url = path.split('/').map(encodeURIComponent).join('/')
    const at = namespace === undefined ? url : `${namespace}/${url}`
    const { status, body: answer } = await request(server, method, at, body)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`)
  }
  return {
    server,
    write: (path: string, body: unknown) => send('POST', path, body),
    remove: (path: string) => send('DELETE', path),
  }
}

/** Only this test's objects: others share the server. */
function only(id: string): string[] {
  return ['--mount', `${id}*`, '--policy', `${id}*`]
}

async function runIn(
  directory: string,
  server: { readonly address: string; readonly token: string },
  words: readonly string[],
  env = {},
): Promise<Ended> {
  return vaultwright(words, { cwd: directory, env: { VAULT_ADDR: server.address, VAULT_TOKEN: server.token, ...env } })
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

function textOf(folder: string, path: string): string {
  return readFileSync(join(folder, path), 'utf8')
}

const role = (more: object = {}) => ({
  role_type: 'jwt',
  user_claim: 'project_id',
  bound_audiences: ['https://vault'],
  ...more,
})

describe('a server that was filled by hand', () => {
  test('becomes files with which a plan changes nothing, whatever odd things it has', async () => {
    const { server, write } = await byHand()
    const id = ownName()
    await write(`sys/auth/${id}`, {
      type: 'jwt',
      description: 'a: "b" #c',
      config: { default_lease_ttl: '5m', max_lease_ttl: '26h', audit_non_hmac_request_keys: ['role'] },
    })
    await write(`auth/${id}/config`, {
      jwt_validation_pubkeys: [pem],
      bound_issuer: 'https://gitlab.example.com',
      default_role: 'plain',
      jwt_supported_algs: ['RS256'],
    })
    await write(`sys/auth/${id}-never-configured`, { type: 'oidc' })
    const policies: Record<string, string> = {
      [`${id}-crlf`]: 'path "a" {\r\n  capabilities = ["read"]\r\n}\r\n',
      [`${id}-ragged`]: '# x  \n\n\npath "a" { capabilities = ["read"] }   ',
      [`${id}-templates`]:
        '# ${environment} $${b} $\npath "a/{{identity.entity.id}}/${c}" { capabilities = ["read"] }\n',
      [`${id}-json`]: '{"path": {"a": {"capabilities": ["read"]}}}',
      [`${id}/team/app`]: 'path "b" { capabilities = ["list"] }\n',
      [`${id} with blanks`]: 'path "c" { capabilities = ["list"] }\n',
      [`${id}:colon?`]: 'path "d" { capabilities = ["list"] }\n',
      [`${id}-ümlaut`]: 'path "ü" { capabilities = ["list"] }\n',
      [`${id}-\${name}`]: 'path "e" { capabilities = ["list"] }\n',
      [`${id}-nobodys`]: 'path "f" { capabilities = ["list"] }\n',
    }
    for (const [name, policy] of Object.entries(policies)) await write(`sys/policies/acl/${name}`, { policy })
    await write(`auth/${id}/role/plain`, role())
    await write(
      `auth/${id}/role/Mixed.Case_1`,
      role({ token_policies: [`${id}-CRLF`, `${id}:colon?`, `${id}-gone`, 'default'] }),
    )
    await write(`auth/${id}/role/everything`, {
      ...role({
        bound_subject: 'x: y',
        bound_claims_type: 'glob',
        bound_claims: { ref: ['main', 'release/*'], '/a/b': 'null', '42': '0x1f', environment: '${env}' },
      }),
      claim_mappings: { user_login: 'user', '<<': 'merged' },
      groups_claim: 'groups',
      user_claim_json_pointer: true,
      token_policies: [`${id}-templates`, `${id}/team/app`],
      token_ttl: 90,
      token_max_ttl: '25h',
      token_explicit_max_ttl: '48h',
      token_num_uses: 300,
      token_type: 'service',
      token_no_default_policy: true,
      token_bound_cidrs: ['10.0.0.0/8', '::1/128'],
      expiration_leeway: -1,
      not_before_leeway: 150,
      clock_skew_leeway: -1,
      max_age: '2h',
      verbose_oidc_logging: true,
    })
    await write(`auth/${id}/role/types`, role({ bound_claims: { a: true, b: 1, c: ['1', 'true'], d: 'true' } }))

    const directory = withFiles({})
    const ended = await runIn(directory, server, [
      'import',
      '-e',
      'production',
      ...only(id),
      '--out',
      'a/b',
      '--format',
      'json',
    ])
    expect(ended).toMatchObject({ code: 0 })
    const report = JSON.parse(ended.stdout)
    expect(report).toMatchObject({
      format: 'vaultwright-import/1',
      written: true,
      left_out: [],
      external_policies: [{ environment: 'production', name: `${id}-gone` }],
    })
    expect(report.environments[0].objects).toEqual({
      'auth-mount': 2,
      'jwt-config': 1,
      'jwt-role': 4,
      policy: Object.keys(policies).length,
    })
    expect(report.files.map(({ path }: { path: string }) => path).sort()).toEqual(filesIn(join(directory, 'a/b')))

    const folder = join(directory, 'a/b')
    expect(textOf(folder, `policies/${id}-crlf.hcl`)).toBe(policies[`${id}-crlf`])
    expect(textOf(folder, `policies/${id}-ragged.hcl`)).toBe(policies[`${id}-ragged`])
    expect(textOf(folder, `policies/${id}/team/app.hcl`)).toBe(policies[`${id}/team/app`])
    const environment = textOf(folder, 'environments/production.yaml')
    expect(environment).toContain('tune:')
    expect(environment).toContain('max_lease_ttl: 26h')
    expect(environment).toMatch(/- \|-\n +-----BEGIN PUBLIC KEY-----\n/)
    expect(textOf(folder, 'roles/everything.yaml')).toContain('token_ttl: 1m30s')
    expect(textOf(folder, 'roles/everything.yaml')).toContain('token_num_uses: 300')

    expect(await runIn(folder, server, ['plan'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('No changes.'),
    })
    expect(await runIn(folder, server, ['drift'])).toMatchObject({ code: 0 })
    // What is new below the patterns is unmanaged from now on; what others have beside them is nobody's business here.
    await write(`sys/policies/acl/${id}-by-night`, { policy: 'path "*" { capabilities = ["read"] }' })
    expect(await runIn(folder, server, ['drift'])).toMatchObject({
      code: 2,
      stdout: expect.stringContaining(`policy/${id}-by-night`),
    })
  })

  test('is written again byte for byte from a snapshot of it, without a credential and without files', async () => {
    const { server, write } = await byHand()
    const id = ownName()
    await write(`sys/auth/${id}`, { type: 'jwt' })
    await write(`auth/${id}/config`, { jwt_validation_pubkeys: [pem] })
    await write(`sys/policies/acl/${id}-read`, { policy: 'path "a" {}\n' })
    await write(`auth/${id}/role/ci`, role({ token_policies: [`${id}-read`] }))
    const directory = withFiles({})
    expect(await runIn(directory, server, ['snapshot', '--without-files', '--out', 'snapshot.json'])).toMatchObject({
      code: 0,
    })
    expect(await runIn(directory, server, ['import', '-e', 'production', ...only(id), '--out', 'live'])).toMatchObject({
      code: 0,
    })
    const offline = await vaultwright(
      ['import', '--live', 'production=snapshot.json', ...only(id), '--out', 'offline'],
      { cwd: directory },
    )
    expect(offline).toMatchObject({ code: 0 })
    const [live, copy] = [join(directory, 'live'), join(directory, 'offline')]
    expect(filesIn(copy)).toEqual(filesIn(live))
    for (const path of filesIn(live)) expect(textOf(copy, path)).toBe(textOf(live, path))
  })

  test('gives its secrets to nobody: they become references, and the run says which variables to set', async () => {
    const id = ownName()
    // As a file, because a server would contact the issuer while somebody wrote this.
    const snapshot = {
      format: snapshotFormat,
      server: {
        product: 'vault',
        version: '1.21.0',
        address: 'https://vault.example.com',
        namespace: '',
        clusterId: 'c',
      },
      read: {
        'sys/auth': { 'token/': { type: 'token' }, [`${id}/`]: { type: 'oidc', config: {} } },
        [`auth/${id}/config`]: {
          oidc_discovery_url: 'https://gitlab.example.com',
          oidc_client_id: 'vault',
          provider_config: { provider: 'gsuite' },
        },
      },
      list: { 'sys/policies/acl': { keys: ['default', 'root'] } },
    }
    const directory = withFiles({ 'snapshot.json': JSON.stringify(snapshot) })
    const ended = await vaultwright(['import', '--live', 'production=snapshot.json', ...only(id), '--format', 'json'], {
      cwd: directory,
    })
    const variable = `${id.toUpperCase().replaceAll('-', '_')}_OIDC_CLIENT_SECRET`
    expect(ended).toMatchObject({ code: 0 })
    expect(JSON.parse(ended.stdout)).toMatchObject({
      variables: [variable],
      notices: [expect.stringContaining('gsuite_service_account')],
    })
    const environment = textOf(directory, 'environments/production.yaml')
    expect(environment).toContain(`oidc_client_secret: \${env:${variable}}`)
    expect(environment).toMatch(new RegExp(`# .*set ${variable}`))
    expect(environment).toMatch(/# .*gsuite_service_account/)
    const text = await vaultwright(
      ['import', '--live', 'production=snapshot.json', ...only(id), '--dry-run', '--force'],
      {
        cwd: directory,
      },
    )
    expect(text.stdout).toContain(`set ${variable}`)
  })
})

describe('environments', () => {
  test('of one server, told apart by names, become one file each thing with what differs', async () => {
    const { server, write } = await byHand()
    const id = ownName()
    await write(`sys/auth/${id}`, { type: 'jwt' })
    await write(`auth/${id}/config`, { jwt_validation_pubkeys: [pem] })
    for (const environment of ['production', 'staging']) {
      await write(`sys/policies/acl/${id}-app-${environment}`, {
        policy: `# ${environment}\npath "ops/data/${environment}/app" { capabilities = ["read"] }\n`,
      })
      await write(`auth/${id}/role/app-${environment}`, {
        ...role({
          bound_claims: {
            project_id: '42',
            environment,
            ...(environment === 'production' ? { ref_protected: 'true' } : {}),
          },
        }),
        token_policies: [`${id}-app-${environment}`],
        token_ttl: environment === 'production' ? 120 : 300,
      })
    }
    const directory = withFiles({})
    const words = ['import', '-e', 'staging', '-e', 'production', ...only(id)]
    expect(await runIn(directory, server, words)).toMatchObject({ code: 0 })
    expect(filesIn(directory)).toEqual([
      'environments/production.yaml',
      'environments/staging.yaml',
      `policies/${id}-app.hcl`,
      'roles/app.yaml',
    ])
    expect(textOf(directory, `policies/${id}-app.hcl`)).toBe(
      '# ${environment}\npath "ops/data/${environment}/app" { capabilities = ["read"] }\n',
    )
    expect(textOf(directory, 'roles/app.yaml')).toBe(
      [
        'name: app-${environment}',
        `mount: ${id}`,
        'environments:',
        '  production: { bound_claims: { ref_protected: "true" }, token_ttl: 2m }',
        '  staging: { token_ttl: 5m }',
        'role_type: jwt',
        'bound_audiences: [https://vault]',
        'bound_claims: { environment: "${environment}", project_id: "42" }',
        'user_claim: project_id',
        'token_policies:',
        `  - { name: "${id}-app-\${environment}", template: ${id}-app }`,
        '',
      ].join('\n'),
    )
    expect(await runIn(directory, server, ['plan'])).toMatchObject({ code: 0 })
  })

  test('in namespaces become one file each thing, and a plan of both changes nothing', async () => {
    const { server } = await byHand()
    const id = ownName()
    const { status } = await request(server, 'POST', `sys/namespaces/${id}-a`, {})
    // HashiCorp's open-source server has no namespaces; there the same is tried with two snapshots.
    const real = status < 300
    if (real) await request(server, 'POST', `sys/namespaces/${id}-b`, {})
    const directory = withFiles({})
    const sources: string[] = []
    for (const [environment, ttl] of [
      ['production', 60],
      ['staging', 300],
    ] as const) {
      const namespace = `${id}-${environment === 'production' ? 'a' : 'b'}`
      const { write } = await byHand(real ? namespace : undefined)
      const mount = real ? 'jwt' : `${id}-${environment}`
      await write(`sys/auth/${mount}`, { type: 'jwt' })
      await write(`auth/${mount}/config`, { jwt_validation_pubkeys: [pem] })
      await write(`sys/policies/acl/${real ? 'read' : `${id}-read`}`, {
        policy: `path "${environment}/a" { capabilities = ["read"] }\n`,
      })
      await write(`auth/${mount}/role/app`, role({ token_policies: [real ? 'read' : `${id}-read`], token_ttl: ttl }))
      if (real) sources.push('-e', `${environment}=${namespace}`)
      else {
        const { stdout } = await runIn(directory, server, ['snapshot', '--without-files'])
        const snapshot = parseSnapshot(JSON.parse(stdout))
        const moved = { ...snapshot, server: { ...snapshot.server, namespace } }
        writeFileSync(join(directory, `${environment}.json`), JSON.stringify(moved).replaceAll(mount, 'jwt'))
        sources.push('--live', `${environment}=${environment}.json`)
        await request(server, 'DELETE', `sys/auth/${mount}`)
      }
    }
    const selected = real ? [] : ['--mount', 'jwt', '--policy', `${id}*`]
    expect(await runIn(directory, server, ['import', ...sources, ...selected, '--out', 'out'])).toMatchObject({
      code: 0,
    })
    const folder = join(directory, 'out')
    const policy = real ? 'read' : `${id}-read`
    expect(filesIn(folder)).toEqual([
      'environments/production.yaml',
      'environments/staging.yaml',
      `policies/${policy}.hcl`,
      'roles/app.yaml',
    ])
    expect(textOf(folder, `policies/${policy}.hcl`)).toBe('path "${environment}/a" { capabilities = ["read"] }\n')
    expect(textOf(folder, 'environments/production.yaml')).toContain(`namespace: ${id}-a`)
    if (real) expect(await runIn(folder, server, ['plan'])).toMatchObject({ code: 0 })
  })

  test('behind one address that are different servers are refused', async () => {
    const { server } = await byHand()
    const snapshot = parseSnapshot(
      JSON.parse((await runIn(withFiles({}), server, ['snapshot', '--without-files'])).stdout),
    )
    const other = { ...snapshot, server: { ...snapshot.server, clusterId: 'another' } }
    const directory = withFiles({ 'a.json': JSON.stringify(snapshot), 'b.json': JSON.stringify(other) })
    const ended = await vaultwright(['import', '--live', 'production=a.json', '--live', 'staging=b.json'], {
      cwd: directory,
    })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('one-address') })
    expect(filesIn(directory)).toEqual(['a.json', 'b.json'])
    // Both were reached through one tunnel, one after the other: what the refusal says to do helps.
    const words = ['import', '--live', 'production=a.json', '--live', 'staging=b.json', '--mount', 'none-such']
    const said = await vaultwright([...words, '--address', 'staging=https://staging.example.com'], { cwd: directory })
    expect(said).toMatchObject({ code: 0 })
    expect(textOf(directory, 'environments/staging.yaml')).toContain('address: https://staging.example.com\n')
    expect(textOf(directory, 'environments/production.yaml')).toContain(`address: ${server.address}\n`)
    // And a pattern that nothing fits is no quiet success.
    expect(said.stdout).toContain('production, staging: no mount of type jwt or oidc was found; check --mount')
  })
})

describe('nothing is written', () => {
  async function filled() {
    const { server, write, remove } = await byHand()
    const id = ownName()
    await write(`sys/auth/${id}`, { type: 'jwt' })
    await write(`auth/${id}/config`, { jwt_validation_pubkeys: [pem] })
    for (const name of ['a', 'b']) {
      await write(`sys/policies/acl/${id}-${name}`, { policy: `path "${name}" {}\n` })
      await write(
        `auth/${id}/role/${name}`,
        role({ token_policies: [`${id}-${name}`], token_ttl: name === 'a' ? 60 : 300 }),
      )
    }
    return { server, write, remove, id, words: ['import', '-e', 'production', ...only(id)] }
  }

  test('over files that are there, all of which are named, until --force says so', async () => {
    const { server, id, words } = await filled()
    const directory = withFiles({ 'roles/a.yaml': 'mine', [`policies/${id}-b.hcl`]: 'mine', 'roles/keep.txt': 'mine' })
    const ended = await runIn(directory, server, words)
    expect(ended).toMatchObject({ code: 1, stdout: '' })
    expect(ended.stderr).toContain('roles/a.yaml is there already')
    const dry = await runIn(directory, server, [...words, '--dry-run'])
    expect(dry).toMatchObject({ code: 1, stderr: expect.stringContaining('roles/a.yaml is there already') })
    expect(ended.stderr).toContain(`policies/${id}-b.hcl is there already`)
    expect(filesIn(directory)).toEqual([`policies/${id}-b.hcl`, 'roles/a.yaml', 'roles/keep.txt'])
    expect(await runIn(directory, server, [...words, '--force'])).toMatchObject({ code: 0 })
    expect(textOf(directory, 'roles/a.yaml')).toContain('token_ttl: 1m')
    expect(textOf(directory, 'roles/keep.txt')).toBe('mine')
    // What an import of another layout leaves behind says the same today, and is forgotten tomorrow.
    writeFileSync(join(directory, 'roles/old.yaml'), `name: a\n${textOf(directory, 'roles/a.yaml')}`)
    const again = await runIn(directory, server, [...words, '--force', '--format', 'json'])
    expect(JSON.parse(again.stdout).kept).toEqual(['roles/old.yaml'])
    const told = await runIn(directory, server, [...words, '--force'])
    expect(told.stdout).toContain('delete those that this import replaces:\n  roles/old.yaml\n')
    expect(readdirSync(directory).sort()).toEqual(['environments', 'policies', 'roles'])
  })

  test('through links, and not where a folder has to be and a file is', async () => {
    const { server, words } = await filled()
    const elsewhere = withFiles({ 'roles/x.yaml': '' })
    const directory = withFiles({ environments: 'a file' })
    symlinkSync(join(elsewhere, 'roles'), join(directory, 'roles'))
    const ended = await runIn(directory, server, [...words, '--force'])
    expect(ended).toMatchObject({ code: 1 })
    expect(ended.stderr).toContain('roles is a link')
    expect(ended.stderr).toContain('environments is no folder')
    expect(filesIn(elsewhere)).toEqual(['roles/x.yaml'])
    expect(readdirSync(directory).sort()).toEqual(['environments', 'roles'])
  })

  test('where it would not go with the files that are there', async () => {
    const { server, id, words } = await filled()
    const other = `environments: [production]\nmount: ${id}\nrole_type: jwt\nuser_claim: x\nbound_audiences: [x]\n`
    const directory = withFiles({ 'roles/other.yaml': other })
    const ended = await runIn(directory, server, words)
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`jwt-role/${id}/other would be created, says roles/other.yaml:1`),
    })
    expect(filesIn(directory)).toEqual(['roles/other.yaml'])
    expect(readdirSync(directory)).toEqual(['roles'])
  })

  test('by a dry run, which says what would be', async () => {
    const { server, words } = await filled()
    const directory = withFiles({})
    const ended = await runIn(directory, server, [...words, '--dry-run'])
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('roles/a.yaml') })
    expect(ended.stdout).toContain('Nothing is written')
    expect(readdirSync(directory)).toEqual([])
  })

  test('while the token may not read everything: all of it is listed, with the policy that would help; or left out on request', async () => {
    const { server, write, id, words } = await filled()
    const lines = [
      'path "sys/auth" { capabilities = ["read"] }',
      `path "auth/${id}/config" { capabilities = ["read"] }`,
      `path "auth/${id}/role" { capabilities = ["list"] }`,
      `path "auth/${id}/role/a" { capabilities = ["read"] }`,
      'path "sys/policies/acl" { capabilities = ["list"] }',
      `path "sys/policies/acl/${id}-a" { capabilities = ["read"] }`,
    ]
    // Beside the patterns of this import, so that it is not a part of it.
    await write(`sys/policies/acl/x-${id}`, { policy: lines.join('\n') })
    const { body } = await request(server, 'POST', 'auth/token/create', { policies: [`x-${id}`] })
    const token = String((body as { auth: { client_token: string } }).auth.client_token)
    const directory = withFiles({})
    const ended = await runIn(directory, { ...server, token }, words)
    expect(ended).toMatchObject({ code: 1 })
    expect(ended.stderr).toContain(`may not read auth/${id}/role/b`)
    expect(ended.stderr).toContain(`may not read sys/policies/acl/${id}-b`)
    // Lines to copy as they are.
    expect(ended.stderr).toContain(`\n    path "auth/${id}/role/*" { capabilities = ["read"] }\n`)
    expect(readdirSync(directory)).toEqual([])

    const skipped = await runIn(directory, { ...server, token }, [...words, '--skip-forbidden', '--format', 'json'])
    expect(skipped).toMatchObject({ code: 0 })
    const left = JSON.parse(skipped.stdout).left_out.map(({ address }: { address: string }) => address)
    expect(left.sort()).toEqual([`jwt-role/${id}/b`, `policy/${id}-b`])
    // Neither a plan with that token nor one with a better one takes them for nobody's.
    expect(await runIn(directory, { ...server, token }, ['plan'])).toMatchObject({ code: 0 })
    expect(await runIn(directory, server, ['drift'])).toMatchObject({ code: 0 })
  })

  test('for words that cannot be meant', async () => {
    const [saved, other] = ['PK\u0003\u0004', '{"a":1}']
    const directory = withFiles({ 'saved.json': saved, 'other.json': other })
    const run = (words: readonly string[]) =>
      vaultwright(['import', ...words], { cwd: directory, env: { VAULT_ADDR: 'http://127.0.0.1:9' } })
    for (const [words, said] of [
      [[], 'nothing says which environment'],
      [['-e', 'a/b'], 'cannot be the name'],
      [['-e', 'a', '--live', 'a=x.json'], 'named twice'],
      [['--live', 'a'], 'no file is named'],
      [['--live', 'a=missing.json'], 'missing.json cannot be read'],
      [['--from-terraform', 'a=missing.json', '--server', 'x'], 'no product and version'],
      [['--from-terraform', 'a=saved.json'], 'saved.json: this is a saved plan itself'],
      [['--live', 'a=other.json'], 'other.json: this is not a snapshot'],
      [['--live', 'a=other.json', '--server', 'vault@1.21.0'], '--server is for the files of other tools'],
      [['--live', 'a=other.json', '--address', 'b=https://b.example.com'], 'no such environment is imported'],
      [['--live', 'a=other.json', '--address', 'a=x y'], 'this is no address of an environment'],
      [['-e', 'a', '--address', 'a=https://a.example.com'], 'its file says that address'],
    ] as const)
      expect(await run(words)).toMatchObject({ code: 1, stderr: expect.stringContaining(said) })
    expect(readdirSync(directory).sort()).toEqual(['other.json', 'saved.json'])
  })
})

test('what other tools describe becomes files as well, each of two environments in one file of theirs', async () => {
  const state = textOf(join(import.meta.dirname, '../import/fixtures'), 'terraform-state.json')
  const directory = withFiles({ 'state.json': state })
  mkdirSync(join(directory, 'out'))
  const ended = await vaultwright(
    ['import', '--from-terraform', 'production=state.json', '--from-terraform', 'staging=state.json', '--out', 'out'],
    { cwd: directory },
  )
  expect(ended).toMatchObject({ code: 0 })
  expect(filesIn(join(directory, 'out')).filter((path) => path.startsWith('environments/'))).toEqual([
    'environments/production.yaml',
    'environments/staging.yaml',
  ])
  expect(await vaultwright(['check'], { cwd: join(directory, 'out') })).toMatchObject({
    stderr: expect.not.stringContaining('unknown'),
  })
})
