import { expect, test } from 'vitest'
import { modelOf } from '../../src/access/model.ts'
import { kinds } from '../../src/kinds/index.ts'
import { environmentOf, loadFiles } from '../support/files.ts'

const server = { product: 'vault', version: '1.21.0' } as const

const files = {
  'environments/production.yaml': `
auth:
  team/jwt:
    type: jwt
    tune: { default_lease_ttl: 5m }
    config: { oidc_discovery_url: https://gitlab.example.com }
`,
  'roles/ci.yaml': `
environments: [production]
mount: team/jwt
role_type: jwt
user_claim: project_id
bound_claims: { project_id: "42" }
token_policies: [Reader]
`,
  'policies/Reader.hcl': 'path "secret/data/*" { capabilities = ["read"] }\n',
}

test('every object of the files is found under the names of the server', async () => {
  const { desired } = environmentOf(await loadFiles(files))
  const model = modelOf(desired, { kinds, server })
  const mount = model.mounts.get('team/jwt')
  expect(mount).toMatchObject({
    type: 'jwt',
    tune: { default_lease_ttl: 300 },
    config: { oidc_discovery_url: 'https://gitlab.example.com' },
  })
  expect(mount?.roles.get('ci')).toMatchObject({ mount: 'team/jwt', role: { bound_claims: { project_id: '42' } } })
  expect(model.policies.get('reader')).toMatchObject({
    text: 'path "secret/data/*" { capabilities = ["read"] }\n',
    file: 'policies/Reader.hcl',
  })
})

test('a generated policy stands in no file', async () => {
  const role = files['roles/ci.yaml'].replace(
    'token_policies: [Reader]',
    'secrets: { A: { engine: kv-v2, mount: ops, path: a, field: b } }',
  )
  const { desired } = environmentOf(await loadFiles({ ...files, 'roles/ci.yaml': role }))
  expect(modelOf(desired, { kinds, server }).policies.get('ci')).toMatchObject({ source: { file: 'roles/ci.yaml' } })
  expect(modelOf(desired, { kinds, server }).policies.get('ci')?.file).toBeUndefined()
})
