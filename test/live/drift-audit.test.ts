import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Attribution, AuditedRequest } from '../../src/core/attribution.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { publicKey } from '../conformance/id-tokens.ts'
import { type Files, withFiles } from '../support/files.ts'
import { type RunOptions, repository } from '../support/program.ts'
import { type AuditedServer, entriesOf, startAudited } from './audited-server.ts'

const allow = (path: string, ...capabilities: string[]) =>
  `path "${path}" { capabilities = [${capabilities.map((one) => `"${one}"`).join(', ')}] }\n`
const text = (name: string) => allow(`ops/data/${name}`, 'read')

const policies = ['plain', 'encoded', 'legacy', 'deleted', 'again', 'outside']
const role = [
  'role_type: jwt',
  'user_claim: project_id',
  'bound_audiences: [https://vault]',
  'bound_claims: { project_id: "42" }',
  'token_policies: [plain]',
  'token_ttl: 5m',
  '',
].join('\n')

const files: Files = {
  'environments/production.yaml': [
    'auth:',
    '  jwt:',
    '    type: jwt',
    '    description: CI',
    '    config: { jwt_validation_pubkeys: [{ file: key.pem }] }',
    '  spare: { type: jwt, config: { jwt_validation_pubkeys: [{ file: key.pem }] } }',
    '  moved: { type: jwt, config: { jwt_validation_pubkeys: [{ file: key.pem }] } }',
    `policies: [${policies.join(', ')}]`,
    'owns: { policies: ["ci-*"] }',
    '',
  ].join('\n'),
  'roles/spare.yaml': `mount: spare\nenvironments: [production]\n${role}`,
  'roles/app.yaml': `environments: [production]\n${role}`,
  'roles/lost.yaml': `environments: [production]\n${role}`,
  ...Object.fromEntries(policies.map((name) => [`policies/${name}.hcl`, text(name)])),
}

const administration = [
  allow('sys/policies/acl/*', 'create', 'read', 'update', 'delete'),
  allow('sys/policy/*', 'update'),
  allow('auth/jwt/*', 'create', 'read', 'update', 'delete'),
].join('')

/** What drift itself needs to read, and no more. */
const reading = [
  allow('sys/auth', 'read'),
  allow('sys/policies/*', 'read', 'list'),
  allow('auth/jwt/*', 'read', 'list'),
].join('')

const claims = { project_path: 'platform/infra', ref: 'main', job_id: '123' }

let server: AuditedServer
/** The log as it was before the last write of all. */
let before: string
let tokens: Readonly<Record<'alice' | 'bob' | 'job', string>>

beforeAll(async () => {
  server = await startAudited(files)
  const { did, refused, root } = server
  const { code, output } = await server.run(['apply', '--auto-approve'])
  expect(code, output).toBe(0)
  await did(root, 'POST', 'sys/auth/gitlab', { type: 'jwt' })
  await did(root, 'POST', 'auth/gitlab/config', { jwt_validation_pubkeys: [publicKey] })
  await did(root, 'POST', 'sys/policies/acl/administration', { policy: administration })
  await did(root, 'POST', 'auth/gitlab/role/ci-admin', {
    role_type: 'jwt',
    user_claim: 'project_id',
    bound_audiences: ['https://vault'],
    claim_mappings: { project_path: 'project_path', ref: 'ref', job_id: 'job_id' },
    token_policies: ['administration'],
  })
  const alice = await server.user('alice', administration)
  const bob = await server.user('bob', allow('sys/auth', 'read'))
  const job = await server.job('ci-admin', claims)
  tokens = { alice, bob, job }

  await did(alice, 'POST', 'sys/policies/acl/plain', { policy: text('by-alice') })
  await did(job, 'POST', 'sys/policies/acl/Encoded', { policy: Buffer.from(text('by-job')).toString('base64') })
  await did(root, 'POST', 'sys/policy/legacy', { rules: text('by-root') })
  await refused(bob, 'DELETE', 'sys/policies/acl/deleted')
  await refused('invalid', 'DELETE', 'sys/policies/acl/deleted')
  await did(job, 'DELETE', 'sys/policies/acl/deleted')
  await did(job, 'DELETE', 'sys/policies/acl/again')
  await did(alice, 'POST', 'sys/policies/acl/again', { policy: text('once-more') })
  await did(job, 'POST', 'auth/jwt/role/app', { role_type: 'jwt', token_ttl: '10m' })
  await did(alice, 'POST', 'auth/jwt/role/App', { role_type: 'jwt', bound_claims: { project_id: ['43', '44'] } })
  await did(alice, 'DELETE', 'auth/jwt/role/lost')
  await did(root, 'POST', 'sys/auth/jwt/tune', { description: 'by root' })
  await did(job, 'POST', 'sys/policies/acl/ci-extra', { policy: text('extra') })
  await did(root, 'DELETE', 'sys/auth/spare')
  await did(root, 'POST', 'sys/remount', { from: 'auth/moved', to: 'auth/moved-away' })
  await did(alice, 'POST', 'sys/policies/acl/outside', { policy: text('inside-the-log') })
  // A mount is moved in the background.
  while ('moved/' in (await did(root, 'GET', 'sys/auth'))) await wait(50)
  before = readFileSync(server.logs.file, 'utf8')
  await did(alice, 'POST', 'sys/policies/acl/outside', { policy: text('outside-the-log') })
  return () => server.stop()
})

