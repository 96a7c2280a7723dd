import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Configuration } from '../../src/core/configuration.ts'
import { type JsonValue, stableStringify } from '../../src/core/json.ts'
import { type Files, loadFiles, told } from '../support/files.ts'

/** A configuration as data, so that a test can write it in any order. */
const environments = ['production', 'staging', 'testing']
const mount = (name: string) => ({
  variables: { gitlab: 'https://gitlab.example.com', team: `team-${name}`, both: '${team}/${environment}' },
  policies: ['reader'],
  auth: {
    jwt: {
      type: 'jwt',
      tune: { max_lease_ttl: '1h' },
      config: { bound_issuer: '${gitlab}', oidc_discovery_url: '${gitlab}' },
    },
  },
  owns: { policies: ['a-*'], roles: { jwt: ['*'] } },
})
const roles = [1, 2, 3, 4].map((number) => ({
  name: `role${number}-\${environment}`,
  environments: { production: { token_ttl: `${number}m`, bound_claims: { ref: 'main' } }, staging: {} },
  role_type: 'jwt',
  user_claim: 'project_id',
  bound_audiences: ['${gitlab}'],
  bound_claims: { project_id: String(number), environment: '${environment}' },
  ...(number % 2 === 0 ? { token_policies: [{ name: `made${number}-\${environment}`, template: 'template' }] } : {}),
  secrets: { A: { mount: 'ops', path: '${both}', field: 'x' }, B: { mount: 'ops', path: 'shared', field: 'y' } },
}))

/** JSON is YAML; `order` decides in which order keys stand. */
function written(value: JsonValue, order: (keys: string[]) => string[]): string {
  if (Array.isArray(value)) return `[${value.map((item) => written(item, order)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const object = value as Record<string, JsonValue>
  const members = order(Object.keys(object)).map(
    (key) => `${JSON.stringify(key)}: ${written(object[key] ?? null, order)}`,
  )
  return `{${members.join(', ')}}`
}

/** Everything except where it is written. */
function meaning(configuration: Configuration): string {
  const plain = configuration.environments.map(({ source: _, described, desired, owns, ...rest }) => ({
    ...rest,
    described: [...described].sort(),
    desired: desired.map(({ source: __, ...object }) => object),
    owns: owns.map((owned) => stableStringify(owned as unknown as JsonValue)).sort(),
  }))
  return stableStringify(plain as unknown as JsonValue)
}

function filesIn(order: <T>(items: T[]) => T[], split: number): Files {
  const documents = order(roles.map((role) => written(role as unknown as JsonValue, order)))
  const entries: [string, string][] = [
    ...environments.map((name): [string, string] => [
      `environments/${name}.yaml`,
      written(mount(name) as unknown as JsonValue, order),
    ]),
    ['roles/a.yaml', documents.slice(0, split).join('\n---\n')],
    ['roles/b.yaml', documents.slice(split).join('\n---\n')],
    ['policies/reader.hcl', '# reads\n'],
    ['policies/template.hcl', '# ${team} ${both}\n'],
  ]
  return Object.fromEntries(order(entries))
}

test('the order of files, documents and keys never matters', async () => {
  const straight = await loadFiles(filesIn((items) => items, 2))
  expect(told(straight)).toEqual([])
  // A mount, its configuration and a listed policy; four roles with a policy each, in two of the environments.
  expect(straight.environments.map(({ desired }) => desired.length)).toEqual([11, 11, 3])
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 3 }), async (seed, split) => {
      expect(meaning(await loadFiles(filesIn(shuffledBy(seed), split)))).toBe(meaning(straight))
    }),
    { numRuns: 40 },
  )
})

/** A different order for each seed, the same for equal seeds. */
function shuffledBy(seed: number): <T>(items: T[]) => T[] {
  let state = seed | 1
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state
  }
  return (items) =>
    items
      .map((item) => ({ item, at: next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item)
}
