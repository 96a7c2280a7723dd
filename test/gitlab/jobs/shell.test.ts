import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { shellFunctions } from '../../../src/gitlab/jobs/shell/functions.ts'
import { type Claims, idToken, publicKey } from '../../conformance/id-tokens.ts'
import { liveVault, request, startVault } from '../../support/live-vault.ts'
import { alpine, ownShell, runShell } from './shells.ts'

const id = `job-shell-${process.pid}`
const folder = mkdtempSync(join(tmpdir(), 'vaultwright-image-'))
const images = [alpine(folder), ownShell(folder)]

let server: { readonly address: string; readonly token: string }

beforeAll(async () => {
  server = await liveVault()
  await request(server, 'POST', `sys/mounts/${id}`, { type: 'kv', options: { version: '2' } })
  await request(server, 'POST', `sys/mounts/${id}-v1`, { type: 'kv', options: { version: '1' } })
  await prepareLogin(server)
  await vi.waitFor(() => store('db', { password: 'hunter2' }), 10_000)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function prepareLogin(at: typeof server): Promise<void> {
  const policy = `path "${id}/*" { capabilities = ["read"] }\npath "${id}-v1/*" { capabilities = ["read"] }\npath "secret/*" { capabilities = ["read"] }`
  await request(at, 'POST', `sys/auth/${id}`, { type: 'jwt' })
  await request(at, 'POST', `auth/${id}/config`, { jwt_validation_pubkeys: [publicKey] })
  await request(at, 'POST', `sys/policies/acl/${id}`, { policy })
  const role = {
    ...{ role_type: 'jwt', user_claim: 'project_id', bound_audiences: ['https://vault'] },
    ...{ bound_claims: { ref_protected: 'true' }, token_policies: [id], token_ttl: '5m' },
  }
  await request(at, 'POST', `auth/${id}/role/job`, role)
  await request(at, 'POST', `auth/${id}/role/batch`, { ...role, token_type: 'batch' })
  await request(at, 'POST', `auth/${id}/role/bare`, { ...role, token_no_default_policy: true })
  await request(at, 'POST', `auth/${id}/role/nothing`, { ...role, token_policies: [] })
}

async function store(path: string, data: unknown): Promise<void> {
  expect((await request(server, 'POST', `${id}/data/${path}`, { data })).status).toBe(200)
}

async function job(changes: Readonly<Record<string, string>> = {}, claims: Claims = {}) {
  return {
    ...{ VAULT_SERVER_URL: server.address, VAULT_AUTH_PATH: id, VAULT_AUTH_ROLE: 'job' },
    VAULT_ID_TOKEN: await idToken(claims),
    ...changes,
  }
}

const readPassword = ['vault_login', `vault_secret PASSWORD kv-v2 ${id} db password`, 'vault_done']

/** Texts that a grep or a careless shell gets wrong. */
const texts: Readonly<Record<string, string>> = {
  plain: 'hunter2',
  quotes: `a"b'c`,
  looksLikeJson: '{"password":"other","a":[1]}',
  backslashes: 'C:\\new\\table\\u0041 \\',
  lines: '-----BEGIN-----\nabc\n-----END-----\n\n',
  carriage: 'a\r\nb\tc\bd\fe',
  controls: '\u0001\u001b[31m\u007f',
  html: '<a href="x">&amp;</a>',
  separators: 'a\u2028b\u2029c',
  letters: 'Größe ✓ 漢字 😀 \u{10ffff}',
  shell: '$HOME `id` $(id) ${x} !! * ~ %s %d \\c \\0101',
  dash: '-n',
  spaces: '  two  ',
  empty: '',
}

describe.each(images)('in $name', (image) => {
  test('every text arrives as it is stored', async () => {
    await store(`texts-${image.shell.length}`, texts)
    const names = Object.keys(texts)
    const calls = names.map((name) => `vault_secret ${name} kv-v2 ${id} texts-${image.shell.length} ${name} file`)
    const values = names.map((name) => `vault_secret ${name} kv-v2 ${id} texts-${image.shell.length} ${name}`)
    const show = names.map((name) => `cp "$${name}" "$CI_PROJECT_DIR/${name}"`)
    const same = names.map((name) => `printf '%s' "$${name}" | cmp - "$CI_PROJECT_DIR/${name}"`)
    const ran = await runShell(image, ['vault_login', ...calls, ...show, ...values, ...same, 'vault_done'], await job())
    expect(ran.output).not.toContain('Größe')
    expect([ran.code, ran.output]).toEqual([0, ran.output])
    const read = names.map((name) => [name, readFileSync(join(ran.project, name), 'utf8')])
    expect(Object.fromEntries(read)).toEqual(texts)
  })

  test('any other text does, too', async () => {
    const any = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).filter((text) => !text.includes('\0'))
    const values = Object.fromEntries(fc.sample(any, 60).map((text, index) => [`V${index}`, text]))
    const at = `random-${image.shell.length}`
    await store(at, values)
    const lines = Object.keys(values).map(
      (name) => `vault_secret ${name} kv-v2 ${id} ${at} ${name} file; cp "$${name}" "$CI_PROJECT_DIR/"`,
    )
    const ran = await runShell(image, ['vault_login', ...lines, 'vault_done'], await job())
    expect([ran.code, ran.output]).toEqual([0, ran.output])
    const read = Object.keys(values).map((name) => [name, readFileSync(join(ran.project, name), 'utf8')])
    expect(Object.fromEntries(read)).toEqual(values)
  })

  test('fields of any name are found, and none is taken for another', async () => {
    const fields = ['a b', 'a"b', 'a\\b', 'a<b', 'ä', 'data', '1e1', '10', 'password\\', "it's"]
    await store(`fields-${image.shell.length}`, Object.fromEntries(fields.map((field) => [field, `of ${field}`])))
    const lines = fields.map(
      (field, n) =>
        `vault_secret F${n} kv-v2 ${id} fields-${image.shell.length} '${field.replaceAll("'", "'\\''")}'; printf 'got %s\\n' "$F${n}"`,
    )
    const { output } = await runShell(image, ['vault_login', ...lines, 'vault_done'], await job())
    expect(output.match(/(?<=^got ).*$/gm)).toEqual(fields.map((field) => `of ${field}`))
  })

  test('numbers and booleans are as they stand, and what is no text is refused', async () => {
    await store(`types-${image.shell.length}`, {
      port: 5432,
      big: 9007199254740991,
      on: true,
      map: { a: 'b' },
      list: ['a'],
      null: null,
    })
    const at = `kv-v2 ${id} types-${image.shell.length}`
    const good = ['port', 'big', 'on'].map((name) => `vault_secret v ${at} ${name}; echo "got $v"`)
    const { output } = await runShell(image, ['vault_login', ...good, 'vault_done'], await job())
    expect(output.match(/(?<=^got ).*$/gm)).toEqual(['5432', '9007199254740991', 'true'])
    for (const name of ['map', 'list', 'null']) {
      const ran = await runShell(image, ['vault_login', `vault_secret V ${at} ${name}`, 'echo reached'], await job())
      expect(ran.code).toBe(1)
      expect(ran.output).toContain(`V: the field "${name}" of ${id}/data/types-${image.shell.length} holds no text.`)
      expect(ran.output).not.toContain('reached')
      expect(ran.output).toContain('the token is revoked')
    }
  })

  test('a text with a NUL is refused, because no variable holds it', async () => {
    await store(`nul-${image.shell.length}`, { key: 'a\u0000b' })
    const ran = await runShell(
      image,
      ['vault_login', `vault_secret K kv-v2 ${id} nul-${image.shell.length} key`],
      await job(),
    )
    expect([ran.code, ran.output]).toEqual([1, expect.stringContaining('holds a NUL')])
  })

  test('one login serves all, a path is read once, and the token is revoked before the job uses the secrets', async () => {
    const seen = await recorded(server.address)
    const lines = [
      'vault_login',
      `vault_secret A kv-v2 ${id} db password`,
      `vault_secret B kv-v2 ${id} db password file`,
      'vault_done',
      'echo "script: $A"',
    ]
    const ran = await runShell(image, lines, await job({ VAULT_SERVER_URL: `${seen.address}/` }))
    expect(ran.output).toMatch(/the token is revoked\nscript: hunter2\n$/)
    expect(seen.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST /v1/auth/${id}/login`,
      `GET /v1/${id}/data/db`,
      'POST /v1/auth/token/revoke-self',
    ])
    const [token = ''] = seen.requests.flatMap(({ token }) => token ?? [])
    expect(token).not.toBe('')
    expect((await request({ ...server, token }, 'GET', 'auth/token/lookup-self')).status).toBe(403)
    expect(ran.output + ran.curls).not.toContain(token)
    expect(ran.left()).toEqual([])
  })

  test('no secret is an argument or shows in a trace, and no other program gets the token', async () => {
    const first = 'set -a; set -x; set -u'
    const { output, curls } = await runShell(image, [...readPassword, 'true'], await job(), { first })
    const [args, environment] = [curls.replace(/^env .*$/gm, ''), curls.match(/^env .*$/gm)?.join('\n')]
    expect(output).toContain('+ vault_login')
    expect(output + args).not.toMatch(/hunter2|hvs\.|\bs\.[A-Za-z0-9]{20}|eyJ|client_token/)
    expect(args).toContain('--header')
    expect(environment).toContain('env VAULT_ID_TOKEN=')
    expect(environment).not.toMatch(/_vault_(token|value|input|body|revoked)/)
  })

  test('a file is for its owner alone, and is gone at the end', async () => {
    const lines = [
      'vault_login',
      `vault_secret P kv-v2 ${id} db password file`,
      'vault_done',
      'echo "file $(cat "$P") $(stat -c %a "$P")"',
      'echo "folder $(stat -c %a "${P%/*}")"',
    ]
    const ran = await runShell(image, lines, await job(), { first: 'umask 0' })
    expect(ran.output).toContain('file hunter2 600\nfolder 700\n')
    expect(ran.left()).toEqual([])
  })

  test('kv-v1 is read without data/', async () => {
    await request(server, 'POST', `${id}-v1/app`, { password: 'old style' })
    const lines = ['vault_login', `vault_secret P kv-v1 ${id}-v1 app password`, 'vault_done', 'echo "got $P"']
    expect((await runShell(image, lines, await job())).output).toContain('got old style')
  })

  test('a batch token cannot be revoked, and that is said', async () => {
    const ran = await runShell(image, readPassword, await job({ VAULT_AUTH_ROLE: 'batch' }))
    expect([ran.code, ran.output]).toEqual([0, expect.stringContaining('a batch token, which nobody can revoke')])
  })

  test('a token that may not revoke itself does not fail the job, and that is said', async () => {
    const ran = await runShell(image, readPassword, await job({ VAULT_AUTH_ROLE: 'bare' }))
    expect([ran.code, ran.output]).toEqual([0, expect.stringContaining('could not be revoked (HTTP 403)')])
  })

  test.each([
    ['no address', { VAULT_SERVER_URL: '' }, 'This job does not know where Vault is: VAULT_SERVER_URL is empty.'],
    ['no URL', { VAULT_SERVER_URL: 'vault.example.com' }, 'VAULT_SERVER_URL is no URL: vault.example.com'],
    ['two addresses', { VAULT_ADDR: 'http://127.0.0.1:1' }, 'differ, so nothing was sent to either'],
    ['nothing there', { VAULT_SERVER_URL: 'http://127.0.0.1:1' }, 'did not work: curl ended with 7'],
    [
      'no such host',
      { VAULT_SERVER_URL: 'http://vault.invalid' },
      'VAULT_SERVER_URL names a host that this job cannot find',
    ],
    ['no ID token', { VAULT_ID_TOKEN: '' }, 'This job has no ID token: VAULT_ID_TOKEN is empty.'],
    ['auth/ in the mount', { VAULT_AUTH_PATH: `auth/${id}` }, 'VAULT_AUTH_PATH begins with auth/'],
    ['a wrong mount', { VAULT_AUTH_PATH: 'nowhere' }, 'There is no such mount in this namespace'],
    ['a wrong role', { VAULT_AUTH_ROLE: 'nobody' }, 'Vault says: role "nobody" could not be found'],
  ])('%s: what, why and what next', async (_, changes, words) => {
    const ran = await runShell(image, [...readPassword, 'echo reached'], await job(changes))
    expect([ran.code, ran.output]).toEqual([1, expect.stringContaining(words)])
    expect(ran.output).not.toContain('reached')
    expect(ran.output).not.toContain('eyJ')
  })

  test('a login that a claim forbids ends the job with the words of the server', async () => {
    const ran = await runShell(image, readPassword, await job({}, { ref_protected: 'false' }))
    expect(ran.code).toBe(1)
    expect(ran.output).toContain('claim "ref_protected" does not match any associated bound claim values')
    expect(ran.output).toContain('HTTP 400')
  })

  test.each([
    ['a path without access', 'nothing', 'db', 'password', `A policy of role nothing must hold: path "${id}/data/db"`],
    [
      'no such secret',
      'job',
      'nowhere',
      'password',
      `The read of ${id}/data/nowhere for P was answered with HTTP 404.`,
    ],
    ['no such field', 'job', 'db', 'passwort', `${id}/data/db has no field "passwort"`],
  ])('%s: said, and the token is revoked', async (_, role, path, field, words) => {
    const lines = ['vault_login', `vault_secret P kv-v2 ${id} ${path} ${field}`, 'echo reached']
    const ran = await runShell(image, lines, await job({ VAULT_AUTH_ROLE: role }))
    expect([ran.code, ran.output]).toEqual([1, expect.stringContaining(words)])
    expect(ran.output).toContain('the token is revoked')
    expect(ran.output).not.toContain('reached')
  })

  test('a server that sends elsewhere gets the token, and nobody else does', async () => {
    const ran = await runShell(image, readPassword, await job({ VAULT_SERVER_URL: await redirecting(server.address) }))
    expect([ran.code, ran.output]).toEqual([1, expect.stringContaining('set VAULT_SERVER_URL to the final address')])
  })

  test('an image without curl says how to get it', async () => {
    const lines = ['hash -r; PATH=/nowhere', 'vault_login']
    const ran = await runShell(image, lines, await job(), { after: [] })
    expect([ran.code, ran.output]).toEqual([1, expect.stringContaining('This image has no curl.')])
  })

  test('a leased secret keeps its token until after_script revokes it', async () => {
    const leasing = await startVault({ flags: ['-dev-leased-kv'] })
    onTestFinished(() => leasing.stop())
    await prepareLogin(leasing)
    await request(leasing, 'POST', 'secret/db', { username: 'u-1', password: 'p-1', ttl: '1h' })
    const env = await job({ VAULT_SERVER_URL: leasing.address })
    const lines = [
      'vault_login',
      'vault_secret U generic secret db username',
      'vault_secret P generic secret db password',
      'vault_done',
    ]
    const look = 'stat -c "kept %a" "$CI_PROJECT_DIR.tmp/vault-17/.token"; echo "with $U and $P"'
    const ran = await runShell(image, [...lines, look], env)
    expect(ran.output).toMatch(/after_script will revoke.*\nkept 600\nwith u-1 and p-1\nvault: the token is revoked\n$/)
    expect(ran.left()).toEqual([])
    const undeclared = ['vault_login', 'vault_secret P kv-v1 secret db password']
    const refused = await runShell(image, undeclared, env)
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('Declare it with engine: generic')])
  })
})

test('other implementations of awk read JSON alike', async () => {
  await store('awk', texts)
  for (const awk of ['mawk', 'gawk', 'original-awk']) {
    const image = installed(awk)
    if (image === undefined) continue
    const lines = Object.keys(texts).map(
      (name) => `vault_secret v kv-v2 ${id} awk ${name} file; cp "$v" "$CI_PROJECT_DIR/${name}"`,
    )
    const ran = await runShell(image, ['vault_login', ...lines, 'vault_done'], await job())
    const read = Object.keys(texts).map((name) => [name, readFileSync(join(ran.project, name), 'utf8')])
    expect([awk, Object.fromEntries(read)]).toEqual([awk, texts])
  }
})

function installed(awk: string) {
  const own = mkdtempSync(join(tmpdir(), 'vaultwright-awk-'))
  onTestFinished(() => rmSync(own, { recursive: true, force: true }))
  try {
    return ownShell(own, awk)
  } catch {
    return undefined
  }
}

test.each(images)('$name can parse the functions', async ({ shell: [program = '', ...words] }) => {
  const file = join(folder, 'functions.sh')
  writeFileSync(file, shellFunctions)
  expect(spawnSync(program, [...words, '-n', file], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
})

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly token: string | undefined
}

/** Hands everything on to the server, and remembers what was asked. */
async function recorded(target: string): Promise<{ readonly address: string; readonly requests: readonly Seen[] }> {
  const requests: Seen[] = []
  const proxy = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await incoming.toArray())
    const token = incoming.headers['x-vault-token'] as string | undefined
    requests.push({ method: incoming.method, url: incoming.url, token })
    const answer = await fetch(`${target}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers: token === undefined ? {} : { 'x-vault-token': token },
      ...(body.length === 0 ? {} : { body }),
    })
    outgoing
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(Buffer.from(await answer.arrayBuffer()))
  })
  return { address: await listening(proxy), requests }
}

async function redirecting(target: string): Promise<string> {
  return await listening(
    createServer((incoming, outgoing) => outgoing.writeHead(307, { location: `${target}${incoming.url}` }).end()),
  )
}

async function listening(proxy: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  onTestFinished(() => void proxy.close())
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
}
