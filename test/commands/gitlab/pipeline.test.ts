import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Files, withFiles, writeFiles } from '../../support/files.ts'
import { type Ended, repository, vaultwright } from '../../support/program.ts'

const environment = (more = '') =>
  `${more}auth: { jwt: { type: jwt, config: { oidc_discovery_url: "https://gitlab.example.com" } } }\n`

function role(environments: readonly string[], more = ''): string {
  const claims = 'project_id: "7", job_project_id: "7", ref_path: refs/heads/main, ref_protected: "true"'
  const where = `environments: [${environments.join(', ')}]\nrole_type: jwt\nuser_claim: project_id\n`
  return `${where}bound_audiences: [https://vault]\nbound_claims: { ${claims} }\n${more}token_policies: [p]\n`
}

function configuration(environments: readonly string[], more: Files = {}): Files {
  return {
    ...Object.fromEntries(environments.map((name) => [`environments/${name}.yaml`, environment()])),
    'roles/vaultwright-plan.yaml': role(environments).replace(/, ref_path.*(?= })/, ''),
    'roles/vaultwright-apply.yaml': role(environments),
    'roles/vaultwright-drift.yaml': role(environments),
    'policies/p.hcl': 'path "x" { capabilities = ["read"] }\n',
    ...more,
  }
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `e${String(index).padStart(3, '0')}`)

function pipeline(files: Files | string, ...words: string[]): Promise<Ended> {
  const cwd = typeof files === 'string' ? files : withFiles(files)
  return vaultwright(['gitlab', 'pipeline', ...words], { cwd })
}

