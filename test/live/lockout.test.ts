import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { lockPrefix } from '../../src/core/lock.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { idToken, publicKey } from '../conformance/id-tokens.ts'
import type { Files } from '../support/files.ts'
import { startVault } from '../support/live-vault.ts'
import { type OperatorWorld, operatorWorld, type Running, type Said } from './operator-world.ts'

let world: OperatorWorld

/** As root, in place of the run that no longer can. */
async function cleanUp(id: string): Promise<void> {
  await world.remove(id)
  await world.remove(lockPrefix)
}

let counter = 0
const ownName = () => `out-${process.pid}-${counter++}`

const role: JsonObject = {
  role_type: 'jwt',
  user_claim: 'project_id',
  bound_audiences: ['https://vault'],
  bound_claims: { project_id: '42', ref: 'main' },
  token_policies: ['(id)-apply'],
  token_no_default_policy: true,
}
const policy = [
  'path "sys/auth" { capabilities = ["read"] }',
  'path "sys/mounts/auth/(id)/tune" { capabilities = ["update"] }',
  'path "sys/policies/acl" { capabilities = ["list"] }',
  'path "sys/policies/detailed/acl" { capabilities = ["list"] }',
  'path "sys/policies/acl/(id)-*" { capabilities = ["read", "update", "delete"] }',
  'path "sys/policies/acl/vaultwright-lock-*" { capabilities = ["read", "update", "delete"] }',
  'path "auth/(id)/config" { capabilities = ["read", "update"] }',
  'path "auth/(id)/role" { capabilities = ["list"] }',
  'path "auth/(id)/role/*" { capabilities = ["create", "read", "update", "delete"] }',
  'path "auth/token/revoke-self" { capabilities = ["update"] }',
  'path "sys/capabilities-self" { capabilities = ["update"] }',
]
const others = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString()

async function done(run: Promise<Said>): Promise<void> {
  const { code, stderr } = await run
  expect(code, stderr).toBe(0)
}

interface Change {
  readonly config?: JsonObject
  readonly role?: JsonObject
  readonly policy?: readonly string[]
  readonly files?: Files
}

function files(id: string, change: Change = {}): Files {
  const config = change.config ?? { jwt_validation_pubkeys: [publicKey] }
  const fields = { mount: '(id)', environments: ['production'], ...role, ...change.role }
  const texts: Files = {
    'environments/production.yaml': `auth: ${JSON.stringify({ '(id)': { type: 'jwt', config } })}\nowns: { auth: ["(id)"], policies: ["(id)-*"], roles: { "(id)": ["*"] } }\nunmanaged: delete\n`,
    'roles/vaultwright-apply.yaml': Object.entries(fields)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
      .join(''),
    'policies/(id)-apply.hcl': `${(change.policy ?? policy).join('\n')}\n`,
    ...change.files,
  }
  const named = (text: Files[string]) => (text === undefined ? undefined : String(text).replaceAll('(id)', id))
  return Object.fromEntries(Object.entries(texts).map(([path, text]) => [path.replaceAll('(id)', id), named(text)]))
}

const without = (...parts: readonly string[]) => policy.filter((line) => !parts.some((part) => line.includes(part)))

/** Requests of which the job, logged in anew, makes one; 'login' where already that is refused. */
type Lost =
  | 'login'
  | readonly [capability: string, path: string]
  | readonly [method: 'POST', path: string, body: JsonObject]

function member(body: JsonObject | undefined, name: string): JsonObject {
  return (body?.[name] ?? {}) as JsonObject
}

const roleBody = { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['a'], bound_claims: {} }

async function canStill(id: string, lost: Lost): Promise<boolean> {
  const jwt = await idToken()
  const answer = await world.ask('POST', `auth/${id}/login`, { role: 'vaultwright-apply', jwt }, '')
  if (answer.status !== 200) return false
  if (lost === 'login') return true
  const token = String(member(answer.body, 'auth')['client_token'])
  const path = lost[1].replaceAll('(id)', id)
  if (lost[0] === 'POST') return (await world.ask('POST', path, lost[2], token)).status < 300
  const asked = await world.ask('POST', 'sys/capabilities', { token, paths: [path] })
  return (member(asked.body, 'data')[path] as string[]).includes(lost[0])
}

const job = async (id: string) => ({
  VAULT_ID_TOKEN: await idToken(),
  VAULT_AUTH_PATH: id,
  VAULT_AUTH_ROLE: 'vaultwright-apply',
})

