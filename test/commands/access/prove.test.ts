import { describe, expect, test } from 'vitest'
import { withFiles } from '../../support/files.ts'
import { type Ended, repository, vaultwright } from '../../support/program.ts'
import { configuration } from '../fixture.ts'

const id = 'prove'
const role = (more: string) =>
  (configuration(id)['roles/ci.yaml'] as string).replace('{ project_id: "42" }', `{ project_id: "42"${more} }`)

function prove(more: string, ...words: string[]): Promise<Ended> {
  const cwd = withFiles({ ...configuration(id), 'roles/ci.yaml': role(more) })
  return vaultwright(['access', 'prove', ...words], { cwd })
}

describe('access prove', () => {
  test('never, where no token of any role can', async () => {
    const { code, stdout } = await prove(', ref_protected: "true"', 'read', 'ops/*', '--claim', 'ref_protected=false')
    expect(stdout).toMatch(/^production: never/)
    expect(code).toBe(0)
  })

  test('or else a token and a path that show it, and where the rule stands', async () => {
    const { code, stdout } = await prove('', 'read', 'ops/*', '--claim', 'ref_protected=false')
    expect(stdout).toMatch(/^production: possible/)
    expect(stdout).toMatch(/read on ops\/data\/\S* through jwt-role\/prove\/ci\n/)
    expect(stdout).toContain('policies/prove-read.hcl:1')
    expect(stdout).toMatch(/project_id: "42"\n/)
    expect(stdout).toMatch(/ref_protected: "false"\n/)
    expect(code).toBe(1)
  })

  test('several capabilities are alternatives, and so are several values of a claim', async () => {
    const words = ['--claim', 'project_id=41', '--claim', 'project_id=43', '--format', 'json']
    const report = JSON.parse((await prove('', 'update,read', 'ops/*', ...words)).stdout)
    expect(report).toMatchObject({ format: 'vaultwright-access-prove/1', proofs: [{ answer: 'never' }] })
    const [proof] = JSON.parse((await prove('', 'update,read', 'ops/*', '--format', 'json')).stdout).proofs
    expect(proof).toMatchObject({ answer: 'counterexample', counterexample: { capability: 'read' } })
    expect(proof.counterexample.rule.places).toEqual([
      { policy: 'prove-read', file: 'policies/prove-read.hcl', line: 1 },
    ])
    expect(proof.reach.map(({ capability }: { capability: string }) => capability)).toEqual(['update', 'read'])
  })

  test('any other value, and globs', async () => {
    expect((await prove('', 'read', 'ops/*', '--claim', 'project_id!=42')).code).toBe(0)
    expect((await prove('', 'read', 'ops/*', '--claim', 'project_id=4*')).code).toBe(1)
    expect((await prove(', ref: main', 'read', 'ops/*', '--claim', 'ref=release-*')).code).toBe(0)
  })

  test('what cannot be decided is no proof', async () => {
    const cwd = withFiles({
      ...configuration(id),
      'vaultwright.yaml': 'external_policies: [somebody-elses]\n',
      'roles/ci.yaml': role('').replace('[prove-read]', '[somebody-elses]'),
    })
    const { code, stdout } = await vaultwright(['access', 'prove', 'read', 'ops/*'], { cwd })
    expect(stdout).toMatch(/^production: not decided/)
    expect(stdout).toContain('somebody-elses')
    expect(code).toBe(1)
  })

  test.each([
    [['reed', 'ops/*'], 'there is no capability reed'],
    [['read', 'ops/*', '--claim', 'ref'], 'ref_protected=false'],
    [['read', 'ops/*', '--claim', 'runner_id:=five'], 'a number, true or false'],
  ])('%j is refused', async (words, said) => {
    expect(await prove('', ...words)).toMatchObject({ code: 1, stderr: expect.stringContaining(said) })
  })

  test("in this repository's configuration no unprotected ref writes to production", async () => {
    const words = ['create,update,delete,patch', 'ops/data/production/*', '--claim', 'ref_protected=false']
    expect((await vaultwright(['access', 'prove', ...words], { cwd: repository })).code).toBe(0)
  })
})
