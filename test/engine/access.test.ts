import { describe, expect, test } from 'vitest'
import type { Environment } from '../../src/core/configuration.ts'
import type { Address, Live } from '../../src/core/resource.ts'
import { type PlannedEnvironment, withAccess } from '../../src/engine/access.ts'
import { planEnvironment } from '../../src/engine/plan.ts'
import { kinds } from '../../src/kinds/index.ts'
import { environmentOf, type Files, loadFiles } from '../support/files.ts'

const server = { product: 'vault', version: '1.21.0', address: 'http://v', namespace: '', clusterId: '' } as const

const mount = `
auth:
  jwt: { type: jwt, config: { oidc_discovery_url: https://gitlab.example.com, bound_issuer: https://gitlab.example.com } }
`
const role = (environment: string, policies: string) => `
environments: [${environment}]
role_type: jwt
user_claim: project_id
bound_audiences: [https://vault.example.com]
bound_claims: { project_id: "42" }
token_policies: [${policies}]
token_no_default_policy: true
`
const files: Files = {
  'environments/production.yaml': mount,
  'roles/ci.yaml': role('production', 'reader'),
  'policies/reader.hcl': 'path "secret/data/a" { capabilities = ["read"] }\n',
}

/** The server as it is once the files are applied. */
function appliedTo({ desired }: Environment): ReadonlyMap<Address, Live> {
  return new Map(desired.map(({ kind, address, path, spec }) => [address, { kind, address, path, spec }]))
}

function planned(
  environment: Environment,
  objects: ReadonlyMap<Address, Live>,
  elsewhere?: ReadonlySet<Address>,
): PlannedEnvironment {
  const live = { objects, unmanaged: [], contents: new Map() }
  const input = { kinds, environment, live, server, ...(elsewhere === undefined ? {} : { elsewhere }) }
  return { input, plan: planEnvironment(input).plan }
}

const textsOf = (environments: readonly PlannedEnvironment[]) =>
  withAccess(environments).map(({ access }) => access?.effects.map(({ text }) => text))

describe('what a plan means for who may do what', () => {
  test('a plan without changes says nothing about it', async () => {
    const environment = environmentOf(await loadFiles(files))
    expect(textsOf([planned(environment, appliedTo(environment))])).toEqual([undefined])
  })

  test('a policy that only looks otherwise gives nobody anything', async () => {
    const before = appliedTo(environmentOf(await loadFiles(files)))
    const reworded = { ...files, 'policies/reader.hcl': 'path "/secret/data/a" {\n  policy = "read"\n}\n' }
    const narrower = {
      ...files,
      'policies/reader.hcl': '# A comment.\npath "secret/data/a" { capabilities = ["read"] }',
    }
    expect(textsOf([planned(environmentOf(await loadFiles(narrower)), before)])).toEqual([[]])
    // The shorthand "read" lists as well.
    const [texts] = textsOf([planned(environmentOf(await loadFiles(reworded)), before)])
    expect(texts).toEqual(['tokens of project 42 gain list on secret/data/a'])
  })

  test('a policy of people, which no role names, is not said to change nothing', async () => {
    const people = (text: string): Files => ({
      'environments/production.yaml': `${mount}policies: [oncall]\n`,
      'policies/oncall.hcl': text,
    })
    const before = appliedTo(environmentOf(await loadFiles(people('path "ops/data/*" { capabilities = ["read"] }'))))
    const wide = environmentOf(await loadFiles(people('path "*" { capabilities = ["read", "sudo"] }')))
    const [plan] = withAccess([planned(wide, before)])
    expect(plan?.access).toEqual({
      effects: [],
      beyond: [
        {
          about: 'policy/oncall',
          reason: 'no role here names it, so whose tokens gain or lose what it grants is not known',
        },
      ],
    })
  })

  test('a renamed role gives nobody anything', async () => {
    const before = appliedTo(environmentOf(await loadFiles(files)))
    const renamed = environmentOf(
      await loadFiles({
        'environments/production.yaml': `${mount}unmanaged: delete\n`,
        'roles/build.yaml': files['roles/ci.yaml'] as string,
        'policies/reader.hcl': files['policies/reader.hcl'] as string,
      }),
    )
    const gone = [...before.values()].filter(({ address }) => address === 'jwt-role/jwt/ci')
    const live = { objects: before, unmanaged: gone, contents: new Map() }
    const input = { kinds, environment: renamed, live, server }
    const { plan } = planEnvironment(input)
    expect(plan.changes.map(({ action, address }) => `${action} ${address}`)).toEqual([
      'create jwt-role/jwt/build',
      'delete jwt-role/jwt/ci',
    ])
    expect(textsOf([{ input, plan }])).toEqual([[]])
  })

  test('environments on one server are looked at together, and each says what its own roles mean', async () => {
    const both = await loadFiles({
      ...files,
      'environments/staging.yaml': mount,
      'roles/stage.yaml': role('staging', 'stager').replace('"42"', '"43"'),
      'policies/stager.hcl': 'path "secret/data/b" { capabilities = ["read"] }\n',
    })
    const production = planned(environmentOf(both, 'production'), new Map())
    const shared = new Set(production.plan.changes.map(({ address }) => address))
    // The mount is in production's plan only, and without it nobody of staging could log in.
    const staging = planned(environmentOf(both, 'staging'), new Map(), shared)
    expect(staging.plan.changes.map(({ address }) => address)).toEqual(['policy/stager', 'jwt-role/jwt/stage'])
    expect(textsOf([production, staging])).toEqual([
      ['tokens of project 42 gain read on secret/data/a'],
      ['tokens of project 43 gain read on secret/data/b'],
    ])
  })

  test('a policy of one environment shows with the role of another that it is for', async () => {
    const both = await loadFiles({
      ...files,
      'environments/staging.yaml': `${mount}`,
      'roles/stage.yaml': role('staging', 'reader').replace('"42"', '"43"'),
    })
    const [production, staging] = [environmentOf(both, 'production'), environmentOf(both, 'staging')]
    const live = (environment: Environment) =>
      new Map(
        [...appliedTo(environment)].map(([address, object]) => [
          address,
          address === 'policy/reader'
            ? { ...object, spec: { policy: 'path "secret/data/a" { capabilities = ["list"] }' } }
            : object,
        ]),
      )
    const first = planned(production, live(production))
    const second = planned(staging, live(staging), new Set(first.plan.changes.map(({ address }) => address)))
    expect(second.plan.changes).toEqual([])
    const [one, two] = textsOf([first, second])
    expect(one?.join()).toContain('secret/data/a')
    expect([...(one ?? []), ...(two ?? [])].join('\n')).toMatch(/43/)
  })
})
