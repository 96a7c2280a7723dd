import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { jsonSchemas } from '../../src/config/schema.ts'
import { kinds } from '../../src/kinds/index.ts'
import { environment, role } from './sets.ts'

const schemas = jsonSchemas(kinds)
const accepts = (name: keyof typeof schemas, text: string) =>
  z.fromJSONSchema(schemas[name] as Parameters<typeof z.fromJSONSchema>[0]).safeParse(parse(text)).success

const everything = `address: "https://\${host}"
namespace: a
variables: { host: x, list: [1, { a: b }] }
auth:
  jwt:
    type: jwt
    tune: { default_lease_ttl: "\${ttl}", max_lease_ttl: 3600 }
    local: "\${local}"
    config:
      oidc_discovery_url: "\${gitlab}"
      oidc_discovery_ca_pem: { file: certs/gitlab.pem }
      oidc_client_secret: "\${env:SECRET}"
      jwt_validation_pubkeys: [{ file: a.pem }, b]
      namespace_in_state: "\${flag}"
      jwt_supported_algs: [RS256]
policies: [a]
owns: { policies: ["a-*"], roles: { jwt: ["*"] } }
unmanaged: delete
`

describe('JSON Schemas', () => {
  test.each([
    ['environment', environment],
    ['environment', everything],
    ['role', role],
    ['role', `${role}secrets: { A: { mount: a, path: "\${environment}/b", field: c, file: true } }\n`],
    ['role', `${role}for_each: [{ a: 1 }]\ntoken_num_uses: "\${uses}"\n`],
    ['role', `${role}for_each: { file: a.yaml }\nbound_claims_type: "\${type}"\n`],
    ['role', role.replace('[production]', '{ production: { token_ttl: null, bound_claims: { a: [b] } }, staging: }')],
    ['role', role.replace('[reader]', '[reader, { name: a, template: b }]')],
    ['settings', 'env: [A]\nexternal_policies: ["a-*"]\n'],
  ] as const)('%s files that loading takes are valid: %#', (name, text) => {
    expect(accepts(name, text)).toBe(true)
  })

  test.each([
    ['an unknown key', 'environment', `${environment}x: 1\n`],
    ['an unknown key of a mount', 'environment', environment.replace('config:', 'confg:')],
    ['an unknown key of a configuration', 'environment', environment.replace('oidc_discovery_url', 'url')],
    ['a secret in the clear', 'environment', everything.replace('${env:SECRET}', 'hunter2')],
    ['a word that is none of the possible ones', 'environment', everything.replace('delete', 'remove')],
    ['a mount without a type', 'environment', 'auth: { jwt: {} }\n'],
    ['a list in place of a flag', 'environment', everything.replace('"${local}"', '[a]')],
    ['a role without environments', 'role', role.replace('environments: [production]\n', '')],
    ['an unknown key of a role', 'role', `${role}ttl: 5m\n`],
    ['an unknown key of an override', 'role', role.replace('[production]', '{ production: { ttl: 5m } }')],
    ['a role_type that is none', 'role', role.replace('role_type: jwt', 'role_type: x')],
    ['an unknown key of a secret', 'role', `${role}secrets: { A: { mount: a, path: b, field: c, x: 1 } }\n`],
    ['an unknown setting', 'settings', 'x: 1\n'],
  ] as const)('%s is not', (_what, name, text) => {
    expect(accepts(name, text)).toBe(false)
  })

  test('are of draft 2020-12, closed, and describe every key that people write', () => {
    for (const schema of Object.values(schemas)) {
      expect(schema).toMatchObject({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        additionalProperties: false,
      })
      const { properties } = schema as { properties: Record<string, { description?: string }> }
      for (const [key, { description }] of Object.entries(properties))
        expect([key, description]).toEqual([key, expect.any(String)])
    }
  })
})