/** Whatever a refused plan says that it takes. */
const allowances = (stderr: string) =>
  [...new Set([...stderr.matchAll(/--allow ([\w-]+:[^\s;,]+)/g)].map(([, name]) => name ?? ''))].flatMap((name) => [
    '--allow',
    name.replace(/\.$/, ''),
  ])

const bound = (claims: JsonObject): Change => ({ role: { bound_claims: claims } })
const config = (fields: JsonObject): Change => ({ config: { jwt_validation_pubkeys: [publicKey], ...fields } })

const lockouts: readonly (readonly [what: string, change: Change, said: string, lost: Lost])[] = [
  ['the role binds another branch', bound({ project_id: '42', ref: 'master' }), 'log in', 'login'],
  ['the role takes another audience', { role: { bound_audiences: ['https://other'] } }, 'log in', 'login'],
  ['the role asks for a claim that jobs have not', { role: { user_claim: 'no_such_claim' } }, 'log in', 'login'],
  [
    'the role is for browsers',
    { role: { role_type: 'oidc', allowed_redirect_uris: ['https://v/cb'] } },
    'log in',
    'login',
  ],
  ['the role is deleted', { files: { 'roles/vaultwright-apply.yaml': undefined } }, 'the role is deleted', 'login'],
  ['the mount trusts another key', { config: { jwt_validation_pubkeys: [others] } }, 'none of the keys', 'login'],
  ['the mount takes another issuer', config({ bound_issuer: 'https://other' }), 'log in', 'login'],
  ['the mount takes another algorithm', config({ jwt_supported_algs: ['ES256'] }), 'log in', 'login'],
  [
    'the role gives another policy',
    { role: { token_policies: ['(id)-less'] }, files: { 'policies/(id)-less.hcl': without('config').join('\n') } },
    'auth/(id)/config',
    ['update', 'auth/(id)/config'],
  ],
  [
    'the policy loses roles',
    { policy: without('role/*') },
    'create, read, update and delete auth/(id)/role/*',
    ['create', 'auth/(id)/role/new'],
  ],
  [
    'the policy loses the list of roles',
    { policy: without('(id)/role"') },
    'list auth/(id)/role',
    ['list', 'auth/(id)/role/'],
  ],
  ['the policy loses the mounts', { policy: without('sys/auth"') }, 'read sys/auth', ['read', 'sys/auth']],
  [
    'the policy loses tuning',
    { policy: without('tune') },
    'update sys/mounts/auth/(id)/tune',
    ['update', 'sys/mounts/auth/(id)/tune'],
  ],
  [
    'the policy denies one of its policies',
    { policy: [...policy, 'path "sys/policies/acl/(id)-prod" { capabilities = ["deny"] }'] },
    'such as sys/policies/acl/(id)-prod',
    ['update', 'sys/policies/acl/(id)-prod'],
  ],
  [
    'a narrower rule hides a wider one',
    { policy: [...policy, 'path "auth/(id)/role/p*" { capabilities = ["read"] }'] },
    'such as auth/(id)/role/p',
    ['create', 'auth/(id)/role/px'],
  ],
  [
    'a rule with + wins by its place',
    { policy: [...policy, 'path "auth/(id)/role/+" { capabilities = ["read"] }'] },
    'auth/(id)/role/',
    ['create', 'auth/(id)/role/new'],
  ],
  [
    'the policy denies a parameter that every write sends',
    {
      policy: [
        ...without('role/*'),
        'path "auth/(id)/role/*" { capabilities = ["create", "read", "update", "delete"]\n denied_parameters = { "bound_claims" = [] } }',
      ],
    },
    'auth/(id)/role/*',
    ['POST', 'auth/(id)/role/new', roleBody],
  ],
]

/** A mount whose keys stand in its configuration does not say whose tokens they sign. */
const onlyTheJobKnows = new Set(['the mount takes another issuer'])

