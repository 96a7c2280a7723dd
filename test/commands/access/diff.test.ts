import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withFiles } from '../../support/files.ts'
import { liveVault } from '../../support/live-vault.ts'
import { repository } from '../../support/program.ts'
import { configuration, ownName, workplace } from '../fixture.ts'

const update = 'path "ops/data/*" {\n  capabilities = ["read", "update"]\n}\n'
const gain = '+ tokens of project 42 gain update on ops/data/*'

async function place() {
  const id = ownName()
  return { id, policy: `policies/${id}-read.hcl`, ...workplace(configuration(id), await liveVault()) }
}

function git(cwd: string, ...words: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false']
  return execFileSync('git', [...identity, ...words], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

describe('access diff', () => {
  test('two folders, and with --exit-code a difference is one', async () => {
    const { id, policy, run } = await place()
    const other = withFiles({ ...configuration(id), [policy]: update })
    const shown = await run(['access', 'diff', '.', other])
    expect(shown.stdout).toContain(gain)
    expect(shown.code).toBe(0)
    expect((await run(['access', 'diff', '.', other, '--exit-code'])).code).toBe(2)
    const back = await run(['access', 'diff', other, '.'])
    expect(back.stdout).toContain('- tokens of project 42 lose update on ops/data/*')
    const same = await run(['access', 'diff', '.', '.', '--exit-code'])
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing gains or loses access') })
  })

  test('a commit against the files as they are, in a folder of the repository, with nothing staged or touched', async () => {
    const { id, policy } = await place()
    const files = Object.entries(configuration(id)).map(([path, text]) => [`vault/${path}`, text])
    const root = withFiles(Object.fromEntries(files))
    git(root, 'init', '-q', '-b', 'main')
    git(root, 'add', '.')
    git(root, 'commit', '-q', '-m', 'first')
    writeFileSync(join(root, 'vault', policy), update)
    const { run } = workplace({}, await liveVault())
    const shown = await run(['access', 'diff', 'main', '-C', '.'], { cwd: join(root, 'vault') })
    expect(shown.stdout).toContain(gain)
    expect(shown.stdout).toMatch(/^from main \([0-9a-f]{10}\) to \.\n/)
    expect(git(root, 'status', '--porcelain')).toBe(` M vault/${policy}\n`)
  })

  test.each([
    ['nowhere', 'neither a folder nor anything that git knows'],
    ['--output=x', 'unknown option'],
  ])('%s is refused', async (operand, words) => {
    const { run } = await place()
    expect(await run(['access', 'diff', operand])).toMatchObject({ code: 1, stderr: expect.stringContaining(words) })
  })

  test('what the server has against the files', async () => {
    const { directory, policy, run } = await place()
    const empty = await run(['access', 'diff', 'live', '.'])
    expect(empty.stdout).toContain('+ tokens of project 42 gain read on ops/data/*')
    expect((await run(['apply', '--auto-approve'])).code).toBe(0)
    const same = await run(['access', 'diff', 'live', '.', '--exit-code'])
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing gains or loses access') })
    writeFileSync(join(directory, policy), update)
    const json = JSON.parse((await run(['access', 'diff', 'live', '--format', 'json'])).stdout)
    expect(json).toMatchObject({
      format: 'vaultwright-access-diff/1',
      environments: [
        { environment: 'production', report: { effects: [{ effect: 'gain', capabilities: ['update'] }] } },
      ],
    })
  })

  test('a role that somebody made by hand counts for what the server has', async () => {
    const { id, run } = await place()
    expect((await run(['apply', '--auto-approve'])).code).toBe(0)
    const { address, token } = await liveVault()
    const answer = await fetch(`${address}/v1/auth/${id}/role/backdoor`, {
      method: 'POST',
      headers: { 'x-vault-token': token },
      body: JSON.stringify({
        role_type: 'jwt',
        user_claim: 'project_id',
        bound_audiences: ['https://vault'],
        token_policies: [`${id}-read`],
      }),
    })
    expect(answer.status).toBe(204)
    const shown = await run(['access', 'diff', '.', 'live'])
    expect(shown.stdout).toMatch(/^ {2}\+ .*(gain read on ops\/data|backdoor)/m)
  })

  test('an environment on one side only comes or goes as a whole', async () => {
    const { id, run } = await place()
    const files = configuration(id)
    const more = withFiles({
      ...files,
      'environments/staging.yaml': `${files['environments/production.yaml']}address: http://elsewhere:8200\n`,
      'roles/ci.yaml': (files['roles/ci.yaml'] as string).replace('[production]', '[production, staging]'),
    })
    const shown = await run(['access', 'diff', '.', more])
    expect(shown.stdout).toMatch(/^staging +only in .*\n {2}\+ tokens of project 42 gain read/m)
    expect((await run(['access', 'diff', '.', more, '-e', 'staging'])).stdout).not.toContain('production')
    const unknown = await run(['access', 'diff', '.', more, '-e', 'stagng'])
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('production, staging') })
  })

  test("the repository's own files give what they give", async () => {
    const { run } = await place()
    const shown = await run(['access', 'diff', repository, repository, '--format', 'markdown'])
    expect(shown.stdout).toContain('<code>production</code>')
    expect(shown.stdout).toContain('nothing gains or loses access')
  })
})
