import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { declaredRole } from '../../../src/commands/exec/declared-role.ts'
import type { Context, Options } from '../../../src/commands/session/command.ts'
import { UserError } from '../../../src/core/diagnostic.ts'
import { withFiles } from '../../support/files.ts'

const mount = 'type: jwt\n    config: { oidc_discovery_url: https://gitlab.example.com }\n'

const role = (head: string) => `${head}
role_type: jwt
user_claim: project_id
bound_audiences: [https://vault.example.com]
bound_claims: { project_id: "42" }
secrets: { A: { engine: kv-v2, mount: ops, path: a, field: b } }
`

const files = {
  'environments/production.yaml': `auth:\n  jwt:\n    ${mount}  other:\n    ${mount}`,
  'environments/staging.yaml': `auth:\n  jwt:\n    ${mount}`,
  'roles/services.yaml': role(
    'name: ${service}-${environment}\nenvironments: [production, staging]\nfor_each: [{ service: shop }, { service: blog }]',
  ),
  'roles/both.yaml': `${role('name: both\nenvironments: [production]')}---\n${role('name: both\nmount: other\nenvironments: [production]')}`,
  'roles/app.yaml': role('name: app-${environment}\nenvironments: [production, staging]'),
}

async function refused(options: Options): Promise<{ readonly message: string; readonly help?: string }> {
  const [stream, cwd] = [new PassThrough(), withFiles(files)]
  const context: Context = {
    env: {},
    cwd,
    stdin: stream,
    stdout: stream,
    stderr: stream,
    signal: new AbortController().signal,
  }
  const error = await declaredRole(context, options).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UserError)
  const [first] = (error as UserError).diagnostics
  return first ?? { message: '' }
}

test('a name without its environment is answered with the names that begin with it', async () => {
  expect(await refused({ role: 'shop', environment: 'production' })).toMatchObject({
    code: 'unknown-role',
    help: 'Did you mean shop-production?',
  })
  expect((await refused({ role: 'shop' })).help).toBe('Did you mean shop-production or shop-staging?')
  expect((await refused({ role: 'sh', environment: 'production' })).help).toContain('See roles/')
})

test.each<[Options, string]>([
  [{ role: 'services', environment: 'production' }, 'Give the full name, such as --role blog-production.'],
  [{ role: 'services' }, 'Choose with --environment, or give the full name, such as --role blog-production.'],
  [{ role: 'both' }, 'Choose with --mount.'],
  [{ role: 'app' }, 'Choose with --environment, or give the full name, such as --role app-production.'],
])('of several roles %j is told only what tells them apart', async (options, help) => {
  expect(await refused(options)).toMatchObject({ code: 'several-roles', help })
})
