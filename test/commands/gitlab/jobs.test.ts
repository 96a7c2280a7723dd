import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { main } from '../../../src/cli.ts'
import { type Files, withFiles } from '../../support/files.ts'
import { repository } from '../../support/program.ts'

const role = (secret: string, more = 'bound_claims: { project_id: "42", job_project_id: "42" }\n') =>
  [
    'environments: [production]\nrole_type: jwt\nuser_claim: project_id\nbound_audiences: [https://vault]\n',
    `${more}secrets: { ${secret}: { mount: ops, path: shop/db, field: password } }\n`,
  ].join('')

const files: Files = {
  '.git/HEAD': 'ref: refs/heads/main\n',
  'vault/environments/production.yaml':
    'auth: { jwt: { type: jwt, config: { oidc_discovery_url: "https://gitlab.example.com" } } }\n',
  'vault/roles/shop.yaml': role('PASSWORD'),
  'vault/roles/site.yaml': role('TOKEN'),
}
const settings = (more: string) => ({ ...files, 'vault/vaultwright.yaml': `gitlab:\n${more}` })
const usual = settings('  jobs: { file: ci/jobs.yml }\n')
const adapting = settings('  jobs: { file: ci/jobs.yml, adapt: [sh*] }\n')

/** Runs `vaultwright gitlab jobs` in the configuration's folder. */
async function jobs(directory: string, ...words: readonly string[]) {
  let [stdout, stderr] = ['', '']
  const output = (take: (text: string) => void) => ({ write: take })
  const code = await main(['gitlab', 'jobs', ...words], {
    env: {},
    cwd: join(directory, 'vault'),
    stdin: new PassThrough(),
    stdout: output((text) => {
      stdout += text
    }),
    stderr: output((text) => {
      stderr += text
    }),
    signal: new AbortController().signal,
  })
  return { code, stdout, stderr }
}

describe('gitlab jobs', () => {
  test('prints the templates where no file is named', async () => {
    const { code, stdout, stderr } = await jobs(withFiles(files))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^# Written by vaultwright/)
    expect(stdout.match(/^\.vault.*/gm)).toEqual(['.vault-shop:', '.vault-site:'])
    expect(stdout.endsWith('\n')).toBe(true)
  })

  test('writes the file of the settings, and says how to write it anew', async () => {
    const directory = withFiles(usual)
    expect(await jobs(directory)).toEqual({ code: 0, stdout: '', stderr: 'wrote ci/jobs.yml\n' })
    const text = readFileSync(join(directory, 'vault/ci/jobs.yml'), 'utf8')
    expect(text.split('\n', 1)[0]).toMatch(/To write it anew: vaultwright gitlab jobs$/)
    expect(await jobs(directory)).toMatchObject({ code: 0, stderr: 'ci/jobs.yml is up to date.\n' })
  })

  test('says the options that the same file needs, from the folder of the configuration', async () => {
    const directory = withFiles(files)
    await jobs(directory, '--role', 's*p', '--via', 'script', '--out', '../shared/jobs.yml')
    const text = readFileSync(join(directory, 'shared/jobs.yml'), 'utf8')
    expect(text).toContain("vaultwright gitlab jobs --role 's*p' --via script --out ../shared/jobs.yml\n")
    expect(text).toContain('.vault-shop:')
    expect(text).not.toContain('.vault-site:')
  })

  test('makes the folders of a file that is named elsewhere, behind a link as well', async () => {
    const [directory, elsewhere] = [withFiles(adapting), withFiles({ 'real/kept': '' })]
    symlinkSync(join(elsewhere, 'real'), join(elsewhere, 'link'))
    for (const folder of ['new/deeper', 'link/new']) {
      const out = join(elsewhere, folder, 'jobs.yml')
      expect(await jobs(directory, '--out', out), folder).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/^wrote .*jobs\.yml\nwrote .*jobs\/shop\.yml\n$/),
      })
      expect(await jobs(directory, '--out', out, '--check'), folder).toMatchObject({ code: 0 })
    }
    expect(existsSync(join(elsewhere, 'real/new/jobs/shop.yml'))).toBe(true)
  })

  test('makes no folder where a link to nothing is, or a file', async () => {
    const [directory, elsewhere] = [withFiles(files), withFiles({ file: '' })]
    symlinkSync(join(elsewhere, 'nowhere'), join(elsewhere, 'link'))
    expect(await jobs(directory, '--out', join(elsewhere, 'link/jobs.yml'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not-own-file'),
    })
    expect(await jobs(directory, '--out', join(elsewhere, 'file/new/jobs.yml'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('could not be written (ENOTDIR)'),
    })
    expect(readdirSync(elsewhere).sort()).toEqual(['file', 'link'])
  })

  test('a choice of roles does not overwrite the file with all of them', async () => {
    const directory = withFiles(usual)
    const { stdout } = await jobs(directory, '--role', 'shop')
    expect(stdout).toContain('.vault-shop:')
    expect(existsSync(join(directory, 'vault/ci/jobs.yml'))).toBe(false)
  })

  test('reads by a script where GitLab is free of charge', async () => {
    const { stdout } = await jobs(withFiles(settings('  edition: free\n')))
    expect(stdout).toContain('vault_secret PASSWORD kv-v2 ops shop/db password')
    const refused = await jobs(withFiles(settings('  edition: free\n')), '--via', 'secrets')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('Choose --via script or --via exec.')])
  })

  test.each<[string, Files, readonly string[], string]>([
    ['an unknown role', files, ['--role', 'shpo'], 'Did you mean shop?'],
    ['an unknown environment', files, ['--environment', 'staging'], 'no file describes the environment "staging"'],
    ['--check without a file', files, ['--check'], 'which file is --check to look at?'],
    ['an unknown role that is to adapt', settings('  jobs: { file: j.yml, adapt: [sho] }\n'), [], 'gitlab.jobs.adapt'],
    [
      'a role that adapts to nothing',
      { ...adapting, 'vault/roles/shop.yaml': role('PASSWORD', 'bound_claims: { ref: main }\n') },
      [],
      'binds neither a project nor a group',
    ],
    ['a file outside', settings('  jobs: { file: ../j.yml }\n'), [], 'must be a .yml file in this folder'],
    ['a file that is none', { ...usual, 'vault/ci': 'no folder' }, [], 'could not be written'],
  ])('%s is a problem that is told', async (_, given, words, expected) => {
    const { code, stderr } = await jobs(withFiles(given), ...words)
    expect([code, stderr]).toEqual([1, expect.stringContaining(expected)])
    expect(stderr).not.toContain('bug')
  })
})