interface Told {
  readonly attribution: { readonly from: string; readonly to: string; readonly objects: readonly Attribution[] }
  readonly notices: readonly string[]
}

async function drift(words: readonly string[], options?: RunOptions & { readonly token?: string }): Promise<Told> {
  const { code, stdout, stderr } = await server.run(['drift', '--format', 'json', ...words], options)
  expect(code, stderr).toBe(2)
  return JSON.parse(stdout).environments[0]
}

/** Who made it so, in short: name, operation, path, fields. */
function doings({ attribution: { objects } }: Told, address: string): unknown {
  const found = objects.find((object) => object.address === address)
  const made = found?.made.map(({ request, fields }) => {
    const told = found.requests.find(({ id }) => id === request)
    return [told?.who.name, told?.operation, told?.path, fields.join()].join(' ').trim()
  })
  return [found?.verdict, ...(made ?? [])]
}

const everything = {
  'policy/plain': ['verified', 'userpass-alice update sys/policies/acl/plain policy'],
  'policy/encoded': ['verified', 'gitlab-42 update sys/policies/acl/Encoded policy'],
  'policy/legacy': ['verified', 'token update sys/policy/legacy policy'],
  'policy/deleted': ['verified', 'gitlab-42 delete sys/policies/acl/deleted'],
  'policy/again': ['verified', 'userpass-alice update sys/policies/acl/again policy'],
  'policy/outside': ['verified', 'userpass-alice update sys/policies/acl/outside policy'],
  'policy/ci-extra': ['verified', 'gitlab-42 update sys/policies/acl/ci-extra policy'],
  'jwt-role/jwt/app': [
    'verified',
    'gitlab-42 update auth/jwt/role/app token_ttl',
    'userpass-alice update auth/jwt/role/App bound_claims',
  ],
  'jwt-role/jwt/lost': ['verified', 'userpass-alice delete auth/jwt/role/lost'],
  'auth-mount/spare': ['verified', 'token delete sys/auth/spare'],
  'jwt-config/spare': ['verified', 'token delete sys/auth/spare'],
  'jwt-role/spare/spare': ['verified', 'token delete sys/auth/spare'],
  'auth-mount/moved': ['verified', 'token update sys/remount'],
  'jwt-config/moved': ['verified', 'token update sys/remount'],
  'auth-mount/jwt': ['verified', 'token update sys/auth/jwt/tune description'],
}

function all(told: Told): unknown {
  return Object.fromEntries(told.attribution.objects.map(({ address }) => [address, doings(told, address)]))
}

