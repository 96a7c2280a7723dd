import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allTokens, type Box, narrow, someClaims, someToken } from '../../../src/access/claims/box.ts'
import { topClaim } from '../../../src/access/claims/gitlab.ts'
import type { ClaimWords } from '../../../src/core/access-effect.ts'
import { cases, seed } from '../../support/generated.ts'

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

const names = [
  'ref_path',
  'ref_type',
  'ref',
  'project_id',
  'project_path',
  'namespace_path',
  'sub',
  'job_project_id',
  'job_project_path',
  'job_namespace_path',
  'environment',
  'groups_direct',
  'job_config',
  '/job_config/sha',
  'custom',
]

const words = fc.oneof(
  fc.constantFrom('true', 'tag', 'main', 'a/b/c', '7', 'refs/heads/v1', { glob: 'refs/tags/*' }, { glob: 'a/*' }),
  fc.constantFrom({ form: 'text' } as const, { form: 'absent' } as const),
)

const demands: fc.Arbitrary<ClaimWords> = fc.record({
  allOf: fc.array(fc.array(words, { minLength: 1, maxLength: 2 }), { maxLength: 1 }),
  noneOf: fc.array(words, { maxLength: 1 }),
})

test('the claims that are shown of a token are those that it has', () => {
  const bound = fc.array(fc.tuple(fc.constantFrom(...names), demands), { maxLength: 4 })
  fc.assert(
    fc.property(bound, fc.subarray(names, { maxLength: 2 }), (claims, asked) => {
      const narrowed = (box: Box, [claim, some]: [string, ClaimWords]) => narrow(box, claim, some) ?? box
      const box = claims.reduce(narrowed, allTokens)
      const shown = [...new Set(asked.map(topClaim))]
      const token = someToken(box)
      const expected = Object.fromEntries(Object.entries(token).filter(([claim]) => shown.includes(claim)))
      expect(someClaims(box, shown)).toEqual(expected)
    }),
    { seed: seed(), numRuns: cases(3_000) },
  )
})