describe('gitlab jobs --check', () => {
  test('passes where the file is as it would be written', async () => {
    const directory = withFiles(usual)
    await jobs(directory)
    expect(await jobs(directory, '--check')).toMatchObject({ code: 0, stdout: '' })
  })

  test('fails with a diff and the command where a role has changed since, and writes nothing', async () => {
    const directory = withFiles(usual)
    await jobs(directory)
    const before = readFileSync(join(directory, 'vault/ci/jobs.yml'), 'utf8')
    writeFileSync(join(directory, 'vault/roles/site.yaml'), role('API_TOKEN'))
    const { code, stdout, stderr } = await jobs(directory, '--check')
    expect(code).toBe(1)
    expect(stdout.match(/^[-+] .*/gm)).toEqual(['-    TOKEN:', '+    API_TOKEN:'])
    expect(stderr).toBe('1 file not as the configuration has it. To write anew: vaultwright gitlab jobs\n')
    expect(readFileSync(join(directory, 'vault/ci/jobs.yml'), 'utf8')).toBe(before)
  })

  test('fails where the file is not there', async () => {
    expect(await jobs(withFiles(usual), '--check')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('--- ci/jobs.yml (not there)'),
    })
  })
})

describe('templates that adapt', () => {
  test('have their secrets in a part, which is included by its path in the repository', async () => {
    const directory = withFiles(adapting)
    const { stderr } = await jobs(directory)
    expect(stderr).toBe('wrote ci/jobs.yml\nwrote ci/jobs/shop.yml\n')
    const text = readFileSync(join(directory, 'vault/ci/jobs.yml'), 'utf8')
    expect(text).toContain('  - local: /vault/ci/jobs/shop.yml\n    rules:\n      - if: $CI_PROJECT_ID == "42"\n')
    expect(text).not.toContain('PASSWORD')
    expect(readFileSync(join(directory, 'vault/ci/jobs/shop.yml'), 'utf8')).toContain('PASSWORD')
  })

  test('leave no part behind, and nobody else loses a file', async () => {
    const directory = withFiles(adapting)
    await jobs(directory)
    mkdirSync(join(directory, 'vault/ci/jobs'), { recursive: true })
    writeFileSync(join(directory, 'vault/ci/jobs/mine.yml'), '# mine\n')
    writeFileSync(join(directory, 'vault/vaultwright.yaml'), 'gitlab: { jobs: { file: ci/jobs.yml } }\n')
    expect(await jobs(directory, '--check')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('+++ ci/jobs/shop.yml (no longer wanted)'),
    })
    expect((await jobs(directory)).stderr).toContain('removed ci/jobs/shop.yml\n')
    expect(readdirSync(join(directory, 'vault/ci/jobs'))).toEqual(['mine.yml'])
  })
})

test("this repository's own templates are up to date", async () => {
  expect(await jobs(repository, '-C', '..', '--check')).toEqual({
    code: 0,
    stdout: '',
    stderr: 'gitlab/vault-jobs.yml is up to date.\n',
  })
})