describe('from a log that the server wrote', () => {
  test('every change is known by its author, and verified by its hashes', async () => {
    expect(all(await drift(['--audit-log', server.logs.file]))).toEqual(everything)
  })

  test('the device is found by the log, whichever of the server’s devices wrote it', async () => {
    expect(all(await drift(['--audit-log', server.logs.other]))).toEqual(everything)
    expect(all(await drift(['--audit-log', server.logs.other, server.logs.file]))).toEqual(everything)
  })

  test('a job is known by its role and its claims, from where it came, and when', async () => {
    const { attribution } = await drift(['--audit-log', server.logs.file])
    const found = attribution.objects.find(({ address }) => address === 'policy/encoded')
    const request = found?.requests.at(-1)
    expect(request?.who.metadata).toEqual({ role: 'ci-admin', ...claims })
    expect(request).toMatchObject({ from: '127.0.0.1', outcome: 'done', fields: ['policy'] })
    const entry = entriesOf(server.logs.file).find(
      ({ type, request: { id } = {} }: JsonObject & { request?: JsonObject }) =>
        type === 'response' && id === request?.id,
    )
    expect(request?.time.slice(0, 19)).toBe(String(entry?.['time']).slice(0, 19))
    expect(attribution.from <= (request?.time ?? '') && (request?.time ?? '') <= attribution.to).toBe(true)
  })

  test('an apply of the files is told apart from everybody else’s writes', async () => {
    const { attribution } = await drift(['--audit-log', server.logs.file])
    for (const address of ['policy/plain', 'jwt-role/jwt/app']) {
      const found = attribution.objects.find((object) => object.address === address)
      expect(found?.requests.map(({ asFiles }) => asFiles === true)[0], address).toBe(true)
      expect(found?.requests.filter(({ asFiles }) => asFiles === true).length, address).toBe(1)
    }
  })

  test('refused attempts are told, those of a token that nobody knows as well', async () => {
    const { attribution } = await drift(['--audit-log', server.logs.file])
    const found = attribution.objects.find(({ address }) => address === 'policy/deleted')
    expect(found?.refused.map(({ who, operation }) => [who.name, operation])).toEqual([
      ['userpass-bob', 'delete'],
      ['', 'delete'],
    ])
  })

  test('people read it beneath each object, in every format for people', async () => {
    const line =
      /who: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by gitlab-42 \(role ci-admin, job_id 123, project_path platform\/infra, ref main\) from 127\.0\.0\.1: update of sys\/policies\/acl\/Encoded \(policy\)/
    const words = ['drift', '--audit-log', server.logs.file]
    const { stdout } = await server.run(words)
    expect(stdout).toMatch(line)
    expect(stdout).toContain('verified: what is there is what this request wrote')
    expect(stdout).toMatch(/refused: .* UTC by userpass-bob \(username bob\) from 127\.0\.0\.1: delete of/)
    for (const format of ['html', 'junit']) {
      const { stdout: page } = await server.run([...words, '--format', format])
      expect(page.replaceAll('&#x2F;', '/'), format).toMatch(line)
    }
    const { stdout: markdown } = await server.run([...words, '--format', 'markdown'])
    const plain = markdown.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    expect(plain).toMatch(line)
  })
})

describe('what the log cannot tell is said', () => {
  test('a change after the end of the log is no author’s of the log', async () => {
    writeFileSync(join(server.directory, 'before.log'), before)
    const told = await drift(['--audit-log', 'before.log'])
    expect(doings(told, 'policy/outside')).toEqual(['elsewhere'])
    expect(doings(told, 'policy/plain')).toEqual(everything['policy/plain'])
    const { stdout } = await server.run(['drift', '--audit-log', 'before.log'])
    expect(stdout).toMatch(
      /not in the logs \(.* to .* UTC\): no request in the logs wrote what is there now \(policy\)/,
    )
  })

  test('a log from before everything touched nothing', async () => {
    writeFileSync(join(server.directory, 'first.log'), `${before.split('\n').slice(0, 4).join('\n')}\n`)
    const { stdout } = await server.run(['drift', '--audit-log', 'first.log'])
    expect(stdout).toMatch(/nothing in the given logs \(.* to .* UTC\) touched it/)
    expect(stdout).not.toContain('verified')
  })

  test('with another device’s salt nothing is verified, and nobody is accused', async () => {
    const told = await drift(['--audit-log', server.logs.file, '--audit-device', 'other'])
    expect(doings(told, 'policy/plain')).toEqual(['unverified', everything['policy/plain'][1]])
    const unverified = told.attribution.objects.filter(({ verdict }) => verdict === 'unverified')
    const reasons = unverified.flatMap(({ address, reason }) => (address.includes('moved') ? [] : [reason]))
    expect(unverified.find(({ address }) => address === 'auth-mount/moved')?.reason).toContain('sys/remount was used')
    expect(reasons.length).toBeGreaterThan(5)
    expect(reasons.every((reason) => reason?.includes('was not written by the audit device "other"'))).toBe(true)
    expect(told.attribution.objects.some(({ verdict }) => verdict === 'elsewhere')).toBe(false)
  })

  test('a device that does not exist is said in the server’s words', async () => {
    const told = await drift(['--audit-log', server.logs.file, '--audit-device', 'nope'])
    const found = told.attribution.objects.find(({ address }) => address === 'policy/plain')
    expect(found).toMatchObject({ verdict: 'unverified', reason: expect.stringContaining('unknown audit backend') })
  })

  test('without the permission to ask for hashes, the last write is named and said to be unverified', async () => {
    const token = await server.user('reader', reading)
    const told = await drift(['--audit-log', server.logs.file], { token })
    expect(doings(told, 'policy/plain')).toEqual(['unverified', everything['policy/plain'][1]])
    expect(told.attribution.objects[0]?.reason).toContain('sys/audit-hash/file: 403')
  })

  test('the permission to ask for hashes is enough; listing the devices takes sudo and is not needed', async () => {
    const token = await server.user('hasher', `${reading}${allow('sys/audit-hash/*', 'update')}`)
    expect(all(await drift(['--audit-log', server.logs.file], { token }))).toEqual(everything)
  })

  test('a snapshot cannot be asked; a log in clear needs nobody to be', async () => {
    const made = await server.run(['snapshot', '--out', 'live.json'])
    expect(made.code, made.output).toBe(0)
    const hashed = await drift(['--live', 'live.json', '--audit-log', server.logs.file])
    expect(hashed.attribution.objects.find(({ address }) => address === 'policy/plain')).toMatchObject({
      verdict: 'unverified',
      reason: expect.stringContaining('a snapshot cannot be asked'),
    })
    expect(all(await drift(['--live', 'live.json', '--audit-log', server.logs.raw]))).toEqual(everything)
  })
})