const nearMisses: readonly (readonly [what: string, change: Change])[] = [
  ['the role binds one more branch', bound({ project_id: '42', ref: ['main', 'master'] })],
  ['the role takes one more audience', { role: { bound_audiences: ['https://vault', 'https://other'] } }],
  ['the role has another user claim', { role: { user_claim: 'project_path' } }],
  ['the tokens live shorter', { role: { token_ttl: '5m' } }],
  ['the mount trusts one more key', { config: { jwt_validation_pubkeys: [publicKey, others] } }],
  ['the mount binds the issuer that it is', config({ bound_issuer: 'https://gitlab.example.com' })],
  ['the mount takes the algorithm that jobs have', config({ jwt_supported_algs: ['RS256', 'ES256'] })],
  [
    'the policy is worded otherwise',
    {
      policy: [
        ...without('role/*'),
        'path "/auth/(id)/role/*" { capabilities = ["create", "update", "delete", "read", "patch"] }',
      ],
    },
  ],
  [
    'the rule is in another policy',
    {
      role: { token_policies: ['(id)-apply', '(id)-more'] },
      policy: without('tune'),
      files: { 'policies/(id)-more.hcl': 'path "sys/mounts/auth/(id)/tune" { capabilities = ["update"] }\n' },
    },
  ],
  ['a rule that it does not need goes', { policy: without('revoke-self') }],
  [
    'a denial stands elsewhere',
    { policy: [...policy, 'path "sys/policies/acl/elsewhere" { capabilities = ["deny"] }'] },
  ],
  [
    'all parameters are allowed by name',
    {
      policy: [
        ...without('config'),
        'path "auth/(id)/config" { capabilities = ["read", "update"]\n allowed_parameters = { "*" = [] } }',
      ],
    },
  ],
]

/** Of their own: a run that locks itself out cannot take its lock back, and others would wait for it. */
const servers: readonly (readonly [string, () => Promise<Running>])[] = [
  [
    'a real server',
    async () => {
      const { stop, ...server } = await startVault()
      return { ...server, close: stop }
    },
  ],
  ['the sandbox', startSandbox],
]

describe.each(servers)('on %s', (_name, start) => {
  let running: Running

  beforeAll(async () => {
    running = await start()
    world = await operatorWorld(running)
  })

  afterAll(() => running.close())

  describe('a plan that locks its own role out', () => {
    test.each(lockouts)('is refused, and would have: %s', async (what, change, said, lost) => {
      const id = ownName()
      await done(world.apply(files(id), world.root))
      expect(await canStill(id, lost), 'what is to be lost is had').toBe(true)
      if (lost !== 'login' && lost[0] === 'POST') await world.must('DELETE', lost[1].replaceAll('(id)', id))
      const before = await world.state(id)
      const refused = await world.apply(files(id, change), await job(id))
      expect(refused.code).toBe(1)
      expect(refused.stderr).toContain('error[self-lockout]')
      expect(refused.stderr).toContain(said.replaceAll('(id)', id))
      expect(refused.stderr).toContain(`--allow lockout:jwt-role/${id}/vaultwright-apply`)
      expect(await world.state(id), 'nothing is written').toEqual(before)
      // The plan says it as well, to whoever reviews it.
      const planned = await world.plan(files(id, change), world.root)
      if (!onlyTheJobKnows.has(what)) expect(planned.stderr).toContain('error[self-lockout]')

      await world.apply(files(id, change), await job(id), allowances(refused.stderr))
      expect(await world.state(id), 'it is done').not.toEqual(before)
      expect(await canStill(id, lost), 'and locks out').toBe(false)
      await cleanUp(id)
    })

    test('is refused for root as well, which is not locked out itself: a mount that is disabled', async () => {
      const id = ownName()
      await done(world.apply(files(id), world.root))
      const gone = {
        'environments/production.yaml': `auth: {}\nowns: { auth: [${id}], policies: ["${id}-*"], roles: { ${id}: ["*"] } }\nunmanaged: delete\n`,
      }
      const refused = await world.apply(gone, world.root)
      expect(refused.stderr).toContain(
        `could log in by jwt-role/${id}/vaultwright-apply: auth-mount/${id} is deleted, and its mount is disabled`,
      )
      expect(await canStill(id, 'login')).toBe(true)
      expect(await world.apply(gone, world.root, allowances(refused.stderr))).toMatchObject({ code: 0 })
      expect(await canStill(id, 'login')).toBe(false)
      await cleanUp(id)
    })
  })

  test.each(nearMisses)('a plan that looks like it and locks nobody out is applied: %s', async (_what, change) => {
    const id = ownName()
    await done(world.apply(files(id), world.root))
    const said = await world.apply(files(id, change), await job(id))
    expect(said.stderr).not.toContain('self-lockout')
    expect(said.code, said.stderr).toBe(0)
    for (const [capability, path] of [
      ['update', 'auth/(id)/config'],
      ['create', 'auth/(id)/role/new'],
      ['update', 'sys/policies/acl/(id)-x'],
      ['update', 'sys/mounts/auth/(id)/tune'],
    ] as const)
      expect(await canStill(id, [capability, path]), path).toBe(true)
    await done(world.apply(files(id, change), await job(id)))
    await cleanUp(id)
  })
})
