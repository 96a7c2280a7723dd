import { describe, expect, test } from 'vitest'
import type { SecretUse } from '../../src/core/configuration.ts'
import { glv27 } from '../../src/lint/rules/glv27-mutable-template.ts'
import { glv30 } from '../../src/lint/rules/glv30-data-path.ts'
import { type Changes, findings, found, type World } from './glv.ts'

/** One block at the second line of the policy "own". */
function own(path: string, role: Changes = {}): World {
  return {
    policies: { own: `# a comment\npath "${path}" { capabilities = ["read"] }` },
    role: { token_policies: ['own'], ...role },
  }
}

describe('GLV27: a policy that follows a name', () => {
  const metadata = (key: string) => `ops/data/{{identity.entity.aliases.auth_jwt_1.metadata.${key}}}/*`
  const name = 'ops/data/{{ identity.entity.aliases.auth_jwt_1.name }}/*'

  test.each<[string, World]>([
    ['project_path', own(metadata('project_path'))],
    ['project_path', own(metadata('where'), { claim_mappings: { project_path: 'where' } })],
    ['user_email', own(name, { user_claim: 'user_email' })],
    ['sub', own(name, { user_claim: 'sub' })],
  ])('is found where %s is filled in', (claim, world) => {
    expect(findings(glv27, world)).toMatchObject([
      {
        object: { address: 'policy/own' },
        position: { line: 2 },
        message: expect.stringContaining(`fills the claim ${claim} into the path "ops/data/{{`),
      },
    ])
  })

  test.each<[string, World]>([
    ['an ID', own(metadata('project_id'), { claim_mappings: { project_id: 'project_id' } })],
    [
      'an ID under the name of a path',
      own(metadata('project_path'), { claim_mappings: { project_id: 'project_path' } }),
    ],
    ['an ID as the user claim', own(name)],
    ['the entity itself', own('ops/data/{{identity.entity.id}}/*')],
    ['no template', own('ops/data/project_path/*')],
  ])('is not found with %s', (_, world) => {
    expect(found(glv27, world)).toEqual([])
  })

  test('is found where OpenBao fills names of policies in from claims', () => {
    const role = {
      token_policies: ['ci-{{.project_path}}', 'ci-{{.project_id}}'],
      token_policies_template_claims: true,
    }
    const server = { product: 'openbao', version: '2.6.1' } as const
    expect(found(glv27, { role, server })).toEqual([
      'token_policies: role jwt/ci fills the claim project_path into the name of the policy "ci-{{.project_path}}", and it can change hands',
    ])
  })
})

describe('GLV30: a secret that its policy misses by data/', () => {
  const secret: SecretUse = { engine: 'kv-v2', mount: 'ops', path: 'production/db', field: 'password' }

  test.each(['ops/+/db', '+/production/db', 'ops/+/d*'])('is found in a policy with %s', (path) => {
    expect(findings(glv30, { ...own(path), secrets: { DB: secret } })).toMatchObject([
      {
        object: { address: 'policy/own' },
        position: { line: 2 },
        message: `policy own allows reading "${path}", but jobs of role jwt/ci read the secret DB at "ops/data/production/db"`,
      },
    ])
  })

  test.each<[string, string, SecretUse]>([
    ['data/ in the policy', 'ops/data/production/*', secret],
    ['a policy that covers both', 'ops/*', secret],
    ['a policy for something else', 'other/*', secret],
    ['a path that is wrong whoever reads it', 'ops/production/*', secret],
    ['an engine of version 1', 'ops/production/*', { ...secret, engine: 'kv-v1' }],
  ])('is not found with %s', (_, path, use) => {
    expect(found(glv30, { ...own(path), secrets: { DB: use } })).toEqual([])
  })
})