test('of a log in clear nothing secret is printed, in no format', async () => {
  const raw = readFileSync(server.logs.raw, 'utf8')
  const secrets = [...Object.values(tokens), ...server.passwords, server.root]
  expect(secrets.length).toBeGreaterThan(5)
  expect(secrets.every((secret) => raw.includes(secret))).toBe(true)
  for (const format of ['text', 'json', 'markdown', 'html', 'junit']) {
    const { code, output } = await server.run(['drift', '-v', '--format', format, '--audit-log', server.logs.raw])
    expect(code).toBe(2)
    expect(output).toContain('alice')
    for (const secret of secrets) expect(output).not.toContain(secret)
  }
})

describe('a log in pieces', () => {
  test('packed, from the standard input, rotated and in any order, says the same', async () => {
    const lines = before.split('\n')
    const half = Math.floor(lines.length / 2)
    const rest = readFileSync(server.logs.file, 'utf8').slice(before.length)
    const parts = [`${lines.slice(0, half).join('\n')}\n`, lines.slice(half).join('\n') + rest]
    writeFileSync(join(server.directory, 'audit.log.1.gz'), gzipSync(parts[0] as string))
    writeFileSync(join(server.directory, 'audit.log'), parts[1] as string)
    expect(all(await drift(['--audit-log', 'audit.log', '--audit-log', 'audit.log.1.gz']))).toEqual(everything)
    expect(all(await drift(['--audit-log', '-', 'audit.log'], { input: parts[0] as string }))).toEqual(everything)
  })

  test('with garbage between the lines, a prefix before them and a cut last line, says the same and what it left out', async () => {
    const spoilt = readFileSync(server.logs.file, 'utf8')
      .split('\n')
      .map((line, index) => (index % 3 === 0 ? `<13>Nov 20 14:00:00 host vault[1]: ${line}` : line))
      .join('\nrubbish { }\n')
    const file = join(server.directory, 'spoilt.log')
    writeFileSync(file, spoilt)
    appendFileSync(file, '{"time":"2026-11-20T')
    const told = await drift(['--audit-log', 'spoilt.log'])
    expect(all(told)).toEqual(everything)
    expect(told.notices.join()).toMatch(/\d+ of \d+ lines are no audit entries and were left out: spoilt\.log:2, /)
  })

  test('whose packing is cut off counts as far as it goes', async () => {
    const packed = gzipSync(readFileSync(server.logs.file))
    writeFileSync(join(server.directory, 'cut.log.gz'), packed.subarray(0, packed.length - 20))
    const told = await drift(['--audit-log', 'cut.log.gz'])
    expect(doings(told, 'policy/plain')).toEqual(everything['policy/plain'])
    expect(told.notices.join()).toContain('cut.log.gz is damaged or cut off')
  })

  test.each([
    ['absent.log', 'absent.log cannot be read (ENOENT)'],
    ['key.pem', 'key.pem holds no entry of an audit log'],
    ['.', '. cannot be read (EISDIR)'],
  ])('%s is no log, and is said to be none', async (file, message) => {
    const { code, stderr } = await server.run(['drift', '--audit-log', file])
    expect(code).toBe(1)
    expect(stderr).toContain(message)
  })
})

