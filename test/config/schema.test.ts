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

const promises = 'promises: [{ name: a, role: b, claims: { extends: c, ref: null }, login: granted }]\n'

const withProvider = (secret: string) =>
  environment.replace(' }', `, provider_config: { provider: gsuite, gsuite_service_account: ${secret} } }`)

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
    [
      'role',
      role.replace('[production]', '{ production: { bound_claims: { project_id: null }, bound_audiences: null } }'),
    ],
    ['role', role.replace('[production]', '{ production: { secrets: { A: { path: "${environment}/b" }, B: null } } }')],
    ['role', role.replace('5m', '"${ttl}"').replace('1h', '1h30m')],
    ['environment', everything.replace('oidc_client_secret: "${env:SECRET}"', 'oidc_client_secret: { file: a }')],
    ['environment', withProvider('"${env:ACCOUNT}"')],
    ['settings', 'env: [A]\nexternal_policies: ["a-*"]\n'],
    ['promises', promises],
    ['promises', `environments: [a]\nclaims: { a: { aud: "\${vault}", ref: null } }\n${promises}`],
    ['promises', promises.replace('login: granted', 'can: { read: "${path}" }, allow_undecided: true')],
    ['promises', 'promises: [{ name: a, never: { claims: { ref: { not: a } }, can: { read: [a] } } }]\n'],
    ['promises', 'promises: [{ name: a, only: { roles: [a], can: { read: [a] } } }]\n'],
    ['promises', 'promises: [{ name: a, admits_only: { claim: a, values: [a] } }]\n'],
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
    ['no promises', 'promises', 'claims: {}\n'],
    ['promises in a variable', 'promises', 'promises: "${promises}"\n'],
    ['a set of claims in a variable', 'promises', `claims: { a: "\${claims}" }\n${promises}`],
    ['an unknown key of a promise', 'promises', promises.replace('login', 'logn')],
    ['an unknown capability', 'promises', promises.replace('login: granted', 'can: { raed: a }')],
    ['a login that is neither', 'promises', promises.replace('granted', 'denied')],
    ['a duration in words', 'role', role.replace('5m', '5 minutes')],
    ['a duration below nothing', 'role', role.replace('5m', '-5m')],
    ['an empty name', 'role', `${role}name: ""\n`],
    ['an empty mount', 'role', `${role}mount: ""\n`],
    ["a secret's path from the root", 'role', `${role}secrets: { A: { mount: a, path: /b, field: c } }\n`],
    ["a secret's path with a way up", 'role', `${role}secrets: { A: { mount: a, path: b/../c, field: c } }\n`],
    ['no environment in a list', 'role', role.replace('[production]', '[]')],
    ['no environment in a map', 'role', role.replace('[production]', '{}')],
    ['an incomplete secret', 'role', `${role}secrets: { A: { path: b } }\n`],
    ['a variable with the name of the built-in one', 'environment', `${environment}variables: { environment: x }\n`],
    ['an entry that gives the built-in variable', 'role', `${role}for_each: [{ environment: x }]\n`],
    ['a secret with something around it', 'environment', everything.replace('${env:SECRET}', 'x${env:SECRET}')],
    ['a secret from a variable', 'environment', everything.replace('${env:SECRET}', '${secret}')],
    ["a provider's secret in the clear", 'environment', withProvider('hunter2')],
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

  test('a default and a description stand where editors look for them, beside the alternatives', () => {
    const { properties } = schemas.role as { properties: Record<string, Record<string, unknown>> }
    expect(properties['token_no_default_policy']).toMatchObject({ default: false, description: expect.any(String) })
    expect(properties['token_ttl']).toMatchObject({ examples: expect.any(Array), description: expect.any(String) })
  })

  test("the program's own keys are described, those inside others as well", () => {
    const texts = [...JSON.stringify(schemas).matchAll(/"(config|file|template)":(\{[^{}]*)/g)]
    expect(new Set(texts.map(([, key]) => key))).toEqual(new Set(['config', 'file', 'template']))
    for (const [, key, schema] of texts) expect([key, schema]).toEqual([key, expect.stringContaining('"description":')])
  })
})
