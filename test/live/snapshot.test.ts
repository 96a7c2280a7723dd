import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { configuration, ownName, workplace } from '../commands/fixture.ts'
import { examplesOf } from '../support/examples.ts'
import type { Files } from '../support/files.ts'
import { liveVault, request } from '../support/live-vault.ts'

/** What a snapshot is whose token may not look into the mounts of others, on a real server. */

vi.setConfig({ testTimeout: 120_000 })

const without = { VAULT_ADDR: '', VAULT_TOKEN: '' }

/** The configuration's mount with a role that the token may not read, and another team's mount. */
async function world() {
  const server = await liveVault()
  const [own, other] = [ownName(), ownName()]
  const files = configuration(own)
  const { run, directory } = workplace(files, server)
  onTestFinished(async () => {
    for (const mount of [own, other]) await request(server, 'DELETE', `sys/auth/${mount}`)
    for (const name of [`${own}-read`, `${own}-plan`]) await request(server, 'DELETE', `sys/policies/acl/${name}`)
  })
  const applied = await run(['apply', '--auto-approve'])
  expect(applied.code, applied.output).toBe(0)
  const role = { role_type: 'jwt', user_claim: 'sub', bound_subject: 'x' }
  for (const [path, body] of [
    [`sys/auth/${other}`, { type: 'oidc' }],
    [`auth/${other}/config`, { jwt_validation_pubkeys: [files['key.pem']] }],
    [`auth/${other}/role/theirs`, role],
    [`auth/${own}/role/hidden`, role],
  ] as const)
    expect((await request(server, 'POST', path, body)).status, path).toBeLessThan(300)

  const env = { VAULT_TOKEN: await tokenOf(`${own}-plan`, planPolicy(own)) }
  return {
    own,
    other,
    directory,
    /** With the plan role's token. */
    run: (...words: string[]) => run(words, { env }),
    /** Without a server, in a folder with these files besides. */
    alone: (words: readonly string[], more: Files = {}) =>
      workplace({ ...files, ...more }, server).run(words, { env: without }),
    async taken() {
      const ended = await run(['snapshot', '--out', 'snapshot.json'], { env })
      expect(ended.code, ended.output).toBe(0)
      return join(directory, 'snapshot.json')
    },
  }
}

/** As the page gives it, for this mount; one role of it is nobody's business. */
function planPolicy(mount: string): string {
  const file = examplesOf('docs/gitlab-pipeline.md').find(({ name }) => name === 'policies/vaultwright-plan.hcl')
  const text = (file?.content ?? '').replaceAll('auth/jwt/', `auth/${mount}/`)
  expect(text).toContain(`auth/${mount}/role/*`)
  return `${text}path "auth/${mount}/role/hidden" { capabilities = ["deny"] }\n`
}

async function tokenOf(name: string, policy: string): Promise<string> {
  const server = await liveVault()
  await request(server, 'POST', `sys/policies/acl/${name}`, { policy })
  const { body } = await request(server, 'POST', 'auth/token/create', { policies: [name], no_default_policy: true })
  return Object(body?.['auth']).client_token
}

test('it leaves out what the token may not read, says so, and is enough for a plan that needs none of it', async () => {
  const { own, other, run, alone, taken } = await world()
  const ended = await run('snapshot')
  expect(ended.code, ended.output).toBe(0)
  expect(ended.stderr).toContain('info[left-out]: the snapshot leaves out what this token may not read')
  expect(ended.stderr).toMatch(/^ +path "auth\/.+" \{ capabilities = \["(read|list)"\] \}$/m)
  const snapshot = JSON.parse(ended.stdout)
  expect(snapshot.read).toHaveProperty([`auth/${own}/role/ci`])
  expect(snapshot.forbidden).toEqual(
    expect.arrayContaining([`auth/${other}/config`, `auth/${other}/role`, `auth/${own}/role/hidden`]),
  )
  const plan = await alone(['plan', '--live', await taken()])
  expect(plan.code, plan.output).toBe(0)
})

test('what it leaves out is never planned as if it were not there', async () => {
  const { own, other, alone, taken } = await world()
  const file = await taken()
  const role = String(configuration(other)['roles/ci.yaml'])
  const theirs = await alone(['plan', '--live', file], {
    'environments/production.yaml': `auth: { ${own}: { type: jwt }, ${other}: { type: oidc } }\n`,
    'roles/theirs.yaml': role.replace(`[${other}-read]`, '[]'),
  })
  expect(theirs, theirs.output).toMatchObject({ code: 1, stdout: '' })
  expect(theirs.stderr).toContain(`LIST auth/${other}/role: 403 the snapshot does not hold it`)
  expect(theirs.stderr).toContain(`GET auth/${other}/config: 403 the snapshot does not hold it`)

  const environment = configuration(own)['environments/production.yaml']
  const owner = await alone(['plan', '--live', file], {
    'environments/production.yaml': `${environment}owns: { roles: { ${own}: ["*"] } }\nunmanaged: delete\n`,
  })
  expect(owner, owner.output).toMatchObject({ code: 1, stdout: '' })
  expect(owner.stderr).toContain(`GET auth/${own}/role/hidden: 403 the snapshot`)
})

test('an import of it says the same as an import of the server', async () => {
  const { other, run, alone, taken } = await world()
  const words = ['import', '--mount', other, '--dry-run', '--out', 'imported']
  const live = await run(...words, '--environment', 'production')
  const saved = await alone([...words, '--live', `production=${await taken()}`])
  expect(saved).toEqual(live)
  expect(saved.output).toContain(`auth/${other}/role`)
})

test('a sandbox that begins with it says what it does not have', async () => {
  const { directory, taken } = await world()
  const file = await taken()
  const { run } = workplace({}, await liveVault())
  const ended = await run(['sandbox', '--listen', '127.0.0.1:0', '--load', file], {
    onOutput: (output, kill) => output.includes('Ctrl-C') && kill('SIGTERM'),
  })
  // Which of them are named depends on what else is on the server: they are cut to a few.
  expect(ended.stderr).toMatch(/could not read these, so nothing is there: auth\//)
  expect(readFileSync(join(directory, 'snapshot.json'), 'utf8')).not.toContain('theirs')
})

test('the lists that every plan needs are never left out', async () => {
  const server = await liveVault()
  const { run, directory } = workplace(configuration(ownName()), server)
  const name = `${ownName()}-blind`
  onTestFinished(async () => void (await request(server, 'DELETE', `sys/policies/acl/${name}`)))
  writeFileSync(join(directory, 'kept.json'), 'before')
  const env = { VAULT_TOKEN: await tokenOf(name, 'path "sys/auth" { capabilities = ["read"] }') }
  const ended = await run(['snapshot', '--out', 'kept.json'], { env })
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('LIST sys/policies/acl: 403') })
  expect(readFileSync(join(directory, 'kept.json'), 'utf8')).toBe('before')
})