test('a namespace’s objects are told from those of the same name outside it', async () => {
  const { did, root } = server
  if (!server.openbao) {
    // Vault has namespaces only in its Enterprise edition; there, every entry is of the root.
    const namespaces = entriesOf(server.logs.file).map(({ request }) => (request as JsonObject)['namespace'])
    expect(namespaces.every((namespace) => (namespace as JsonObject)['path'] === undefined)).toBe(true)
    return
  }
  await did(root, 'POST', 'sys/namespaces/team', {})
  await did(root, 'POST', 'team/sys/policies/acl/inside', { policy: text('inside') })
  await did(root, 'POST', 'sys/policies/acl/inside', { policy: text('not-inside') })
  const team = 'namespace: team\npolicies: [plain]\nowns: { policies: ["inside"] }\n'
  const cwd = withFiles({ 'environments/team.yaml': team, 'policies/plain.hcl': text('plain') })
  const told = await drift(['--audit-log', server.logs.file], { cwd })
  expect(doings(told, 'policy/plain')).toEqual(['untouched'])
  expect(doings(told, 'policy/inside')).toEqual(['verified', 'token update sys/policies/acl/inside policy'])
})

/** What the pages show, after a comment that names the command. */
function shown(page: string): string {
  const [, content = ''] =
    /<!-- audited: .+? -->\n```\w*\n([\s\S]*?)```/.exec(readFileSync(join(repository, page), 'utf8')) ?? []
  return content
}

test('docs/drift.md and docs/report.md show what the program prints', async () => {
  const { did, root } = server
  const environment = 'policies: [nexus-read, nexus-write]\nowns: { policies: ["nexus-*"] }\n'
  const nexus = (name: string) => allow(`ops/data/nexus/${name}`, 'read')
  const cwd = withFiles({
    'environments/production.yaml': environment,
    'policies/nexus-read.hcl': nexus('read'),
    'policies/nexus-write.hcl': nexus('write'),
  })
  expect((await server.run(['apply', '--auto-approve'], { cwd })).code).toBe(0)
  await did(tokens.alice, 'POST', 'sys/policies/acl/nexus-read', { policy: allow('ops/data/nexus/*', 'read') })
  await server.refused(tokens.bob, 'DELETE', 'sys/policies/acl/nexus-write')
  await did(tokens.job, 'DELETE', 'sys/policies/acl/nexus-write')
  await did(root, 'POST', 'sys/policies/acl/nexus-extra', { policy: nexus('extra') })
  const { stdout } = await server.run(['drift', '--audit-log', server.logs.file], { cwd })
  const timeless = (text: string) =>
    text
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '2026-11-20 14:03:07')
      .replace(/(Vault|OpenBao) \S+ at \S+/, 'Vault 1.21.0 at https://vault.example.com')
  expect(timeless(stdout).split('\n')).toEqual(timeless(shown('docs/drift.md')).split('\n'))

  const example: Told['attribution'] = JSON.parse(shown('docs/report.md'))
  const { attribution } = await drift(['--audit-log', server.logs.file], { cwd })
  const [told] = attribution.objects.filter(({ address }) => address === 'policy/nexus-write')
  expect(Object.keys(attribution)).toEqual(Object.keys(example))
  const volatile = {
    id: expect.any(String),
    time: expect.stringMatching(/^\d{4}-.*\.\d{9}Z$/),
    accessor: expect.any(String),
  }
  const request = (one: AuditedRequest) => ({
    ...one,
    ...('userAgent' in one ? { userAgent: expect.any(String) } : {}),
    id: volatile.id,
    time: volatile.time,
    fields: expect.arrayContaining([...one.fields]),
    who: { ...one.who, ...('accessor' in one.who ? { accessor: volatile.accessor, entity: expect.any(String) } : {}) },
  })
  const [documented] = example.objects
  expect(told).toMatchObject({
    ...documented,
    made: [{ request: told?.requests.at(-1)?.id, fields: [] }],
    requests: documented?.requests.map(request),
    refused: documented?.refused.map(request),
  })
})