describe('gitlab pipeline', () => {
  // UPDATE_GOLDEN=1 writes it anew; read it against docs/gitlab-pipeline.md before committing.
  test('of this repository lets every job in, says nothing, and is the one that reviewers know', async () => {
    const { code, stderr, stdout } = await vaultwright(['gitlab', 'pipeline'], { cwd: repository })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const file = join(repository, 'test/gitlab/pipeline/of-this-repository.yml')
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, stdout)
    expect(stdout).toBe(readFileSync(file, 'utf8'))
  })

  test('is written to its file, and checked there', async () => {
    const directory = withFiles(configuration(['production']))
    const out = ['--out', '.gitlab-ci.yml']
    expect(await pipeline(directory, '--check', ...out)).toMatchObject({ code: 1 })
    expect(await pipeline(directory, ...out)).toMatchObject({ code: 0, stderr: 'wrote .gitlab-ci.yml\n' })
    const text = readFileSync(join(directory, '.gitlab-ci.yml'), 'utf8')
    expect(text).toContain('    - vaultwright gitlab pipeline --out .gitlab-ci.yml --check\n')
    expect(await pipeline(directory, '--check', ...out)).toMatchObject({ code: 0 })
    expect(await pipeline(directory, ...out)).toMatchObject({ code: 0, stderr: '.gitlab-ci.yml is up to date.\n' })
    writeFiles(directory, configuration(['production', 'staging']))
    const stale = await pipeline(directory, '--check', ...out)
    expect(stale.code).toBe(1)
    expect(stale.stdout).toContain('+apply:staging:')
    expect(stale.stderr).toContain('To write anew: vaultwright gitlab pipeline --out .gitlab-ci.yml')
  })

  test('takes image, installation, roles, notes and what is applied by hand from the settings', async () => {
    const settings = [
      'gitlab:',
      '  pipeline:',
      '    image: registry.example.com/vaultwright:1',
      '    before_script: []',
      '    roles: { drift: "watch-${environment}" }',
      '    manual: ["stag*"]',
      '    note: true',
      '',
    ].join('\n')
    const files = configuration(['production', 'staging'], {
      'vaultwright.yaml': settings,
      'roles/vaultwright-drift.yaml': undefined,
      'roles/watch.yaml': role(['production', 'staging'], 'name: watch-${environment}\n'),
    })
    const { code, stdout, output } = await pipeline(files)
    expect(code, output).toBe(0)
    for (const part of [
      'image: registry.example.com/vaultwright:1\n',
      'VAULT_AUTH_ROLE: watch-staging\n',
      'vaultwright gitlab note --report',
    ])
      expect(stdout).toContain(part)
    expect(stdout).not.toContain('before_script')
    expect(stdout).toMatch(/^apply:staging:\n( .*\n)*? {6}when: manual\n/m)
    expect(stdout).not.toMatch(/^apply:production:\n( .*\n)*? {6}when: manual\n/m)
  })

  test('warns where the settings keep an environment from applying itself that there is not', async () => {
    const settings = (manual: string) => ({ 'vaultwright.yaml': `gitlab: { pipeline: { manual: [${manual}] } }\n` })
    const slip = await pipeline(configuration(['production'], settings('prodution')))
    expect(slip).toMatchObject({ code: 0, stderr: expect.stringContaining('"prodution", which is no environment') })
    for (const meant of ['', 'production', 'prod*'])
      expect(await pipeline(configuration(['production'], settings(meant)))).toMatchObject({ code: 0, stderr: '' })
  })

  test('goes by variables of its own, not by one that a project may have', async () => {
    const { stdout } = await pipeline(configuration(['production', 'staging']))
    expect(stdout).toContain('plan/$VAULTWRIGHT_ENVIRONMENT.json')
    expect(stdout).not.toMatch(/\$ENVIRONMENT\b|^ +(- )?ENVIRONMENT:/m)
  })

  test('stops where a role is missing, and says which', async () => {
    const { code, stdout, stderr } = await pipeline(
      configuration(['production'], {
        'roles/vaultwright-apply.yaml': undefined,
        'roles/vaultwright-aply.yaml': role(['production']),
      }),
    )
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('production has no role vaultwright-apply')
    expect(stderr).toContain('Did you mean vaultwright-aply?')
  })

  test('warns of jobs that Vault would refuse, and writes all the same', async () => {
    const { code, stdout, stderr } = await pipeline(
      configuration(['production'], { 'roles/vaultwright-plan.yaml': role(['production']) }),
    )
    expect(code).toBe(0)
    expect(stdout).toContain('\nplan:\n')
    expect(stderr).toMatch(/warning.*plan in a merge request would be refused by the role vaultwright-plan/s)
    expect(stderr).toContain('ref_protected: expected "true", the token has "false"')
  })

  test('spreads many environments over shards by itself, and few when it is told to', async () => {
    expect((await pipeline(configuration(names(20)))).stdout).not.toContain('--shard')
    const many = (await pipeline(configuration(names(21)))).stdout
    expect(many).toContain('  parallel: 3\n')
    expect(many).toContain('vaultwright plan --shard "$CI_NODE_INDEX/$CI_NODE_TOTAL"')
    const two = (await pipeline(configuration(names(4)), '--shard', '2')).stdout
    expect(two).toMatch(/^# .*vaultwright gitlab pipeline --shard 2\n/)
    expect(two).toContain('  parallel: 2\n')
  })

  test('refuses shards that would be empty, or that one login cannot serve', async () => {
    const message = async (files: Files, count: string) => {
      const { code, stderr } = await pipeline(files, '--shard', count)
      expect(code).toBe(1)
      return stderr
    }
    const files = configuration(['a', 'b', 'c'])
    for (const count of ['1', '4', 'x', '1/2']) expect(await message(files, count)).toContain('from 2 to 3')
    expect(await message(configuration(['a', 'b']), '3')).toContain('--shard takes 2 jobs for two environments, not 3')
    expect(await message(configuration(['a']), '2')).toContain('--shard takes at least two environments')
    const servers = { 'environments/a.yaml': environment('address: https://a\n') }
    expect(await message({ ...files, ...servers }, '2')).toContain('they have several addresses')
    const named = { ...files, 'vaultwright.yaml': 'gitlab: { pipeline: { roles: { drift: "d-${environment}" } } }\n' }
    const drift = { 'roles/vaultwright-drift.yaml': role(['a', 'b', 'c'], 'name: d-${environment}\n') }
    expect(await message({ ...named, ...drift }, '2')).toContain('their roles to drift differ')
  })

  test('works for a configuration in a folder of the repository', async () => {
    const files = Object.fromEntries(
      Object.entries(configuration(['production'])).map(([path, text]) => [`vault/${path}`, text]),
    )
    const directory = withFiles({ ...files, '.git/HEAD': '' })
    const out = ['-C', 'vault', '--out', '.gitlab-ci.yml']
    expect(await pipeline(directory, ...out)).toMatchObject({ code: 0 })
    const text = readFileSync(join(directory, '.gitlab-ci.yml'), 'utf8')
    expect(text).toContain('vaultwright plan --directory "vault" --environment')
    expect(text).toContain('(cd "vault" && vaultwright gitlab pipeline --out ../.gitlab-ci.yml --check)')
    // What the check job runs: the folder that it stands in makes no difference.
    const inside = await pipeline(join(directory, 'vault'), '--out', '../.gitlab-ci.yml', '--check')
    expect(inside).toMatchObject({ code: 0, stdout: '' })
  })

  test('calls folders and files by their names, whatever a shell would make of them', async () => {
    const folder = 'a "b" $(touch c)'
    const files = Object.fromEntries(
      Object.entries(configuration(['production'])).map(([path, text]) => [`${folder}/${path}`, text]),
    )
    const directory = withFiles({ ...files, '.git/HEAD': '' })
    expect(await pipeline(directory, '-C', folder, '--out', 'my $(touch d) file.yml')).toMatchObject({ code: 0 })
    const text = readFileSync(join(directory, 'my $(touch d) file.yml'), 'utf8')
    const lines = text.split('\n').filter((line) => line.startsWith('    - ') && line.includes(' --check'))
    const script = lines.map((line) => line.replace('    - ', '')).join('\n')
    const shown = execFileSync('sh', ['-c', `vaultwright() { pwd; printf '%s\\n' "$@"; }\n${script}`], {
      cwd: directory,
    })
    expect(shown.toString()).toContain(`/${folder}\ngitlab\npipeline\n--out\n../my $(touch d) file.yml\n--check\n`)
    expect(readdirSync(directory).sort()).toEqual(['.git', folder, 'my $(touch d) file.yml'])
  })
})

describe('gitlab component', () => {
  test('writes a component project, checks it, and keeps what others wrote', async () => {
    const directory = withFiles({ 'README.md': '# Ours\n' })
    const component = (...words: string[]) =>
      vaultwright(['gitlab', 'component', '--out', '.', ...words], { cwd: directory })
    expect(await component('--check')).toMatchObject({ code: 1 })
    expect(await component()).toMatchObject({ code: 0, stderr: expect.stringContaining('wrote templates/plan.yml') })
    expect(readFileSync(join(directory, 'README.md'), 'utf8')).toMatch(/^# Ours\n[\s\S]*### plan\n/)
    expect(await component('--check')).toMatchObject({ code: 0 })
    expect(await vaultwright(['gitlab', 'component'], { cwd: directory })).toMatchObject({ code: 1 })
  })
})
