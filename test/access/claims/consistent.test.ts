import { describe, expect, test } from 'vitest'
import { allTokens, type Box, narrow, someToken } from '../../../src/access/claims/box.ts'

function tokenWith(claims: Readonly<Record<string, string>>) {
  let box: Box | undefined = allTokens
  for (const [claim, value] of Object.entries(claims)) box = box && narrow(box, claim, { allOf: [[value]], noneOf: [] })
  return someToken(box as Box)
}

describe('an example token says the same thing in all its claims', () => {
  test.each([
    [
      { ref_path: 'refs/heads/main' },
      { ref: 'main', ref_type: 'branch', sub: 'project_path:group/project:ref_type:branch:ref:main' },
    ],
    [{ ref_path: 'refs/tags/v1' }, { ref: 'v1', ref_type: 'tag' }],
    [{ ref: 'main' }, { ref_path: 'refs/heads/main', ref_type: 'branch' }],
    [{ ref: 'v1', ref_type: 'tag' }, { ref_path: 'refs/tags/v1' }],
    [{ ref_type: 'tag' }, { ref_path: 'refs/tags/feature', ref: 'feature' }],
    [{ namespace_path: 'a/b' }, { project_path: 'a/b/project' }],
    [{ project_path: 'a/b/c' }, { namespace_path: 'a/b' }],
    [{ job_project_id: '42' }, { project_id: '42' }],
    [
      { job_project_id: '42', project_id: '7' },
      { project_id: '7', job_project_id: '42' },
    ],
  ])('%j', (bound, expected) => {
    expect(tokenWith(bound as unknown as Record<string, string>)).toMatchObject({ ...bound, ...expected })
  })

  test('what is bound stays, even where GitLab would never issue it', () => {
    const odd = { ref_path: 'refs/heads/main', ref: 'other', ref_type: 'tag', sub: 'somebody' }
    expect(tokenWith(odd)).toMatchObject(odd)
  })
})
